// Rows of numbers, and the sizes of what a sliding window makes of them.

// Zeros before and after one axis. "same" is Keras's: the odd one goes at the end.
function margins(padding, size, kernel, stride) {
  if (padding !== "same") return [Number(padding) || 0, Number(padding) || 0];
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

const outputSize = (size, [before, after], kernel, stride) =>
  Math.max(Math.floor((size + before + after - kernel) / stride) + 1, 0);

const table = (rows, cols, value) =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: cols }, (_, c) => value(r, c)));

const sum = (values) => values.flat().reduce((total, value) => total + value, 0);
const largest = (values) => Math.max(...values.flat().map(Math.abs));
