// The convolution explorer of chapter 21: one custom element, no dependencies.
//
//   <convolution-explorer data-explorer='{"images": [["name", [[0, 1], …]], …],
//     "kernels": [["name", [[1]]], …], "strides": 1, "padding": "valid", "caption": "…"}'>
//
// Choose an output cell: its window is outlined in the image and its arithmetic written out.
// What stands between the tags is shown only where scripts do not run; cnn_tutorial/explorers
// writes the whole, and puts the files of parts/ in the place of the lines that name them.
// Colours are inherited but for the cells, which bring background and ink.
(() => {
  "use strict";
  if (customElements.get("convolution-explorer")) return; // every output brings this file

  /* include arrays.js */
  /* include numbers.js */
  /* include entries.js */
  /* include grid.js */

  const SHELL = `<style>
    /* include base.css */
    /* include grid.css */
    .kernel .box { --w: calc(max(4, var(--chars)) * 1ch + 10px); --h: max(28px, 2.3em); }
    .kernel [role=gridcell] { border: 1px solid #333; border-radius: 5px; cursor: text; }
    .zero { border: 1px dashed; }
    input { font: inherit; width: 100%; height: 100%; padding: 0; border: 0; text-align: center;
      background: none; color: inherit; box-sizing: border-box; }
    /* include window.css */
    table { border-spacing: 1.2em 3px; margin: 0 -1.2em 0 calc(1px - 1.2em);
      font-size: max(12px, .85em); }
    td { position: relative; padding: 0; text-align: center; white-space: nowrap; }
    td::after { content: "+"; content: "+" / ""; position: absolute; left: 100%; width: 1.2em;
      top: 30%; }
    tr:last-child td:last-child::after { content: none; }
    td div { padding: .1em .5em; min-width: 3em; border: .5px solid #888; }
    td b { display: block; }
    sub { font-size: .7em; line-height: 0; white-space: nowrap; }
    .editor { min-width: min(11.5em, 100%); } /* room for «, edited», so that nothing moves */
    .message { width: 0; min-width: 100%; }
    /* include page.css */
    </style>
    <div role="group">
      <p><strong class="title"></strong></p>
      <p>Choose an output cell: click, tap or arrow keys. Change the numbers of the kernel.
        This is cross-correlation (the kernel is not flipped), which Keras, like all of deep
        learning, calls convolution. Indices count from 0.</p>
      <div class="controls">
        <label>Image <select name="image"></select></label>
        <label>Kernel <select name="kernel"></select></label>
        <label>Stride s <select name="strides"><option>1<option>2<option>3</select></label>
        <label>Padding <select name="padding"><option>valid<option>same
          <option value="1">1 all round<option value="2">2 all round</select></label>
        <button type="button">Reset</button>
      </div>
      <div class="grids"><div class="image"></div>
        <div class="editor"><div class="kernel"></div>
          <p class="message" aria-live="polite"></p></div>
        <div class="output"></div>
        <div class="sum"><div class="name"></div><p class="rule"></p>
          <div class="scroll"><table></table></div><p class="products"></p></div></div>
      <p class="size"></p>
      <details><summary>As text</summary><p class="text"></p></details>
      <p class="live" aria-live="polite"></p>
    </div>`;

  class ConvolutionExplorer extends HTMLElement {
    #data; // what the attribute says
    #state = {}; // image and kernel (rows of numbers), strides, padding
    #padded; // X in the formula
    #output = null; // Y, or null where the kernel does not fit
    #selected = [0, 0];
    #pointer = ""; // where the pointer was last

    connectedCallback() {
      if (this.shadowRoot || !this.dataset.explorer) return;
      this.#data = JSON.parse(this.dataset.explorer);
      this.attachShadow({ mode: "open" }).innerHTML = SHELL;
      this.#part("title").textContent = this.#data.caption;
      this.#find("[role=group]").setAttribute("aria-label", this.#data.caption);
      for (const name of ["image", "kernel"]) {
        const options = this.#data[`${name}s`].map(([preset]) => make("option", {}, preset));
        this.#control(name).append(...options);
        this.#control(name).parentNode.hidden = options.length < 2;
      }
      this.#listen();
      this.reset();
      new ResizeObserver(() => this.#markScrollers()).observe(this);
    }

    get output() {
      return structuredClone(this.#output);
    }

    // image and kernel: the name of a preset, or rows of numbers.
    setState({ selected = this.#selected, ...changes }) {
      for (const [name, value] of Object.entries(changes)) {
        const presets = new Map(this.#data[`${name}s`]);
        this.#state[name] = structuredClone(presets.get(value) ?? value);
        this.#control(name).value = value;
      }
      this.#selected = selected;
      if (changes.kernel) this.#drawKernel();
      this.#draw();
    }

    reset() {
      const { images, kernels, strides, padding } = this.#data;
      this.setState({ image: images[0][0], kernel: kernels[0][0], strides, padding });
      this.#part("message").textContent = "";
      if (!this.#output) return;
      const sizes = this.#output.flat().map(Math.abs); // start where there is something to see
      const start = sizes.indexOf(Math.max(...sizes));
      const cols = this.#output[0].length;
      this.#select([Math.floor(start / cols), start % cols]);
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

    // ---- what the reader does ------------------------------------------------------------

    #listen() {
      const on = (name, type, handler) => this.#part(name).addEventListener(type, handler);
      on("controls", "change", ({ target: { name, value } }) => {
        this.setState({ [name]: name === "strides" ? +value : value });
        this.#part("live").textContent = this.#part("size").textContent;
      });
      on("controls", "click", ({ target }) => target.type === "button" && this.reset());
      on("kernel", "input", (event) => this.#edit(event.target, positionOf(event)));
      on("kernel", "focusin", ({ target }) => {
        for (const input of this.#part("kernel").querySelectorAll("input")) input.tabIndex = -1;
        target.tabIndex = 0;
        target.select();
      });
      on("kernel", "focusout", (event) => {
        const [r, c] = positionOf(event); // what was no number gives way to the one that was kept
        event.target.value = long(this.#state.kernel[r][c]);
        event.target.setAttribute("aria-invalid", "false");
      });
      on("kernel", "keydown", (event) => {
        const { selectionStart: start, selectionEnd: end, value } = event.target;
        const all = end - start === value.length; // as on arrival; afterwards the caret goes first
        const atEdge = { ArrowLeft: end === 0, ArrowRight: start === value.length };
        if (all || event.key === "ArrowUp" || event.key === "ArrowDown" || atEdge[event.key])
          this.#moveFocus(event, this.#state.kernel);
      });
      on("output", "keydown", (event) => this.#moveFocus(event, this.#output));
      for (const type of ["focusin", "click"])
        on("output", type, (event) => this.#select(positionOf(event)));
      on("image", "click", (event) => this.#selectAround(positionOf(event)));
      // A pointer that moves previews. One that rests sends events too, when the page scrolls
      // under it or the arrow keys are used: its place on the screen tells them apart.
      on("output", "pointermove", (event) => {
        const place = `${event.screenX} ${event.screenY}`;
        const moved = this.#pointer !== "" && place !== this.#pointer;
        this.#pointer = place;
        if (moved && event.pointerType !== "touch") this.#show(positionOf(event));
      });
      on("output", "pointerleave", () => {
        this.#pointer = "";
        if (this.#output) this.#show();
      });
      // The explorer's keys are not shortcuts of the page.
      this.shadowRoot.addEventListener("keydown", (event) => event.stopPropagation());
    }

    #moveFocus(event, values) {
      const to = keyTarget(event, positionOf(event), values.length, values[0].length);
      if (!to) return;
      event.preventDefault();
      const cell = cellAt(event.currentTarget, to);
      (cell.firstElementChild ?? cell).focus();
      cell.scrollIntoView({ block: "nearest", inline: "nearest" }); // focus leaves half a cell cut
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
      this.#part("live").textContent = this.#arithmetic(position).line;
    }

    // The window whose middle is nearest to an image pixel.
    #selectAround(position) {
      if (!position || !this.#output) return;
      const { kernel, strides } = this.#state;
      const sizes = [[kernel, this.#output], [kernel[0], this.#output[0]]];
      this.#select(sizes.map(([side, cells], axis) =>
        clamp(Math.round((position[axis] - (side.length - 1) / 2) / strides), cells.length)));
    }

    #edit(input, [r, c]) {
      const value = parse(input.value);
      const fault = isNaN(value) ? "not a number" : Math.abs(value) > 1e6 ? "too large" : "";
      const kept = long(this.#state.kernel[r][c]);
      input.setAttribute("aria-invalid", fault !== "");
      this.#part("message").textContent =
        fault && `“${input.value}” is ${fault}; K[${r}, ${c}] stays ${kept}.`;
      if (fault) return;
      this.#state.kernel[r][c] = value;
      this.#find(".kernel .name").textContent = this.#kernelName(", edited");
      this.#paintKernel();
      this.#draw();
    }

    // ---- what the reader sees ------------------------------------------------------------

    #drawKernel() {
      const finish = (cell, value, r, c) => {
        cell.removeAttribute("aria-label"); // the input has its own
        cell.textContent = "";
        const tabindex = r + c ? -1 : 0;
        cell.append(make("input", { value: long(value), autocomplete: "off", tabindex,
          "aria-label": `K, row ${r}, column ${c}` }));
      };
      const grid = makeGrid("grid", this.#kernelName(), this.#state.kernel, finish);
      this.#part("kernel").replaceChildren(...grid);
      this.#paintKernel();
    }

    #kernelName(note = "") {
      const { kernel } = this.#state;
      return `Kernel K, ${kernel.length} × ${kernel[0].length}${note}`;
    }

    #paintKernel() {
      const values = this.#state.kernel.flat();
      this.#part("kernel").querySelectorAll("[role=gridcell]").forEach((cell, index) =>
        paint(cell, values[index], largest(values)));
    }

    // Everything that follows from image, kernel, stride and padding.
    #draw() {
      const { image, kernel, strides: s, padding } = this.#state;
      const sides = [[image, kernel], [image[0], kernel[0]]].map(([a, b]) => [a.length, b.length]);
      const [rows, cols] = sides.map(([size, k]) => {
        const edge = margins(padding, size, k, s);
        const zeros = edge[0] === edge[1] ? `2·${edge[0]}` : `${edge[0]} + ${edge[1]}`;
        const count = outputSize(size, edge, k, s);
        const formula = `⌊(${size} + ${zeros} − ${k}) / ${s}⌋ + 1 = ${count}`;
        return { size, before: edge[0], padded: size + edge[0] + edge[1], count, formula };
      });
      const inside = (r, c) => image[r - rows.before]?.[c - cols.before];
      this.#padded = table(rows.padded, cols.padded, (r, c) => inside(r, c) ?? 0);
      const fits = rows.count > 0 && cols.count > 0;
      this.#output = !fits ? null : table(rows.count, cols.count, (i, j) =>
        sum(kernel.map((row, m) => row.map((k, n) => this.#padded[i * s + m][j * s + n] * k))));

      const was = `Image X, ${rows.size} × ${cols.size}`;
      const now = `${rows.padded} × ${cols.padded}`;
      const plain = rows.padded === rows.size && cols.padded === cols.size;
      const grey = image.flat().every((value) => value >= 0);
      this.#part("image").replaceChildren(...makeGrid("table",
        plain ? was : `${was}, with zeros ${now}`, this.#padded, (cell, value, r, c) => {
          if (inside(r, c) === undefined) {
            cell.className = "zero";
            cell.ariaLabel += ", padding";
          } else paint(cell, value, largest(image), grey);
        }));
      this.#part("sum").hidden = !fits;
      const size = `${rows.count} × ${cols.count}`;
      if (!fits) {
        const words = `The ${kernel.length} × ${kernel[0].length} kernel does not fit into ` +
          `the ${now} image${plain ? "" : " (its zeros included)"}: there is no output.`;
        this.#part("output").replaceChildren(make("div", { class: "name" }, "Output Y"), words);
        this.#part("size").textContent = this.#part("text").textContent = words;
        return;
      }
      const scale = largest(this.#output);
      this.#part("output").replaceChildren(...makeGrid("grid", `Output Y, ${size}`, this.#output,
        (cell, value) => {
          cell.tabIndex = -1;
          paint(cell, value, scale);
        }));
      this.#part("size").textContent = rows.formula === cols.formula
        ? `Output ${size}: height and width are ${rows.formula}.`
        : `Output ${size}: height ${rows.formula}, width ${cols.formula}.`;
      this.#find("table").replaceChildren(...kernel.map((row) =>
        make("tr", {}, ...row.map(() => make("td", {}, make("div", {}))))));
      const [kh, kw] = [kernel.length, kernel[0].length];
      const outline = make("div", { class: "window", style: `--kh: ${kh}; --kw: ${kw}` });
      this.#find(".image .box").append(outline);
      this.#markScrollers();
      this.#selected = [clamp(this.#selected[0], rows.count), clamp(this.#selected[1], cols.count)];
      this.#select(this.#selected);
    }

    // One output cell, chosen or previewed: nothing is rebuilt, so the pointer may rest on it.
    #show([i, j] = this.#selected) {
      const { kernel, strides: s } = this.#state;
      const { terms, line, products } = this.#arithmetic([i, j]);
      const outline = this.#part("window").style;
      outline.setProperty("--r", i * s);
      outline.setProperty("--c", j * s);
      const cell = cellAt(this.#part("image"), [i * s, j * s]);
      const scroller = this.#find(".image .scroll");
      scroller.scrollLeft = cell.offsetLeft - (scroller.clientWidth - cell.offsetWidth) / 2;
      const [m, n] = [kernel.length - 1, kernel[0].length - 1];
      this.#find(".sum .name").textContent = `The arithmetic of Y[${i}, ${j}]`;
      this.#part("rule").innerHTML = `
        Y[i, j] = Σ<sub>m</sub> Σ<sub>n</sub> X[i·s + m, j·s + n] · K[m, n]<br>
        Y[${i}, ${j}] = Σ<sub>m = 0…${m}</sub> Σ<sub>n = 0…${n}</sub>
        X[${i}·${s} + m, ${j}·${s} + n] · K[m, n]
        = X[${i * s}, ${j * s}]·K[0, 0] + … + X[${i * s + m}, ${j * s + n}]·K[${m}, ${n}]`
        .replace(/\[[^\]]*\]/g, (index) => index.replace(/ /g, "\u00a0")); // no line ends in one
      const scale = Math.max(...terms.map(([, , product]) => Math.abs(product)));
      this.#find("table").querySelectorAll("div").forEach((cell, index) => {
        const [x, k, product] = terms[index];
        cell.replaceChildren(`${signed(x)}·${signed(k)}`, make("b", {}, long(product)));
        paint(cell, product, scale);
      });
      this.#part("products").textContent = products;
      const words = (values) => values.map((row, r) =>
        `row ${r}: ${row.map((value) => long(value)).join(", ")}`).join("\n");
      this.#part("text").textContent = `X, the image with its zeros:\n${words(this.#padded)}
        K, the kernel:\n${words(kernel)}\nStride ${s}, padding ${this.#state.padding}.
        ${this.#part("size").textContent}\nY, the output:\n${words(this.#output)}\n${line}`;
    }

    // A part too wide for its place scrolls, which the keyboard must be able to do as well.
    #markScrollers() {
      for (const part of this.shadowRoot.querySelectorAll(".image .scroll, .sum .scroll")) {
        if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
        else part.removeAttribute("tabindex");
      }
    }

    #arithmetic([i, j]) {
      const { kernel, strides: s } = this.#state;
      const terms = kernel.flatMap((row, m) => row.map((k, n) => {
        const x = this.#padded[i * s + m][j * s + n];
        return [x, k, x * k];
      }));
      const result = this.#output[i][j];
      const equals = [...terms.flat(), result].every(isExact) ? "=" : "≈";
      const write = (term) =>
        `Y[${i}, ${j}] = ${terms.map(term).join(" + ")} ${equals} ${long(result)}`;
      return {
        terms,
        line: write(([x, k]) => `${signed(x)}·${signed(k)}`),
        products: write(([, , product]) => signed(product)),
      };
    }
  }

  customElements.define("convolution-explorer", ConvolutionExplorer);
})();
