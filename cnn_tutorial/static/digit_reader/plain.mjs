// A small network in an ONNX file, computed in plain JavaScript, an image at a time. It stands in
// where onnxruntime-web is not at hand; the fields' numbers are those of onnx.proto.

export function openPlain(file) {
  const graph = message(message(file)[7][0]);
  const known = new Map(graph[5].map(tensor));
  const maker = new Map();
  for (const bytes of graph[1]) {
    const node = message(bytes);
    const attributes = Object.fromEntries((node[5] ?? []).map(attribute));
    const made = { inputs: (node[1] ?? []).map(text), op: text(node[4][0]), attributes };
    maker.set(text(node[2][0]), made);
  }
  const [input, output] = [11, 12].map((field) => text(message(graph[field][0])[1][0]));

  return (pixels) => {
    const values = new Map(known).set(input, { dims: [1, 28, 28, 1], data: pixels });
    const find = (name) => {
      if (!values.has(name)) values.set(name, run(maker.get(name), find, known));
      return values.get(name);
    };
    return [...find(output).data];
  };
}

// ---- the file ----------------------------------------------------------------------------

const text = (bytes) => new TextDecoder().decode(bytes);

// {field's number: [its values]}: integers, bytes, or floats.
function message(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = {};
  let at = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
      shift += 7n;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag & 7;
    let value;
    if (kind === 0) value = varint();
    else if (kind === 2) {
      const length = varint();
      value = bytes.subarray(at, (at += length));
    } else {
      value = view.getFloat32(at, true);
      at += kind === 1 ? 8 : 4;
    }
    (fields[tag >> 3] ??= []).push(value);
  }
  return fields;
}

function tensor(bytes) {
  const fields = message(bytes);
  const raw = fields[9]?.[0] ?? fields[4]?.[0] ?? fields[7]?.[0] ?? new Uint8Array();
  const copy = raw.slice().buffer; // aligned
  const data = fields[2][0] === 1 ? new Float32Array(copy)
    : fields[2][0] === 7 ? [...new BigInt64Array(copy)].map(Number) : [];
  return [text(fields[8][0]), { dims: fields[1] ?? [], data }];
}

function attribute(bytes) {
  const { 1: [name], 3: integer, 8: integers } = message(bytes);
  return [text(name), integers ?? integer?.[0]];
}

// ---- the operations ----------------------------------------------------------------------

function run({ op, inputs, attributes }, find, known) {
  const operation = OPERATIONS[op];
  if (!operation) throw new Error(`plain JavaScript knows no operation ${op}`);
  // The only shape that our files compute is that of Flatten.
  const flattens = op === "Reshape" && !known.has(inputs[1]);
  const arrays = (flattens ? inputs.slice(0, 1) : inputs).map(find);
  return operation(arrays, attributes);
}

const product = (sizes) => sizes.reduce((all, size) => all * size, 1);
const isScalarOrLast = (a, b) => b.data.length === 1 || b.data.length === a.dims.at(-1);

// A number, a row of numbers along the last axis, or an array of the same size.
const pairwise = (rule) => ([a, b]) => {
  if (a.data.length < b.data.length) [a, b] = [b, a];
  const count = b.data.length;
  if (count !== a.data.length && !isScalarOrLast(a, b)) throw new Error("shapes do not fit");
  return { dims: a.dims, data: a.data.map((value, k) => rule(value, b.data[k % count])) };
};

