// The pooling explorer of chapter 23: one custom element, no dependencies.
//
//   <pooling-explorer data-explorer='{"images": [["name", [[0, 1], …]], …], "pool_size": 2,
//     "strides": null, "padding": "valid", "mode": "max", "caption": "…"}'>
//
// Choose an output cell: its window is outlined in the image, the pixel that wins is filled.
// Shift the image and see what changes; show what each pixel gets of the gradient.
// cnn_tutorial/explorers puts the files of parts/ in the place of the lines that name them.
(() => {
  "use strict";
  if (customElements.get("pooling-explorer")) return; // every output brings this file

  /* include arrays.js */
  /* include numbers.js */
  /* include grid.js */

  // Everything that follows from an image. Positions are those of the padded image, in which
  // undefined is padding; a gradient that is undefined belongs to a pixel that no window sees.
  function pool(image, { pool_size: k, strides, padding, mode }) {
    const s = strides || k;
    const [rows, cols] = [image.length, image[0].length].map((size) => {
      const edge = margins(padding, size, k, s);
      const added = edge[0] === edge[1] ? `2·${edge[0]}` : `${edge[0]} + ${edge[1]}`;
      const count = outputSize(size, edge, k, s);
      const formula = `⌊(${size} + ${added} − ${k}) / ${s}⌋ + 1 = ${count}`;
      return { size, before: edge[0], padded: size + edge[0] + edge[1], count, formula };
    });
    const padded = table(rows.padded, cols.padded, (r, c) =>
      image[r - rows.before]?.[c - cols.before]);
    const gradient = padded.map((row) => row.map(() => undefined));
    const windows = table(rows.count, cols.count, (i, j) => {
      const members = table(k, k, (m, n) => [i * s + m, j * s + n]).flat()
        .filter(([r, c]) => padded[r][c] !== undefined);
      const values = members.map(([r, c]) => padded[r][c]);
      const most = Math.max(...values);
      const result = mode === "max" ? most : sum(values) / values.length;
      const marks = values.map((value, index) => { // the first of several largest takes it all
        if (mode !== "max" || value < most) return "";
        return index === values.indexOf(most) ? "winner" : "equal";
      });
      members.forEach(([r, c], index) => {
        const share = mode === "max" ? +(marks[index] === "winner") : 1 / values.length;
        gradient[r][c] = (gradient[r][c] ?? 0) + share;
      });
      return { members, values, marks, result };
    });
    return { s, rows, cols, padded, gradient, windows };
  }

  const SHELL = `<style>
    /* include base.css */
    /* include grid.css */
    /* include window.css */
    .grids .name { width: 0; min-width: 100%; }
    .grids > div { min-width: 9em; }
    .gradient { margin: .6em 0; }
    .line { font-size: 1.1em; overflow-wrap: anywhere; }
    .check, .shift { display: flex; flex-wrap: wrap; gap: .4em; align-items: center; }
    [type=checkbox] { width: 24px; height: 24px; margin: 0; accent-color: #b3007d; }
    .zero { border: 1px dashed; }
    .unseen { background: repeating-linear-gradient(45deg, #8887 0 1px, #0000 1px 5px); }
    .winner { background: #b3007d !important; color: #fff !important; }
    .equal { outline: 2px dashed #b3007d; outline-offset: -3px; box-shadow: inset 0 0 0 4px #fff; }
    .changed { position: relative; }
    .changed::after { content: ""; position: absolute; top: 1px; right: 1px; width: 4px;
      height: 4px; border: 2px solid #b3007d; border-radius: 50%; background: #fff; }
    .legend span { display: inline-block; margin-right: 1.4em; }
    .legend i { display: inline-block; width: 1em; height: 1em; margin-right: .4em;
      vertical-align: -.15em; outline-offset: -2px; }
    .legend .equal { background: #fff; }
    .legend .changed::after { top: .3em; right: .2em; }
    @media (forced-colors: active) { .winner { outline: 3px solid; outline-offset: -6px; } }
    /* include page.css */
    </style>
    <div role="group">
      <p><strong class="title"></strong></p>
      <p>Choose a cell of the output Y: click, tap or arrow keys. Its window is outlined in the
        image X. Indices count from 0.</p>
      <div class="controls">
        <label>Image <select name="image"></select></label>
        <label>Take the <select name="mode"><option value="max">maximum<option>average
          </select></label>
        <label>Window k <select name="pool_size"><option value="1">1 × 1<option value="2">2 × 2
          <option value="3">3 × 3<option value="4">4 × 4</select></label>
        <label>Stride s <select name="strides"><option value="">as k<option>1<option>2<option>3
          <option>4</select></label>
        <label>Padding <select name="padding"><option>valid<option>same</select></label>
        <button>Reset</button>
      </div>
      <div class="grids"><div class="image"></div><div class="output"></div>
        <div class="sum"><div class="name"></div><p class="where"></p><p class="line"></p>
          <p class="note"></p></div></div>
      <p class="legend"></p>
      <p class="size"></p>
      <div class="shift">Shift the image by one pixel:
        <span role="group" aria-label="Shift the image by one pixel">
        <button value="0,-1">← left</button> <button value="-1,0">↑ up</button>
        <button value="1,0">↓ down</button> <button value="0,1">→ right</button></span></div>
      <p class="moved"></p>
      <label class="check"><input type="checkbox"> Where the gradient goes</label>
      <div class="gradient" hidden></div>
      <details><summary>As text</summary><p class="text"></p></details>
      <p class="live" aria-live="polite"></p>
    </div>`;

  class PoolingExplorer extends HTMLElement {
    #data; // what the attribute says
    #state = {}; // image (rows of numbers), pool_size, strides (null: as pool_size), padding, mode
    #shift; // rows down, columns to the right
    #pooled; // what pool() says of the shifted image
    #selected = [0, 0];
    #pointer = ""; // where the pointer was last

    connectedCallback() {
      if (this.shadowRoot || !this.dataset.explorer) return;
      this.#data = JSON.parse(this.dataset.explorer);
      this.attachShadow({ mode: "open" }).innerHTML = SHELL;
      this.#part("title").textContent = this.#data.caption;
      this.#find("[role=group]").setAttribute("aria-label", this.#data.caption);
      this.#control("image").append(...this.#data.images.map(([name]) => make("option", {}, name)));
      this.#control("image").parentNode.hidden = this.#data.images.length < 2;
      this.#listen();
      this.reset();
      new ResizeObserver(() => this.#markScrollers()).observe(this);
    }

    get output() {
      return this.#fits ? this.#pooled.windows.map((row) => row.map(({ result }) => result)) : null;
    }

    // Of the image as it stands, without its padding; null where no window sees the pixel.
    get gradient() {
      const { rows, cols, gradient } = this.#pooled;
      return table(rows.size, cols.size, (r, c) =>
        gradient[r + rows.before][c + cols.before] ?? null);
    }

    // image: a preset's name, or rows of numbers; a new one is not shifted.
    setState({ selected = this.#selected, shift, ...changes }) {
      for (const [name, value] of Object.entries(changes)) {
        this.#state[name] = new Map(this.#data.images).get(value) ?? value;
        this.#control(name).value = value ?? "";
      }
      this.#shift = shift ?? (changes.image ? [0, 0] : this.#shift);
      this.#selected = selected;
      this.#draw();
    }

    reset() {
      const { images, caption, ...settings } = this.#data;
      this.setState({ image: images[0][0], ...settings, shift: [0, 0] });
      this.#find("[type=checkbox]").checked = false;
      this.#part("gradient").hidden = true;
      if (!this.#fits) return;
      const spreads = this.#pooled.windows.flat().map(({ values }) =>
        Math.max(...values) - Math.min(...values));
      const start = spreads.indexOf(Math.max(...spreads)); // where there is something to see
      const { count } = this.#pooled.cols;
      this.#select([Math.floor(start / count), start % count]);
    }

    #find(selector) {
      return this.shadowRoot.querySelector(selector);
    }
    #part(name) {
      return this.#find(`.${name}`);
    }
    #control(name) {
      return this.#find(`select[name=${name}]`);
    }
    get #fits() {
      return this.#pooled.rows.count > 0 && this.#pooled.cols.count > 0;
    }
    #say(words) {
      this.#part("live").textContent = words;
    }

    // ---- what the reader does ------------------------------------------------------------

    #listen() {
      const on = (name, type, handler) => this.#part(name).addEventListener(type, handler);
      on("controls", "change", ({ target: { name, value } }) => {
        const isNumber = name === "pool_size" || name === "strides";
        this.setState({ [name]: isNumber ? +value || null : value });
        this.#say(this.#part("size").textContent);
      });
      on("controls", "click", ({ target }) => target.localName === "button" && this.reset());
      on("shift", "click", ({ target }) => {
        if (!target.value) return;
        const sizes = [this.#state.image.length, this.#state.image[0].length];
        const step = target.value.split(",");
        this.setState({ shift: this.#shift.map((n, axis) => (n + +step[axis]) % sizes[axis]) });
        this.#say(this.#part("moved").textContent);
      });
      this.#find("[type=checkbox]").addEventListener("change", ({ target: { checked } }) => {
        this.#part("gradient").hidden = !checked;
        this.#markScrollers();
        this.#show(); // which scrolls to the window
        this.#say(checked ? this.#part("adds").textContent : "");
      });
      on("output", "keydown", (event) => {
        const { rows, cols } = this.#pooled;
        const to = keyTarget(event, positionOf(event), rows.count, cols.count);
        if (!to) return;
        event.preventDefault();
        const cell = cellAt(this.#part("output"), to);
        cell.focus();
        cell.scrollIntoView({ block: "nearest", inline: "nearest" });
      });
      for (const type of ["focusin", "click"])
        on("output", type, (event) => this.#select(positionOf(event)));
      on("image", "click", (event) => this.#selectAround(positionOf(event)));
      // A pointer that moves previews; one that rests, while keys are used, does not.
      on("output", "pointermove", (event) => {
        const place = `${event.screenX} ${event.screenY}`;
        const moved = this.#pointer !== "" && place !== this.#pointer;
        this.#pointer = place;
        if (moved && event.pointerType !== "touch") this.#show(positionOf(event));
      });
      on("output", "pointerleave", () => {
        this.#pointer = "";
        if (this.#fits) this.#show();
      });
      // The explorer's keys are not shortcuts of the page.
      this.shadowRoot.addEventListener("keydown", (event) => event.stopPropagation());
    }

    #select(position) {
      if (!position) return;
      for (const [at, chosen] of [[this.#selected, false], [position, true]]) {
        const cell = cellAt(this.#part("output"), at);
        cell.tabIndex = chosen ? 0 : -1;
        cell.setAttribute("aria-selected", chosen);
      }
      this.#selected = position;
      this.#show();
      this.#say(Object.values(this.#arithmetic(position)).join(" "));
    }

    // The window whose middle is nearest to an image pixel.
    #selectAround(position) {
      if (!position || !this.#fits) return;
      const { s, rows, cols } = this.#pooled;
      const middle = (this.#state.pool_size - 1) / 2;
      this.#select([rows, cols].map(({ count }, axis) =>
        clamp(Math.round((position[axis] - middle) / s), count)));
    }

    // ---- what the reader sees ------------------------------------------------------------

    #draw() {
      const { image, pool_size: k, mode } = this.#state;
      const [down, right] = this.#shift;
      const moved = table(image.length, image[0].length, (r, c) =>
        image.at((r - down) % image.length).at((c - right) % image[0].length));
      this.#pooled = pool(moved, this.#state);
      const { rows, cols, padded, gradient, windows } = this.#pooled;
      const pixels = rows.size * cols.size;
      const scale = largest(image);
      const grey = image.flat().every((value) => value >= 0);

      // The padded image, or the gradient that arrives there.
      const draw = (part, name, values, colour) => {
        const shown = values.map((row) => row.map((value) => value ?? 0));
        this.#part(part).replaceChildren(...makeGrid("table", name, shown, (cell, value, r, c) => {
          if (padded[r][c] === undefined) {
            cell.className = "zero";
            cell.textContent = "";
            cell.ariaLabel = `row ${r}, column ${c}: padding`;
          } else if (gradient[r][c] === undefined) {
            cell.className = "unseen";
            cell.ariaLabel += ", in no window";
          } else colour(cell, value);
        }));
        this.#find(`.${part} .box`).append(
          make("div", { class: "window", style: `--kh: ${k}; --kw: ${k}` }));
      };
      const now = `${rows.padded} × ${cols.padded}`;
      const was = `Image X, ${rows.size} × ${cols.size}`;
      const plain = rows.padded * cols.padded === pixels;
      draw("image", plain ? was : `${was}, with padding ${now}`, padded,
        (cell, value) => paint(cell, value, scale, grey));
      for (const name of ["sum", "shift", "moved", "check"]) this.#part(name).hidden = !this.#fits;
      const size = `${rows.count} × ${cols.count}`;
      if (!this.#fits) {
        const words = `The ${k} × ${k} window does not fit into the ${now} image: ` +
          "there is no output.";
        this.#part("output").replaceChildren(make("div", { class: "name" }, "Output Y"), words);
        for (const name of ["gradient", "legend"]) this.#part(name).replaceChildren();
        this.#part("size").textContent = this.#part("text").textContent = words;
        return;
      }
      const before = pool(image, this.#state).windows;
      const changes = table(rows.count, cols.count, (i, j) =>
        Math.abs(before[i][j].result - windows[i][j].result) > 1e-9 * scale);
      this.#part("output").replaceChildren(...makeGrid("grid", `Output Y, ${size}`, this.output,
        (cell, value, i, j) => {
          cell.tabIndex = -1;
          paint(cell, value, scale, grey);
          if (!changes[i][j]) return;
          cell.classList.add("changed");
          cell.ariaLabel += ", changed";
        }));
      draw("gradient", "Gradient at X, if each cell of Y sends back 1", gradient,
        (cell, value) => paint(cell, value, largest(this.gradient)));
      const unseen = this.gradient.flat().filter((value) => value === null).length;
      const count = (values) => values.flat().filter(Boolean).length;
      this.#part("gradient").append(make("p", { class: "adds" },
        `Together ${rows.count * cols.count}, as many as Y has cells. ` +
        `Something arrives at ${count(this.gradient)} of ${pixels} pixels.`));

      this.#part("size").textContent = rows.formula === cols.formula
        ? `Output ${size}: height and width are ${rows.formula}.`
        : `Output ${size}: height ${rows.formula}, width ${cols.formula}.`;
      const steps = [right && `${Math.abs(right)} ${right < 0 ? "left" : "right"}`,
        down && `${Math.abs(down)} ${down < 0 ? "up" : "down"}`].filter(Boolean).join(" and ");
      this.#part("moved").textContent = !steps
        ? "What leaves on one side comes in on the other, so that nothing is lost."
        : `Shifted ${steps}: ${count(changes)} of ${rows.count * cols.count} output cells ` +
          `changed, and ${count(image.map((row, r) => row.map((x, c) => x !== moved[r][c])))} of ` +
          `the image's ${pixels} pixels.`;
      const has = (mark) => windows.flat().some(({ marks }) => marks.includes(mark));
      this.#part("legend").replaceChildren(...[
        ["winner", mode === "max" && "wins, and takes the gradient"],
        ["equal", has("equal") && "as large, but later row by row"],
        ["unseen", unseen && `in no window (${unseen})`],
        ["zero", !plain && "padding, never counts"],
        ["changed", count(changes) && "changed by the shift"],
      ].filter(([, words]) => words).map(([name, words]) =>
        make("span", {}, make("i", { class: name }), words)));
      this.#markScrollers();
      this.#selected = [clamp(this.#selected[0], rows.count), clamp(this.#selected[1], cols.count)];
      this.#select(this.#selected);
    }

    // One output cell, chosen or previewed: nothing is rebuilt, so the pointer may rest on it.
    #show([i, j] = this.#selected) {
      const { s, windows, gradient } = this.#pooled;
      for (const { style } of this.shadowRoot.querySelectorAll(".window")) {
        style.setProperty("--r", i * s);
        style.setProperty("--c", j * s);
      }
      const image = this.#part("image");
      const { members, marks } = windows[i][j];
      for (const cell of image.querySelectorAll(".winner, .equal"))
        cell.classList.remove("winner", "equal");
      members.forEach((position, index) =>
        marks[index] && cellAt(image, position).classList.add(marks[index]));
      for (const part of ["image", "gradient"]) {
        const scroller = this.#find(`.${part} .scroll`);
        const cell = cellAt(scroller, [i * s, j * s]);
        scroller.scrollLeft = cell.offsetLeft - (scroller.clientWidth - cell.offsetWidth) / 2;
      }
      this.#find(".sum .name").textContent = `The arithmetic of Y[${i}, ${j}]`;
      const words = this.#arithmetic([i, j]);
      for (const [name, sentence] of Object.entries(words)) this.#part(name).textContent = sentence;
      const rows = (values) => values.map((row, r) => `row ${r}: ` +
        row.map((value) => value === undefined ? "–" : long(value)).join(", ")).join("\n");
      this.#part("text").textContent = `X, the image (– is padding):\n${rows(this.#pooled.padded)}
        ${this.#part("size").textContent}\nY, the output:\n${rows(this.output)}
        ${words.line} ${words.note}
        Gradient at X, if each cell of Y sends back 1 (– is in no window):\n${rows(gradient)}
        ${this.#part("moved").textContent}`;
    }

    #arithmetic([i, j]) {
      const { s, windows } = this.#pooled;
      const { pool_size: k, mode } = this.#state;
      const { members, values, marks, result } = windows[i][j];
      const span = (index) =>
        `${index}·${s} = ${index * s}` + (k > 1 ? ` to ${index * s + k - 1}` : "");
      const equals = [...values, result].every(isExact) ? "=" : "≈";
      const [terms, note] = [[], []];
      if (mode === "max") {
        const ties = marks.filter((mark) => mark === "equal").length;
        const [r, c] = members[marks.indexOf("winner")];
        terms.push(`max(${values.map(long).join(", ")})`);
        note.push(`X[${r}, ${c}] wins and takes the gradient.`);
        if (ties) note.push(`${ties} more ${ties > 1 ? "are" : "is"} as large; the first one, ` +
          "row by row, takes it all.");
      } else {
        terms.push(`(${values.map(signed).join(" + ")}) / ${values.length}`);
        note.push(`Each of the ${values.length} takes 1/${values.length} of the gradient.`);
      }
      if (values.length < k * k)
        note.push(`${k * k - values.length} of the ${k * k} are padding and do not count.`);
      return {
        where: `It looks at rows ${span(i)} and columns ${span(j)} of X.`,
        line: `Y[${i}, ${j}] = ${terms[0]} ${equals} ${long(result)}`,
        note: note.join(" "),
      };
    }

    // A part too wide for its place scrolls, which the keyboard must be able to do as well.
    #markScrollers() {
      for (const part of this.shadowRoot.querySelectorAll(".image .scroll, .gradient .scroll")) {
        if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
        else part.removeAttribute("tabindex");
      }
    }
  }

  customElements.define("pooling-explorer", PoolingExplorer);
})();
