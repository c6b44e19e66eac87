// Numbers one can touch: the rows of a plain graph, one for each number, computed again in the page, forward and back.
// Each operation is [what it computes, the local derivative by each operand]. Further operands, of a sum of many, have the
// last derivative, which is given one of them in place of the first.
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
// Of 1, every power is 1 for Python; for JavaScript not those that are no number.
const power = (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y);
// What is not smaller (or larger) takes the gradient, nan too; equal ones share it.
const half = (x, y, other) => (x === y ? 0.5 : other ? 0 : 1);
function logsumexp(...xs) {
  const most = Math.max(...xs);
  return Number.isFinite(most) ? most + Math.log(xs.reduce((sum, x) => sum + Math.exp(x - most), 0)) : most;
}
const OPERATIONS = {
  add: [(x, y) => x + y, () => 1, () => 1],
  subtract: [(x, y) => x - y, () => 1, () => -1],
  multiply: [(x, y) => x * y, (o, x, y) => y, (o, x) => x],
  divide: [(x, y) => x / y, (o, x, y) => 1 / y, (o, x, y) => -o / y],
  negative: [(x) => -x, () => -1],
  power: [power, (o, x, y) => (y === 0 ? 0 : y * power(x, y - 1)), (o, x, y) => (x === 0 && y >= 0 ? 0 : o * Math.log(x))],
  square: [(x) => x * x, (o, x) => 2 * x],
  reciprocal: [(x) => 1 / x, (o) => -o * o],
  sqrt: [Math.sqrt, (o) => 0.5 / o],
  cbrt: [Math.cbrt, (o) => 1 / (3 * o * o)],
  exp: [Math.exp, (o) => o],
  expm1: [Math.expm1, (o, x) => Math.exp(x)],
  exp2: [(x) => 2 ** x, (o) => o * Math.LN2],
  log: [Math.log, (o, x) => 1 / x],
  log1p: [Math.log1p, (o, x) => 1 / (1 + x)],
  log2: [Math.log2, (o, x) => 1 / (x * Math.LN2)],
  log10: [Math.log10, (o, x) => 1 / (x * Math.LN10)],
  sin: [Math.sin, (o, x) => Math.cos(x)],
  cos: [Math.cos, (o, x) => -Math.sin(x)],
  tan: [Math.tan, (o) => 1 + o * o],
  arcsin: [Math.asin, (o, x) => 1 / Math.sqrt((1 - x) * (1 + x))],
  arccos: [Math.acos, (o, x) => -1 / Math.sqrt((1 - x) * (1 + x))],
  arctan: [Math.atan, (o, x) => 1 / (1 + x * x)],
  sinh: [Math.sinh, (o, x) => Math.cosh(x)],
  cosh: [Math.cosh, (o, x) => Math.sinh(x)],
  tanh: [Math.tanh, (o) => 1 - o * o],
  arcsinh: [Math.asinh, (o, x) => 1 / Math.hypot(x, 1)],
  arctanh: [Math.atanh, (o, x) => 1 / ((1 - x) * (1 + x))],
  sigmoid: [sigmoid, (o) => o * (1 - o)],
  softplus: [(x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), (o, x) => sigmoid(x)],
  relu: [(x) => Math.max(x, 0), (o, x) => (x <= 0 ? 0 : 1)],
  identity: [(x) => x, () => 1],
  abs: [Math.abs, (o, x) => Math.sign(x)],
  sign: [Math.sign, () => 0],
  sum: [(...xs) => xs.reduce((a, b) => a + b), () => 1],
  logsumexp: [logsumexp, (o, x) => Math.exp(x - o)],
  maximum: [Math.max, (o, x, y) => half(x, y, x < y), (o, x, y) => half(x, y, y < x)],
  minimum: [Math.min, (o, x, y) => half(x, y, x > y), (o, x, y) => half(x, y, y > x)],
};
// To what these do not choose no gradient flows, not even 0 · ∞.
const CHOOSING = new Set(["relu", "maximum", "minimum"]);

