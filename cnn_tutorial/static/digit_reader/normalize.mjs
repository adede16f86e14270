// A drawing in the form of MNIST's digits, as cnn_tutorial/digit_reader/normalizing.py does it.

export const SIDE = 28;
const BOX = 20; // the longer side of MNIST's digits
const CENTRE = 14; // row and column of their centre of mass, from 0

// Halves go to the even number, as in NumPy.
const near = (v) => (v % 1 === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));

// Grey levels 0..255 (ink is bright), row by row -> SIDE × SIDE of them, or null without ink.
export function normalize(ink, width) {
  const height = ink.length / width;
  const half = 127.5; // where the ink is at least half as strong as it can be
  const rows = span(height, (y) => ink.subarray(y * width, (y + 1) * width).some((v) => v > half));
  if (!rows) return null;
  const columns = span(width, (x) => {
    for (let y = rows[0]; y < rows[1]; y++) if (ink[y * width + x] > half) return true;
    return false;
  });
  const scale = BOX / Math.max(rows[1] - rows[0], columns[1] - columns[0]);
  const size = ([from, to]) => Math.max(1, near((to - from) * scale));
  const [high, wide] = [size(rows), size(columns)];
  const above = weights(rows, high);
  const beside = weights(columns, wide);
  const digit = above.map((covered) => {
    const line = new Float32Array(width);
    for (const [y, share] of covered)
      for (let x = columns[0]; x < columns[1]; x++) line[x] += ink[y * width + x] * share;
    return beside.map((parts) =>
      Math.round(parts.reduce((sum, [x, share]) => sum + line[x] * share, 0)));
  });
  return centre(digit);
}

// The first position and the one after the last that a test holds for; undefined if none.
function span(count, test) {
  let [from, to] = [0, count];
  while (from < to && !test(from)) from++;
  while (to > from && !test(to - 1)) to--;
  return from < to ? [from, to] : undefined;
}

// For each of `count` new pixels: the old ones that it covers, and how much of it each is.
function weights([from, to], count) {
  const step = (to - from) / count;
  return Array.from({ length: count }, (_, k) => {
    const [start, end] = [from + k * step, from + (k + 1) * step];
    const covered = [];
    for (let i = Math.floor(start); i < Math.min(end, to); i++) {
      const share = (Math.min(end, i + 1) - Math.max(start, i)) / step;
      if (share > 1e-9) covered.push([i, share]);
    }
    return covered;
  });
}

// Whole pixels only, as in MNIST, and never so far that ink is cut off.
function centre(digit) {
  let [total, down, across] = [0, 0, 0];
  digit.forEach((row, y) => row.forEach((v, x) => {
    total += v;
    down += v * y;
    across += v * x;
  }));
  const place = (moment, size) =>
    Math.min(Math.max(near(CENTRE - moment / total), 0), SIDE - size);
  const [top, left] = [place(down, digit.length), place(across, digit[0].length)];
  const image = new Float32Array(SIDE ** 2);
  digit.forEach((row, y) => image.set(row, (top + y) * SIDE + left));
  return image;
}
