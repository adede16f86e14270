// The digit reader of chapters 11 and 71: one custom element. What is drawn in it is brought into
// the form of MNIST's digits and read by the book's network, here, in the reader's own browser.
//
//   <digit-reader data-explorer='{"caption": "…"}'></digit-reader>

import { SIDE, normalize } from "./normalize.mjs";
import { bytes, hasRuntime, openModel } from "./models.mjs";

const PAPER = 280; // the drawing's side in pixels
const PEN = 22;
const STEP = 10; // of an arrow key
const REFUSED = 10; // the last class: «not a digit»
// Below it no digit is named: digit_reader.THRESHOLD.
const SUREST = 0.35;
const NAMES = [..."0123456789", "not a digit"];
const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

const percent = (p) => (p > 0.9995 ? "over 99.9 %" : `${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`);

function softmax(logits) {
  const most = Math.max(...logits);
  const exps = logits.map((z) => Math.exp(z - most));
  const total = exps.reduce((sum, e) => sum + e);
  return exps.map((e) => e / total);
}

function inWords(probs, label) {
  const [first, second] = [...probs.keys()].slice(0, REFUSED).sort((a, b) => probs[b] - probs[a]);
  if (label === null)
    return `Not a digit, or none I can tell (a ${first}: ${percent(probs[first])}).`;
  const doubt = probs[second] > 0.05 ? `, or perhaps a ${second}: ${percent(probs[second])}` : "";
  return `I read a ${first}: ${percent(probs[first])}${doubt}.`;
}

