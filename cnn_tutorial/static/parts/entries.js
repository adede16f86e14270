// Text as numbers.

// A whole number, a decimal (point or comma) or a fraction such as 1/9; otherwise NaN.
function parse(entry) {
  const plain = entry.trim().replace("−", "-").replace(",", ".");
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:\/(\d+))?$/.exec(plain);
  const value = match ? match[1] / (match[2] ?? 1) : NaN;
  return Number.isFinite(value) ? value : NaN;
}
