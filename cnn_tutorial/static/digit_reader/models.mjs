// The network, opened once for all figures of a page, when a reader asks for it.

import { FILES } from "./files.mjs";

const HERE = new URL(".", import.meta.url);
const [RUNTIME, WASM, MODEL] =
  ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm.gz", "digits.onnx"];

// What opening it fetches, in bytes; files.mjs is written when the book is built.
export const hasRuntime = RUNTIME in FILES && WASM in FILES;
export const bytes = (hasRuntime ? FILES[RUNTIME] + FILES[WASM] : 0) + FILES[MODEL];

let opened;
// {engine: its name, run: pixels -> promise of logits}; tell(share fetched, 0..1) now and then.
export function openModel(tell) {
  opened ??= open(tell);
  opened.catch(() => (opened = undefined)); // so that the reader can try again
  return opened;
}

async function open(tell) {
  const arrived = {};
  const fetching = (name) => fetchBytes(name, (count) => {
    arrived[name] = count;
    tell(Object.values(arrived).reduce((sum, part) => sum + part, 0) / bytes);
  });
  if (!hasRuntime) {
    const { openPlain } = await import("./plain.mjs");
    const run = openPlain(await fetching(MODEL));
    return { engine: "plain JavaScript", run: async (pixels) => run(pixels) };
  }
  const [ort, wasm, model] = await Promise.all(
    [import(new URL(RUNTIME, HERE)), fetching(WASM).then(unpack), fetching(MODEL)]);
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: wasm });
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model);
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  const run = async (pixels) => {
    const images = new ort.Tensor("float32", pixels, [1, 28, 28, 1]);
    return [...(await session.run({ [input]: images }))[output].data];
  };
  return { engine: `onnxruntime-web ${ort.env.versions.web}`, run };
}

async function fetchBytes(name, count) {
  const answer = await fetch(new URL(name, HERE));
  if (!answer.ok) throw new Error(`${name} is not there (${answer.status})`);
  const parts = [];
  let length = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    count((length += value.length));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// Some servers unpack a .gz on the way; then there is nothing left to do.
async function unpack(packed) {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