// The values of all rows, and the derivatives of the last one by each: rows are [operation or null, value, operands].
function evaluate(rows, output) {
  const values = rows.map(([, value]) => value);
  rows.forEach(([operation, , operands], i) => {
    if (operation) values[i] = OPERATIONS[operation][0](...operands.map((j) => values[j]));
  });
  const gradients = new Array(rows.length).fill(0);
  const locals = rows.map(() => []);
  gradients[output] = 1;
  for (let i = rows.length - 1; i >= 0; i--) {
    const [operation, , operands] = rows[i];
    if (!operation) continue;
    const numbers = operands.map((j) => values[j]);
    const rules = OPERATIONS[operation].slice(1);
    operands.forEach((j, slot) => {
      locals[i][slot] = slot < rules.length ? rules[slot](values[i], ...numbers) : rules.at(-1)(values[i], numbers[slot]);
      const flows = i <= output && !(locals[i][slot] === 0 && CHOOSING.has(operation));
      if (flows) gradients[j] += gradients[i] * locals[i][slot];
    });
  }
  return { values, gradients, locals };
}

// A number as the pictures print it.
const RAISED = { 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹", "-": "⁻" };
function printed(value, digits) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text;
  const round = size && size % 1e6 === 0 && Number(value.toPrecision(digits)) === value;
  const full = Number.isInteger(value) || (size >= 10 ** digits && size < 10 ** (digits + 3));
  if (size < 1e15 && full && !round) text = String(Math.round(value) || 0);
  else {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const short = String(Number(mantissa));
    const power = Number(exponent);
    if (power >= -4 && power < digits) text = String(Number(value.toPrecision(digits)));
    else {
      const raised = `10${[...String(power)].map((c) => RAISED[c]).join("")}`;
      text = short === "1" ? raised : short === "-1" ? `-${raised}` : `${short}·${raised}`;
    }
  }
  return text.replaceAll("-", "−");
}