const OPERATIONS = {
  Add: pairwise((a, b) => a + b),
  Mul: pairwise((a, b) => a * b),
  Identity: ([a]) => a,
  Relu: ([a]) => ({ dims: a.dims, data: a.data.map((value) => Math.max(value, 0)) }),

  Reshape([a, shape]) {
    const wanted = shape ? [...shape.data] : [1, -1];
    const open = wanted.indexOf(-1);
    if (open >= 0) wanted[open] = a.data.length / -product(wanted);
    return { dims: wanted, data: a.data };
  },

  Squeeze: ([a]) => ({ dims: a.dims.filter((size, k) => k === 0 || size > 1), data: a.data }),

  Transpose([a], { perm }) {
    const strides = a.dims.map((_, k) => product(a.dims.slice(k + 1)));
    const dims = perm.map((axis) => a.dims[axis]);
    const data = new Float32Array(a.data.length);
    const place = dims.map(() => 0);
    for (let k = 0; k < data.length; k++) {
      data[k] = a.data[place.reduce((sum, at, axis) => sum + at * strides[perm[axis]], 0)];
      for (let axis = dims.length - 1; axis >= 0 && ++place[axis] === dims[axis]; axis--)
        place[axis] = 0;
    }
    return { dims, data };
  },

  MatMul([a, b]) {
    const [rows, cols] = b.dims;
    const data = new Float32Array(cols);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < cols; c++) data[c] += a.data[r] * b.data[r * cols + c];
    return { dims: [1, cols], data };
  },

  GlobalAveragePool([a]) {
    const [, channels, height, width] = a.dims;
    const area = height * width;
    const data = new Float32Array(channels).map((_, c) =>
      a.data.subarray(c * area, (c + 1) * area).reduce((sum, value) => sum + value, 0) / area);
    return { dims: [1, channels, 1, 1], data };
  },

  MaxPool([a], { kernel_shape: [kh, kw], strides: [sh, sw] = [1, 1], pads = [0, 0, 0, 0] }) {
    const [, channels, height, width] = a.dims;
    const high = Math.floor((height + pads[0] + pads[2] - kh) / sh) + 1;
    const wide = Math.floor((width + pads[1] + pads[3] - kw) / sw) + 1;
    const data = new Float32Array(channels * high * wide).fill(-Infinity);
    for (let k = 0; k < data.length; k++) {
      const [x, y] = [k % wide, Math.floor(k / wide) % high];
      const plane = Math.floor(k / (wide * high)) * height;
      for (let m = 0; m < kh; m++)
        for (let n = 0; n < kw; n++) {
          const [row, col] = [y * sh + m - pads[0], x * sw + n - pads[1]];
          if (row < 0 || row >= height || col < 0 || col >= width) continue;
          data[k] = Math.max(data[k], a.data[(plane + row) * width + col]);
        }
    }
    return { dims: [1, channels, high, wide], data };
  },

  // The innermost loop runs along a row, over one weight: that is what makes it fast.
  Conv([a, kernel, bias], { strides: [sh, sw] = [1, 1], pads = [0, 0, 0, 0], group = 1 }) {
    const [, , height, width] = a.dims;
    const [filters, depth, kh, kw] = kernel.dims;
    const high = Math.floor((height + pads[0] + pads[2] - kh) / sh) + 1;
    const wide = Math.floor((width + pads[1] + pads[3] - kw) / sw) + 1;
    const data = new Float32Array(filters * high * wide);
    if (bias) bias.data.forEach((b, f) => data.fill(b, f * high * wide, (f + 1) * high * wide));
    for (let k = 0; k < kernel.data.length; k++) {
      const [n, m] = [k % kw, Math.floor(k / kw) % kh];
      const f = Math.floor(k / (kw * kh * depth));
      const c = Math.floor(k / (kw * kh)) % depth + Math.floor(f / (filters / group)) * depth;
      const weight = kernel.data[k];
      const first = Math.max(0, Math.ceil((pads[1] - n) / sw));
      const last = Math.min(wide, Math.floor((width - 1 + pads[1] - n) / sw) + 1);
      for (let y = 0; y < high; y++) {
        const row = y * sh + m - pads[0];
        if (row < 0 || row >= height) continue;
        const [from, to] = [(c * height + row) * width + n - pads[1], (f * high + y) * wide];
        for (let x = first; x < last; x++) data[to + x] += weight * a.data[from + x * sw];
      }
    }
    return { dims: [1, filters, high, wide], data };
  },
};