// Grey levels, row by row, into a canvas of as many pixels.
function paint(canvas, levels) {
  const image = new ImageData(canvas.width, canvas.height);
  levels.forEach((v, k) => image.data.set([v, v, v, 255], 4 * k));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const ROWS = NAMES.map((name) => `<tr><th scope="row">${name}</th><td><div><span class="bar"><i></i>
  </span><span class="number">–</span></div></td></tr>`).join("");

const SHELL = `<style>
  :host { display: block; margin: 1em 0; }
  p { margin: .5em 0; }
  .parts { display: flex; flex-wrap: wrap; gap: 1em 1.6em; align-items: start; }
  .desk { width: min(${PAPER}px, 100%); }
  .pad { position: relative; margin-bottom: .6em; }
  canvas { display: block; border: 1px solid #666; }
  .paper { width: 100%; box-sizing: border-box; touch-action: none; cursor: crosshair; }
  .pen { position: absolute; width: 16px; height: 16px; margin: -10px; border-radius: 50%;
    border: 2px solid #b3007d; pointer-events: none; }
  .pen.down { background: #b3007d; }
  .seen { image-rendering: pixelated; width: ${4 * SIDE}px; }
  .side { flex: 1 1 17em; }
  figure { margin: 0; }
  table { border-collapse: collapse; }
  caption { text-align: left; font-weight: 600; }
  th { font-weight: 400; text-align: right; white-space: nowrap; padding-right: .5em; }
  td { width: 100%; }
  td div { display: flex; gap: .5em; align-items: center; }
  .bar { flex: 1; height: .8em; border: 1px solid #888; forced-color-adjust: none; }
  .bar i { display: block; height: 100%; background: #0072b2; }
  .best { font-weight: 600; }
  .best i { background: #d55e00; }
  .number { width: 7em; }
  button { font: inherit; font-size: .9em; color: #111; background: #fff; border: 1px solid #666;
    min-height: 28px; padding: 0 .9em; margin: 0 .6em .4em 0; }
  .answer { font-weight: 600; font-size: 1.2em; min-height: 3em; }
  figure, .note { font-size: .9em; }
  .live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  :focus-visible { outline: 3px solid #b3007d; outline-offset: 1px; box-shadow: 0 0 0 6px #fff; }
  </style>
  <div role="group">
    <p><strong class="title"></strong></p>
    <p id="how">Write one digit, large, with pen, finger or mouse. By keys: arrows move the pen,
      space sets it down and lifts it.</p>
    <div class="parts">
      <div class="desk"><div class="pad"><canvas class="paper" width="${PAPER}" height="${PAPER}"
        tabindex="0" role="application" aria-label="Drawing area"
        aria-describedby="how"></canvas><span class="pen" hidden></span></div>
        <button class="undo">Undo</button><button class="clear">Clear</button>
        <button class="load"></button>
        <p class="answer"></p><p class="note"></p></div>
      <div class="side"><figure><canvas class="seen" width="${SIDE}" height="${SIDE}"></canvas>
        <figcaption>what the network sees, ${SIDE} × ${SIDE}</figcaption></figure>
      <table><caption>Probabilities</caption><tbody>${ROWS}</tbody></table></div>
    </div>
    <p class="live" aria-live="polite"></p>
  </div>`;

class DigitReader extends HTMLElement {
  #strokes = []; // each a list of points, or a picture
  #pointer = null; // the one that draws
  #keyPen = { at: [PAPER / 2, PAPER / 4], stroke: null };
  #model = null;
  #pixels = null; // what the network sees; null: nothing is drawn
  #result = null;
  #reading = null; // the last promise of an answer

  connectedCallback() {
    if (this.shadowRoot || !this.dataset.explorer) return;
    const { caption } = JSON.parse(this.dataset.explorer);
    this.attachShadow({ mode: "open" }).innerHTML = SHELL;
    this.#part("title").textContent = caption;
    this.shadowRoot.querySelector("[role=group]").ariaLabel = caption;
    const size = bytes ? ` (${(bytes / 1e6).toFixed(1)} MB)` : "";
    this.#part("load").textContent = `Load the model${size}`;
    this.#listen();
    this.clear();
  }

  // ---- for scripts and tests -----------------------------------------------------------

  get pixels() {
    return this.#pixels && [...this.#pixels];
  }

  get result() {
    return this.#result;
  }

  // The drawing's ink, PAPER × PAPER levels 0..255.
  get ink() {
    const { data } = this.#pen().getImageData(0, 0, PAPER, PAPER);
    return new Float32Array(PAPER ** 2).map((_, k) => 255 - data[4 * k]);
  }

  // Rows of grey levels, ink bright, drawn over the whole paper; returns the promised answer.
  draw(rows) {
    const picture = new OffscreenCanvas(rows[0].length, rows.length);
    paint(picture, rows.flat().map((v) => 255 - v));
    this.#strokes = [picture];
    return this.#redraw();
  }

  clear() {
    this.#strokes = [];
    return this.#redraw();
  }

  undo() {
    this.#strokes.pop();
    return this.#redraw();
  }

  async load() {
    const button = this.#part("load");
    if (button.ariaDisabled) return;
    button.ariaDisabled = "true"; // not disabled, which would take the focus away
    const start = performance.now();
    try {
      const { model } = JSON.parse(this.dataset.explorer);
      this.#model = await openModel((share) => {
        if (button.ariaDisabled) button.textContent = `Loading: ${Math.round(100 * share)} %`;
      }, model);
      await this.#read();
    } catch (error) {
      this.#model = null;
      button.ariaDisabled = null;
      button.textContent = "Try again";
      return this.#note(`The model could not be loaded: ${error.message}.`);
    }
    if (this.shadowRoot.activeElement === button) this.#part("paper").focus();
    button.hidden = true;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const missing = !bytes || hasRuntime ? "" : " (this build lacks onnxruntime-web)";
    this.#note(`Ready after ${seconds} s; ${this.#model.engine} computes${missing}.`);
  }

  // ---- drawing -------------------------------------------------------------------------

  #listen() {
    const paper = this.#part("paper");
    for (const name of ["undo", "clear", "load"])
      this.#part(name).addEventListener("click", () => this[name]());
    paper.addEventListener("pointerdown", (event) => {
      if (this.#pointer !== null || event.button !== 0) return;
      this.#pointer = event.pointerId;
      paper.setPointerCapture(event.pointerId);
      this.#liftKeyPen();
      this.#strokes.push([this.#place(event)]);
      this.#redraw(false);
    });
    paper.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.#pointer) return;
      this.#strokes.at(-1).push(this.#place(event));
      this.#redraw(false);
    });
    for (const name of ["pointerup", "pointercancel"])
      paper.addEventListener(name, (event) => {
        if (event.pointerId !== this.#pointer) return;
        this.#pointer = null;
        this.#redraw();
      });
    paper.addEventListener("keydown", (event) => this.#key(event));
    paper.addEventListener("blur", () => this.#liftKeyPen());
    // The figure's keys are not shortcuts of the page.
    this.shadowRoot.addEventListener("keydown", (event) => event.stopPropagation());
  }

  #place({ clientX, clientY }) {
    const box = this.#part("paper").getBoundingClientRect();
    return [(clientX - box.x) / box.width, (clientY - box.y) / box.height].map((v) => v * PAPER);
  }

  #key(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    const pen = this.#keyPen;
    if ((ctrlKey || metaKey) && key === "z") this.undo();
    else if (ctrlKey || metaKey || altKey) return;
    else if (MOVES[key]) {
      pen.at = pen.at.map((v, k) => Math.min(Math.max(v + STEP * MOVES[key][k], 0), PAPER));
      if (pen.stroke) pen.stroke.push(pen.at);
    } else if (key === " " && pen.stroke) this.#liftKeyPen();
    else if (key === " ") this.#strokes.push((pen.stroke = [pen.at]));
    else return;
    event.preventDefault();
    this.#showKeyPen(true);
    if (key !== "z") this.#redraw(!pen.stroke);
  }

  #liftKeyPen() {
    this.#keyPen.stroke = null;
    this.#showKeyPen(false);
  }

  #showKeyPen(visible) {
    const mark = this.#part("pen");
    mark.hidden = !visible;
    [mark.style.left, mark.style.top] = this.#keyPen.at.map((v) => `${(100 * v) / PAPER}%`);
    mark.classList.toggle("down", !!this.#keyPen.stroke);
  }

  #pen() {
    return this.#part("paper").getContext("2d", { willReadFrequently: true });
  }

  #redraw(isFinished = true) {
    const pen = this.#pen();
    Object.assign(pen,
      { fillStyle: "#fff", lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    pen.fillRect(0, 0, PAPER, PAPER);
    for (const stroke of this.#strokes) {
      if (!Array.isArray(stroke)) {
        pen.drawImage(stroke, 0, 0, PAPER, PAPER);
        continue;
      }
      pen.beginPath();
      const [[x, y]] = stroke;
      pen.moveTo(x, y);
      pen.lineTo(x + 0.1, y); // so that a tap leaves a dot
      for (const point of stroke) pen.lineTo(...point);
      pen.stroke();
    }
    this.#pixels = normalize(this.ink, PAPER);
    paint(this.#part("seen"), this.#pixels ?? new Float32Array(SIDE ** 2));
    return this.#read(isFinished);
  }

  // ---- reading -------------------------------------------------------------------------

  // One at a time; a drawing that was overtaken by a newer one is not read.
  async #read(isFinished = true) {
    const pixels = this.#pixels;
    const before = this.#reading;
    const mine = (async () => {
      await before;
      if (pixels !== this.#pixels) return;
      const logits = pixels && this.#model && (await this.#model.run(pixels));
      if (pixels === this.#pixels) this.#show(logits, isFinished);
    })();
    this.#reading = mine.catch(() => {});
    await mine;
    return this.#result;
  }

  #show(logits, isFinished) {
    const probs = logits && softmax(logits);
    const best = probs?.indexOf(Math.max(...probs));
    const label = probs && best !== REFUSED && probs[best] >= SUREST ? best : null;
    this.#result = probs && { logits, probs, label };
    this.shadowRoot.querySelectorAll("tr").forEach((row, k) => {
      row.classList.toggle("best", k === best);
      row.querySelector("i").style.width = `${probs ? 100 * probs[k] : 0}%`;
      row.querySelector(".number").textContent = probs ? percent(probs[k]) : "–";
    });
    const words = probs ? inWords(probs, label)
      : this.#pixels ? "Load the model to have this read."
      : "Nothing is drawn yet.";
    this.#part("answer").textContent = words;
    if (isFinished) this.#part("live").textContent = words;
  }

  #note(words) {
    this.#part("note").textContent = words;
    this.#part("live").textContent = words;
  }

  #part(name) {
    return this.shadowRoot.querySelector(`.${name}`);
  }
}

if (!customElements.get("digit-reader")) customElements.define("digit-reader", DigitReader);
