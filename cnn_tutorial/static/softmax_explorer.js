// The softmax explorer of chapter 24: one custom element, no dependencies.
//
//   <softmax-explorer data-explorer='{"logits": [2, 1], "label": 0, "names": ["cat", "dog"],
//     "caption": "…"}'>
//
// Move the logits: probabilities, loss and gradient follow. cnn_tutorial/explorers puts the files
// of parts/ in the place of the lines that name them.
(() => {
  "use strict";
  if (customElements.get("softmax-explorer")) return; // every output brings this file

  /* include numbers.js */
  /* include entries.js */

  const LARGEST = 1000; // of a logit
  const add = (values) => values.reduce((total, value) => total + value, 0);

  // Nothing overflows, and nothing is the difference of nearly equal numbers: 1 − p is the sum of
  // the other probabilities, and the loss takes log1p of what the largest logit leaves over.
  function softmax(logits, label) {
    const most = Math.max(...logits);
    const exps = logits.map((z) => Math.exp(z - most));
    const total = add(exps);
    const probs = exps.map((e) => e / total);
    const rests = probs.map((_, k) => add(probs.filter((_, other) => other !== k)));
    const first = logits.indexOf(most);
    const loss = most - logits[label] + Math.log1p(add(exps.filter((_, k) => k !== first)));
    return { exps, total, probs, rests, loss,
      gradient: probs.map((p, k) => (k === label ? -rests[k] : p)) };
  }

  // Four digits; what is tiny as 3.1e−8, as Python writes it.
  function short(value) {
    const size = Math.abs(value);
    const digits = size && size < 1e-3 ? value.toExponential(1) : +value.toPrecision(4);
    return String(digits).replace(/-/g, "−");
  }
  const fixed = (value) => {
    const size = Math.abs(value);
    return size < 1e-3 || size >= 100 ? short(value) : value.toFixed(4).replace("-", "−");
  };
  const probability = (p, rest) => (rest && rest < 1e-3 ? `1 − ${short(rest)}` : fixed(p));
  const withSign = (value) => (value > 0 ? "+" : "") + fixed(value);

  const ROW = `<span role="rowheader"><label><input type="radio" name="label"><span></span></label>
    </span><span role="cell" class="z"><input type="range" step=".1">
    <input autocomplete="off"></span>
    <span role="cell" class="e" data-name="exp(z − max)"></span>
    <span role="cell" class="p" data-name="probability p"></span>
    <span role="cell" class="g" data-name="gradient p − y"></span>`;

  const SHELL = `<style>
    /* include base.css */
    :host { container-type: inline-size; }
    [role=row] { display: grid; gap: .2em 1em; align-items: center; padding: .25em 0;
      grid-template-columns: 7fr 15fr 6fr 9fr 9fr; }
    [role=row] > * { min-width: 0; overflow-wrap: anywhere; }
    [role=columnheader], .sums { font-size: .9em; }
    [role=columnheader] { font-weight: 600; align-self: end; }
    .sums { border-top: 1px solid #888; }
    label { display: flex; align-items: center; gap: .4em; min-height: 28px; }
    [type=radio] { width: 24px; height: 24px; margin: 0; flex: none; }
    input { accent-color: #b3007d; }
    .z { display: flex; gap: .6em; }
    [type=range] { flex: 1; min-width: 3em; height: 28px; margin: 0; }
    [autocomplete] { font: inherit; width: 5em; box-sizing: border-box; padding: 0 .3em;
      min-height: 28px; color: #111; background: #fff; border: 1px solid #666; border-radius: 4px; }
    [aria-invalid=true] { border: 2px dashed #b3007d; }
    .bar { display: block; position: relative; height: .7em; border: 1px solid #888;
      forced-color-adjust: none; }
    .bar i { position: absolute; top: 0; bottom: 0; background: #888; transition: all .15s; }
    .g .bar { background: linear-gradient(#888 0 0) 50% / 1px 100% no-repeat; }
    .g i { background: #d55e00; }
    .g .minus { background: #0072b2; }
    .right :is(label, .p) { font-weight: 600; }
    sub { font-size: .7em; line-height: 0; }
    .loss { font-size: 1.1em; }
    .message { min-height: 3em; }
    .live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    :focus-visible { outline: 3px solid #b3007d; outline-offset: 1px; box-shadow: 0 0 0 6px #fff; }
    @media (prefers-reduced-motion: reduce) { .bar i { transition: none; } }
    @container (max-width: 36em) {
      [role=row] { grid-template-columns: 1fr 1fr 1fr; padding: .5em 0; }
      .head { position: absolute; width: 1px; height: 1px; overflow: hidden;
        clip-path: inset(50%); }
      .z { grid-column: span 2; }
      .sums .z { visibility: hidden; }
      [data-name] { align-self: start; }
      [data-name]::before { content: attr(data-name); content: attr(data-name) / "";
        display: block; font-size: .85em; font-weight: 400; }
      [role=row] + [role=row] { border-top: 1px solid #888; }
    }
    </style>
    <div role="group">
      <p><strong class="title"></strong></p>
      <p>Move a logit, or type it. The marked class is the right one, y.</p>
      <div role="table"><div role="row" class="head"><span role="columnheader">right class y</span>
        <span role="columnheader">logit z</span><span role="columnheader">exp(z − max)</span>
        <span role="columnheader">probability p</span>
        <span role="columnheader">gradient p − y</span></div>
        <div role="row" class="sums"><span role="rowheader">sum</span>
        <span role="cell" class="z"></span><span role="cell" class="e"></span>
        <span role="cell">1</span><span role="cell">0</span></div></div>
      <p class="loss"></p><p class="stable"></p>
      <div class="controls"><button>Add 1 to all</button><button>Times 2</button>
        <button>Half</button><button>One gradient step</button><button>Reset</button></div>
      <p class="message"></p>
      <p class="live" aria-live="polite"></p>
    </div>`;

  class SoftmaxExplorer extends HTMLElement {
    #data; // what the attribute says
    #logits;
    #label;
    #rows; // one element for each class
    #losses = []; // before and after each gradient step in a row

    connectedCallback() {
      if (this.shadowRoot || !this.dataset.explorer) return;
      this.#data = JSON.parse(this.dataset.explorer);
      this.attachShadow({ mode: "open" }).innerHTML = SHELL;
      this.#part("title").textContent = this.#data.caption;
      this.shadowRoot.querySelector("[role=group]").ariaLabel = this.#data.caption;
      this.shadowRoot.querySelector("[role=table]").ariaLabel = "From logits to the gradient";
      this.#rows = this.#data.names.map((name) => {
        const row = document.createElement("div");
        row.role = "row";
        row.innerHTML = ROW;
        const [radio, ...inputs] = row.querySelectorAll("input");
        radio.nextSibling.textContent = name;
        for (const input of inputs) input.ariaLabel = `logit of ${name}`;
        this.#part("sums").before(row);
        return row;
      });
      this.#listen();
      this.reset();
    }

    get result() {
      return softmax(this.#logits, this.#label);
    }

    setState({ logits = this.#logits, label = this.#label }, words = "") {
      this.#logits = [...logits];
      this.#label = label;
      this.#losses = [];
      this.#fill();
      this.#draw(words);
    }

    reset() {
      this.setState(this.#data);
    }

    #part(name) {
      return this.shadowRoot.querySelector(`.${name}`);
    }

    // ---- what the reader does ------------------------------------------------------------

    #listen() {
      const acts = {
        "Add 1 to all": () => this.#change((z) => z + 1, () =>
          "1 was added to every logit, and no probability changed: only differences count."),
        "Times 2": () => this.#change((z) => z * 2, (was, now) =>
          `Every logit is doubled: sharper. The largest probability went from ${was} to ${now}.`),
        Half: () => this.#change((z) => z / 2, (was, now) =>
          `Every logit is halved: flatter. The largest probability went from ${was} to ${now}.`),
        "One gradient step": () => this.#descend(),
        Reset: () => this.reset(),
      };
      this.#part("controls").addEventListener("click", ({ target }) =>
        acts[target.textContent]?.());
      this.#rows.forEach((row, k) => {
        const [radio, slider, field] = row.querySelectorAll("input");
        radio.addEventListener("change", () => this.setState({ label: k }));
        slider.addEventListener("input", () => this.#set(k, +slider.value, field));
        field.addEventListener("input", () => this.#edit(k, field, slider));
        field.addEventListener("change", () => this.#fill()); // what was no number gives way
      });
      // The explorer's keys are not shortcuts of the page.
      this.shadowRoot.addEventListener("keydown", (event) => event.stopPropagation());
    }

    #change(rule, words) {
      const logits = this.#logits.map(rule);
      if (logits.some((z) => Math.abs(z) > LARGEST))
        return this.#draw(`Nothing done: it would take a logit beyond ±${LARGEST}.`);
      const [was, now] = [this.#logits, logits].map((all) => {
        const { probs, rests } = softmax(all, 0);
        const first = probs.indexOf(Math.max(...probs));
        return probability(probs[first], rests[first]);
      });
      this.setState({ logits }, words(was, now));
    }

    #descend() {
      const { loss, gradient } = this.result;
      const logits = this.#logits.map((z, k) => z - gradient[k]);
      const past = this.#losses.length ? this.#losses : [loss];
      const losses = [...past, softmax(logits, this.#label).loss];
      const steps = losses.length > 2 ? `${losses.length - 1} steps` : "1 step";
      this.setState({ logits }, `${steps} of z ← z − (p − y): the loss went ` +
        `${losses.length > 6 ? "… → " : ""}${losses.slice(-6).map(fixed).join(" → ")}.`);
      this.#losses = losses;
    }

    // One logit, from its slider or its field: the other of the two follows.
    #set(k, value, other) {
      this.#logits[k] = value;
      this.#losses = [];
      other.value = other.type === "range" ? value : text(value, 4);
      this.#draw();
    }

    #edit(k, field, slider) {
      const value = parse(field.value);
      const fault = isNaN(value) ? "not a number" : Math.abs(value) > LARGEST ? "too large" : "";
      field.ariaInvalid = fault !== "";
      if (!fault) this.#set(k, value, slider);
      else this.#draw(`“${field.value}” is ${fault}; the logit of ${this.#data.names[k]} stays ` +
        `${text(this.#logits[k], 4)}.`);
    }

    // ---- what the reader sees ------------------------------------------------------------

    // The controls; their range grows with the logits, but never under a slider that is moved.
    #fill() {
      const most = Math.max(...this.#logits.map(Math.abs));
      const range = most <= 10 ? 10 : most <= 50 ? 50 : LARGEST;
      this.#rows.forEach((row, k) => {
        const [radio, slider, field] = row.querySelectorAll("input");
        radio.checked = k === this.#label;
        [slider.min, slider.max, slider.value] = [-range, range, this.#logits[k]];
        field.value = text(this.#logits[k], 4);
        field.ariaInvalid = "false";
      });
    }

    #draw(words = "") {
      const { exps, total, probs, rests, loss, gradient } = this.result;
      const numbers = probs.map((p, k) => probability(p, rests[k]));
      this.#rows.forEach((row, k) => {
        row.classList.toggle("right", k === this.#label);
        row.querySelector("[type=range]").ariaValueText = text(this.#logits[k], 4);
        row.querySelector(".e").textContent = fixed(exps[k]);
        const bar = (part, words, left, width) => {
          row.querySelector(part).innerHTML = `${words}<span class="bar" aria-hidden="true">` +
            `<i class="${left < 50 ? "minus" : ""}" style="left: ${left}%; width: ${width}%"></i>`;
        };
        bar(".p", numbers[k], 0, probs[k] * 100);
        bar(".g", withSign(gradient[k]), 50 + Math.min(gradient[k], 0) * 50,
          Math.abs(gradient[k]) * 50);
      });
      this.#part("sums .e").textContent = fixed(total);
      const y = this.#label;
      const gap = this.#logits[y] - Math.max(...this.#logits);
      this.#part("loss").innerHTML = "Loss L = −ln p<sub>y</sub> = " +
        `${probs[y] ? `−ln(${numbers[y]}) = ` : ""}<b>${fixed(loss)}</b>`;
      this.#part("stable").innerHTML = "computed as ln(Σ<sub>k</sub> exp(z<sub>k</sub> − max)) " +
        `− (z<sub>y</sub> − max) = ln(${fixed(total)}) − ${gap ? `(${fixed(gap)})` : 0}`;
      this.#part("message").textContent = words;
      this.#part("live").textContent = `${words} Loss ${fixed(loss)}. Probabilities: ` +
        this.#data.names.map((name, k) => `${name} ${numbers[k]}`).join(", ") + ".";
    }
  }

  customElements.define("softmax-explorer", SoftmaxExplorer);
})();