// What writes changed numbers into boxes and into lines, as pictures print them. The place of a number is its row; that of
// an array has the rows of its numbers, and its shape.
function writers({ digits, room, all }) {
  const show = (x) => printed(x, digits);

  // Numbers in columns, with zeros up to as many decimals each, where all these digits are known.
  function aligned(numbers) {
    const plain = numbers.map(show);
    const decimals = Math.max(...plain.map((text) => (text.split(".")[1] ?? "").length));
    return plain.map((text) => {
      const [, sign, whole, fraction = ""] = /^(−?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
      const longer = `${whole}.${fraction.padEnd(decimals, "0")}`;
      const known = whole && decimals && text !== "0" && longer.replace(".", "").replace(/^0+/, "").length <= digits;
      return known ? sign + longer : text;
    });
  }

  function range(numbers) {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    return low < high ? `${show(low)} … ${show(high)}` : all.replace("{number}", show(low));
  }

  // The text of a number, or of an array, in a line: its numbers, or after its shape their range, as the text before has it.
  function told(place, number, before) {
    if (typeof place === "number") return show(number(place));
    const numbers = place.rows.map(number);
    const kind = /^\(.*?\)( \w+)?, /.exec(before);
    if (kind) return kind[0] + range(numbers);
    const bracketed = (cells, size) => cells.flatMap((_, i) => (i % size ? [] : [`[${cells.slice(i, i + size).join(", ")}]`]));
    return [...place.shape].reverse().reduce(bracketed, numbers.map(show))[0];
  }

  // Where the numbers of a place stand in a box: each with the line it is in, and the room of that. An array of which only
  // the range is shown has one spot.
  const kept = new WeakMap();
  function spots(element, style, place) {
    if (!kept.has(element)) kept.set(element, {});
    return (kept.get(element)[style] ??= place.rows ? cells(element, style, place) : lineOf(element, element.querySelector(`.${style}`)));
  }

  function cells(element, style, { rows, shape }) {
    const found = [...element.querySelectorAll(`text.${style}`)]; // a matrix stands there column by column
    const [wide, high] = [shape.at(-1), rows.length / shape.at(-1)];
    if (found.length !== rows.length) return found.map((text) => [text, text, () => Infinity]);
    return rows.map((_, i) => found[(i % wide) * high + Math.floor(i / wide)])
      .map((cell) => [cell, cell, () => room * parseFloat(getComputedStyle(cell).fontSize)]);
  }

  function lineOf(element, part) {
    if (!part) return [];
    const line = part.closest("text");
    const most = () => {
      const box = element.querySelector(".box").getBBox(), left = line.getAttribute("x") - box.x, right = box.width - left;
      return line.classList.contains("start") ? right - 4 : 2 * Math.min(left, right) - 8;
    };
    return [[part, line, most]];
  }

  const written = new Map();
  function fill(element, style, place, numbers) {
    const at = spots(element, style, place);
    const own = place.rows?.map((i) => numbers[i]);
    const texts = !own ? [show(numbers[place])] : at.length === own.length ? aligned(own) : [range(own)];
    at.forEach(([part, line, most], i) => { if (write(part, texts[i])) written.set(line, most); });
  }

  // A line that is longer than its room is written closer. All are measured when everything is written: a browser lays the
  // page out anew for the first measure after a change. In a page that is not shown, nothing has a size.
  function narrow() {
    for (const line of written.keys()) line.removeAttribute("textLength");
    const long = [...written].map(([line, most]) => [line, most()])
      .filter(([line, most]) => most > 0 && line.getComputedTextLength() > most);
    for (const [line, most] of long) { line.setAttribute("textLength", most); line.setAttribute("lengthAdjust", "spacingAndGlyphs"); }
    written.clear();
  }

  // The row of the number that was clicked; of an array the first one, if none was.
  const rowAt = (target, element, place) => place?.rows
    ? place.rows[Math.max(0, spots(element, "value", place).findIndex(([part]) => part === target))] : place;
  return { spots, fill, told, narrow, rowAt };
}

// The panel: a leaf is chosen by a click or by its name. `redraw` is told all numbers at each change, and writes them into
// the page; the address keeps the state, after the parts that are the page's own.
function touchable({ rows, output, digits, of }, redraw, own = () => []) {
  const at = (id) => document.getElementById(id);
  const first = rows.map(([, value]) => value);
  const leaves = rows.map((row, i) => i).filter((i) => rows[i][3]);
  const show = (x) => printed(x, digits);
  const chosen = () => Number(at("leaf").value);
  const again = (numbers = evaluate(rows, output)) => redraw(numbers, show);

  const changed = () => leaves.filter((i) => rows[i][1] !== first[i]);
  const remember = () => address([...own(), ...changed().map((i) => [rows[i][3], rows[i][1]])]);

  // What is said of a change; the smallest one that can be read tells how the output answers.
  function change() {
    const i = chosen();
    const [name, step] = [rows[i][3], 0.001];
    const numbers = evaluate(rows, output);
    const { values, gradients } = numbers;
    const moved = rows.map((row, j) => (j === i ? [row[0], row[1] + step, row[2]] : row));
    const answer = evaluate(moved, output).values[output];
    const by = answer - values[output];
    const answered = Number.isFinite(by) ? `${by < 0 ? "−" : "+"} ${show(Math.abs(by))}` : `= ${show(answer)}`;
    at("nudge").textContent = isolated(`${name} + ${show(step)} → ${of} ${answered}`);
    at("touched").textContent = isolated(`${name} = ${show(rows[i][1])}: ${of} = ${show(values[output])}, ∂${of}/∂${name} = ${show(gradients[i])}`);
    again(numbers);
    remember();
  }

  function choose(i) {
    at("leaf").value = String(i);
    const reach = Math.max(1, 2 * Math.abs(first[i]));
    const [min, max] = [-reach, reach].map((far) => Math.max(-Number.MAX_VALUE, Math.min(first[i] + far, Number.MAX_VALUE)));
    Object.assign(at("range"), { min, max, step: reach / 100 });
    at("number").value = at("range").value = String(rows[i][1]);
    change();
  }

  // The number that is typed counts as soon as it is one; what is none gives way to the number that counts.
  function put(text, other) {
    const value = read(withPoints(typable(text)).trim());
    if (!Number.isFinite(value)) return;
    rows[chosen()][1] = value;
    at(other).value = String(value);
    change();
  }
  for (const i of leaves) at("leaf").append(new Option(rows[i][3], String(i)));
  at("leaf").addEventListener("change", () => choose(chosen()));
  at("number").addEventListener("input", () => put(at("number").value, "range"));
  at("number").addEventListener("change", () => { at("number").value = String(rows[chosen()][1]); });
  at("range").addEventListener("input", () => put(at("range").value, "number"));
  at("reset").addEventListener("click", () => { leaves.forEach((i) => { rows[i][1] = first[i]; }); choose(chosen()); });
  for (const [name, value] of [...new URLSearchParams(location.hash.slice(1))].slice(own().length)) {
    const i = leaves.find((j) => rows[j][3] === name);
    if (i !== undefined && value !== "" && Number.isFinite(Number(value))) rows[i][1] = Number(value);
  }
  at("touch").hidden = false;
  choose(changed()[0] ?? leaves[0]);
  const pick = (i) => { if (rows[i]?.[3]) { choose(i); at("number").focus(); } };
  return { again, address: remember, pick };
}
