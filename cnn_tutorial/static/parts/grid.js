// Grids of coloured cells, and how keys and pointer find their way in them.

function paint(node, value, scale, grey) {
  const share = Math.abs(value) / (scale || 1);
  const from = grey ? [40, 40, 40] : [255, 255, 255];
  const to = grey ? [255, 255, 255] : value < 0 ? [75, 156, 211] : [229, 138, 31];
  const mix = from.map((part, k) => Math.round(part + (to[k] - part) * share));
  node.style.background = `rgb(${mix.join(" ")})`;
  node.style.color = mix[1] > 117 ? "#000" : "#fff"; // at least 4.5 : 1 either way
}

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// A caption, the column indices, and the cells (the row indices are CSS counters).
function makeGrid(role, name, values, finish) {
  const cellRole = role === "grid" ? "gridcell" : "cell";
  const rows = values.map((row, r) => make("div", { role: "row" }, ...row.map((value, c) => {
    const label = `row ${r}, column ${c}: ${text(value)}`;
    const cell = make("div", { role: cellRole, "aria-label": label }, text(value));
    finish(cell, value, r, c);
    return cell;
  })));
  const chars = Math.max(...values.flat().map((value) => text(value).length + (value < 0) / 3));
  const indices = values[0].map((_, c) => make("span", {}, `${c}`));
  const box = make("div", { class: "box", style: `--chars: ${chars}` },
    make("div", { class: "indices", "aria-hidden": "true" }, ...indices),
    make("div", { role, "aria-label": name }, ...rows));
  return [make("div", { class: "name" }, name), make("div", { class: "scroll" }, box)];
}

const cellAt = (part, [r, c]) => part.querySelectorAll("[role=row]")[r].children[c];

function positionOf({ target }) {
  const cell = target.closest("[role=gridcell], [role=cell]");
  const row = cell?.parentNode;
  return row && [[...row.parentNode.children].indexOf(row), [...row.children].indexOf(cell)];
}

const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);

// Where a key leads to in a grid; undefined if it is not one of the grid's keys.
function keyTarget({ key, ctrlKey, altKey, metaKey, shiftKey }, [r, c], rows, cols) {
  if (altKey || metaKey || shiftKey) return undefined;
  if (key === "Home") return [ctrlKey ? 0 : r, 0];
  if (key === "End") return [ctrlKey ? rows - 1 : r, cols - 1];
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  return steps[key] && [clamp(r + steps[key][0], rows), clamp(c + steps[key][1], cols)];
}
