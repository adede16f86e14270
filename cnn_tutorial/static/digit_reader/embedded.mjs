// The network out of the figure itself, in base64: for notebooks, where no file lies beside it.

import { openPlain } from "./plain.mjs";

export const hasRuntime = false;
export const bytes = 0;

export async function openModel(tell, embedded) {
  const file = Uint8Array.from(atob(embedded), (letter) => letter.charCodeAt(0));
  const run = openPlain(file);
  return { engine: "plain JavaScript", run: async (pixels) => run(pixels) };
}
