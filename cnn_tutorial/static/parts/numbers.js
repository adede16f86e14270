// Numbers as text.

// With a true minus. Fractions that should cancel leave 1e-17 or so: that is shown as 0.
function text(value, digits = Math.abs(value) < 0.1 ? 2 : 3) {
  if (Math.abs(value) < 1e-9) return "0";
  const whole = Number.isInteger(value) || Math.abs(value) >= 1000;
  return String(whole ? Math.round(value) : +value.toPrecision(digits)).replace("-", "−");
}
const long = (value) => text(value, 4);
const signed = (value) => (value < 0 ? `(${long(value)})` : long(value));
const isExact = (value) => +long(value).replace("−", "-") === value;
