// The page around a picture: pan, zoom, search, tracing of arrows, opening and closing of boxes, all by keyboard, too.
// Every state of the boxes was laid out beforehand: a "view" is one picture with its tables, and only one is shown.
"use strict";

const [texts, views] = ["texts", "views"].map((id) => JSON.parse(document.getElementById(id).textContent));
const stage = document.querySelector(".stage");
const said = document.getElementById("said");
const depth = document.getElementById("depth");
const search = document.getElementById("search");
let view;

// Views.

function prepare(number) {
  const section = document.getElementById(`view-${number}`);
  const svg = section.querySelector("svg");
  const { nodes, edges, open } = views[number];
  const made = { number, section, svg, open, tables: document.getElementById(`tables-${number}`) };
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  made.whole = { x: 0, y: 0, width, height };
  svg.setAttribute("role", "group");
  made.nodes = nodes.map((node) => {
    const element = document.getElementById(`${svg.id}-n${node.id}`);
    element.classList.add("node");
    element.setAttribute("role", node.opens === null ? "img" : "button");
    element.setAttribute("tabindex", "-1");
    element.setAttribute("aria-label", element.querySelector("title").textContent);
    element.classList.toggle("opens", node.opens !== null);
    return { ...node, element, row: made.tables.querySelector(`[data-node="${node.id}"]`) };
  });
  made.edges = edges.map((edge, i) => ({ ...edge, element: document.getElementById(`${svg.id}-e${i + 1}`) }));
  made.frames = views[number].frames.map((path, i) => ({ path, element: document.getElementById(`${svg.id}-c${i + 1}`) }));
  for (const frame of made.frames) frame.element.classList.add("opens");
  made.nodes[0]?.element.setAttribute("tabindex", "0");
  return made;
}

const prepared = new Map();

function show(number) {
  if (!prepared.has(number)) prepared.set(number, prepare(number));
  const before = view;
  view = prepared.get(number);
  for (const i of views.keys()) {
    document.getElementById(`view-${i}`).hidden = i !== number;
    document.getElementById(`tables-${i}`).hidden = i !== number;
  }
  if (depth) depth.value = String(number);
  if (before !== view) begin();
  find();
}

// The frame as high as the picture needs it; then all of the picture, or its beginning, if all would be too small.
function begin() {
  const { whole } = view;
  const width = stage.clientWidth;
  const scale = Math.min(1, Math.max(width / whole.width, 0.6)); // below that, letters cannot be read
  stage.style.height = `${Math.min(Math.max(whole.height * scale, 200), innerHeight * 0.7)}px`;
  const part = { width: width / scale, height: stage.clientHeight / scale };
  if (part.width >= whole.width - 1 && part.height >= whole.height - 10) return fit();
  const along = { LR: [0, 0.5], RL: [1, 0.5], TB: [0.5, 0], BT: [0.5, 1] }[views[view.number].flow];
  const at = (i, size) => (part[size] >= whole[size] ? 0.5 : along[i]) * (whole[size] - part[size]);
  look({ x: at(0, "width"), y: at(1, "height"), ...part });
}

// The view in which a box is open, or shut, that is otherwise most like the one that is shown.
function nearest(path, open) {
  const now = new Set(view.open);
  open ? now.add(path) : now.delete(path);
  const candidates = [...views.keys()].filter((i) => views[i].open.includes(path) === open);
  const unlike = (i) => views[i].open.filter((p) => !now.has(p)).length + [...now].filter((p) => !views[i].open.includes(p)).length;
  return candidates.sort((a, b) => unlike(a) - unlike(b))[0];
}

function toggle(path, open) {
  const number = nearest(path, open);
  if (number === undefined) return;
  show(number);
  const shown = view.nodes.find((node) => (open ? node.cluster === path || node.cluster.startsWith(path + ".") : node.opens === path));
  (shown ?? view.nodes[0]).element.focus();
  say(words(open ? texts.open : texts.closed, { path }));
}

// Pan and zoom: the part of the picture that is shown is the viewBox.

function look(box) {
  view.box = box;
  view.svg.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
}

function fit() { look({ ...view.whole }); }

function zoom(factor, x = view.box.x + view.box.width / 2, y = view.box.y + view.box.height / 2) {
  const { box, whole } = view;
  const width = Math.min(Math.max(box.width * factor, 60), whole.width * 4);
  const ratio = width / box.width;
  look({ x: x - (x - box.x) * ratio, y: y - (y - box.y) * ratio, width, height: box.height * ratio });
}

function pan(dx, dy) { look({ ...view.box, x: view.box.x + dx, y: view.box.y + dy }); }

function place(event) {
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(view.svg.getScreenCTM().inverse());
}

stage.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return; // the wheel alone scrolls the page; a pinch on a touchpad counts as Ctrl and wheel
  event.preventDefault();
  const { x, y } = place(event);
  zoom(Math.exp(event.deltaY * 0.005), x, y);
}, { passive: false });

const fingers = new Map();

stage.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); });
addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
  const [from, to] = [place(before), place(event)];
  if (other) {
    const fixed = place(other);
    zoom(Math.hypot(from.x - fixed.x, from.y - fixed.y) / Math.max(1, Math.hypot(to.x - fixed.x, to.y - fixed.y)), fixed.x, fixed.y);
  } else {
    pan(from.x - to.x, from.y - to.y);
    view.svg.classList.add("held");
  }
  fingers.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, (event) => { fingers.delete(event.pointerId); view.svg.classList.remove("held"); });
}

// Tracing: what belongs to a node or an arrow is lit, and the rest is dimmed.

let traced = null;

function say(text) { said.textContent = text; }

function owner(target) {
  const node = view.nodes.find((one) => one.element.contains(target));
  return node ?? view.edges.find((one) => one.element.contains(target));
}

function trace(thing) {
  untrace();
  if (!thing) return;
  const lit = new Set([thing]);
  const paired = new Set();
  const add = (edge) => {
    lit.add(edge).add(byId(edge.source)).add(byId(edge.target));
    const partners = view.edges.filter((other, i) => edge.pair === i + 1 || other.pair === view.edges.indexOf(edge) + 1);
    for (const partner of partners) {
      lit.add(partner).add(byId(partner.source)).add(byId(partner.target));
      paired.add(partner);
    }
  };
  if ("source" in thing) add(thing);
  else {
    for (const edge of view.edges) if (edge.source === thing.id || edge.target === thing.id) add(edge);
    for (const node of view.nodes) if (node.pair === thing.id || thing.pair === node.id || (node.of ?? node.id) === (thing.of ?? thing.id)) lit.add(node);
  }
  view.svg.classList.add("tracing");
  for (const one of lit) { one.element.classList.add("lit"); one.row?.classList.add("lit"); }
  for (const one of paired) one.element.classList.add("pair");
  traced = thing;
  say(thing.element.querySelector("title").textContent);
}

function untrace() {
  traced = null;
  view.svg.classList.remove("tracing");
  for (const one of [...view.nodes, ...view.edges]) { one.element.classList.remove("lit", "pair"); one.row?.classList.remove("lit"); }
}

const byId = (id) => view.nodes[id - 1];

stage.addEventListener("pointerover", (event) => { if (!fingers.size) trace(owner(event.target) ?? focused()); });
stage.addEventListener("pointerleave", () => trace(focused()));
stage.addEventListener("focusin", (event) => {
  const node = view.nodes.find((one) => one.element === event.target);
  if (!node) return;
  for (const one of view.nodes) one.element.setAttribute("tabindex", one === node ? "0" : "-1");
  uncover(node);
  trace(node);
});
stage.addEventListener("focusout", untrace);

function focused() { return view.nodes.find((node) => node.element === document.activeElement); }

// Move the picture as far as is needed to see a node.
function uncover(node) {
  const seen = stage.getBoundingClientRect();
  const box = node.element.getBoundingClientRect();
  const scale = view.svg.getScreenCTM().a;
  const past = (low, high, from, to) => (low < from ? low - from - 20 : high > to ? high - to + 20 : 0);
  pan(past(box.left, box.right, seen.left, seen.right) / scale, past(box.top, box.bottom, seen.top, seen.bottom) / scale);
}

// Opening and closing.

let pressed;
stage.addEventListener("pointerdown", (event) => { pressed = { x: event.clientX, y: event.clientY }; });
stage.addEventListener("click", (event) => {
  if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 5) return;
  const node = owner(event.target);
  const frame = view.frames.find((one) => one.element.contains(event.target));
  if (node && node.opens !== null && node.opens !== undefined) toggle(node.opens, true);
  else if (!node && frame) toggle(frame.path, false);
  else node?.element.focus?.();
});
depth?.addEventListener("change", () => show(Number(depth.value)));

// Keys.

const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

stage.addEventListener("keydown", (event) => {
  const node = focused();
  const step = steps[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (step && (event.shiftKey || !node)) pan(step[0] * view.box.width * 0.1, step[1] * view.box.height * 0.1);
  else if (step) neighbour(node, step)?.element.focus();
  else if (event.key === "+" || event.key === "=") zoom(1 / 1.25);
  else if (event.key === "-") zoom(1.25);
  else if (event.key === "0") fit();
  else if ((event.key === "Enter" || event.key === " ") && node?.opens) toggle(node.opens, true);
  else if (event.key === "Backspace" && node?.cluster) toggle(node.cluster, false);
  else if (event.key === "Escape") { stage.focus(); untrace(); }
  else return;
  event.preventDefault();
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { search.focus(); event.preventDefault(); }
});

// The nearest node in a direction: as far as it is ahead, and twice as far as it is aside.
function neighbour(node, [dx, dy]) {
  const middle = (one) => { const b = one.element.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; };
  const [x, y] = middle(node);
  let best;
  let least = Infinity;
  for (const one of view.nodes) {
    const [a, b] = middle(one);
    const ahead = (a - x) * dx + (b - y) * dy;
    const aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
    if (one !== node && ahead > 1 && ahead + 2 * aside < least) { best = one; least = ahead + 2 * aside; }
  }
  return best;
}

for (const [id, act] of Object.entries({ in: () => zoom(1 / 1.25), out: () => zoom(1.25), fit })) {
  document.getElementById(id).addEventListener("click", act);
}

// Search.

function find() {
  const wanted = search.value.trim().toLowerCase();
  const found = view.nodes.filter((node) => wanted && node.element.getAttribute("aria-label").toLowerCase().includes(wanted));
  for (const node of view.nodes) node.element.classList.toggle("found", found.includes(node));
  if (wanted) say(words(texts.found, { n: found.length }));
  return found;
}

let turn = 0;
search.addEventListener("input", () => { turn = 0; find(); });
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const found = find();
  if (!found.length) return;
  const node = found[turn++ % found.length];
  uncover(node);
  trace(node);
  say(words(texts.turn, { i: found.indexOf(node) + 1, n: found.length, name: node.element.getAttribute("aria-label") }));
});

// Tables: a row shows its node.

for (const row of document.querySelectorAll("[data-node]")) {
  row.addEventListener("pointerenter", () => trace(byId(Number(row.dataset.node))));
  row.addEventListener("pointerleave", untrace);
}

show(0);

// Numbers one can touch, where the graph is of numbers and small arrays, and of operations that the page knows.

const touching = JSON.parse(document.getElementById("rows").textContent);
const row = (node) => views[view.number].nodes[node.id - 1].touch;

const { spots, fill, told, narrow, rowAt } = touching.rows ? writers(touching) : {};
const toldOf = (node) => (node.pair ? ["slope"] : ["value", "slope"]);

function tell(cell, place, number) { write(cell, told(place, number, cell?.textContent)); }

// What is said of a part has the numbers of its line in the table, in the same order, each at an end: before a semicolon,
// or before "to". Those in names are others, and of an arrow the first, that of the operand.
function retitle(element, cells, change, isArrow = false) {
  const before = cells.map((cell) => ` ${cell.textContent};`);
  change();
  const title = element.querySelector("title");
  let text = title.textContent;
  const withEnds = () => `${text.replace(/«[^»]*»/g, (name) => "«".repeat(name.length)).replace(/；| (?=to )/g, ";")};`;
  let from = isArrow ? withEnds().indexOf(";") : 0;
  cells.forEach((cell, i) => {
    const at = before[i] === " ;" ? -1 : withEnds().indexOf(before[i], from);
    if (at < 0) return;
    text = `${text.slice(0, at)} ${cell.textContent}${text.slice(at + before[i].length - 1)}`;
    from = at + cell.textContent.length;
  });
  title.textContent = text;
  if (element.hasAttribute("aria-label")) element.setAttribute("aria-label", text);
}

function redraw({ values, gradients, locals }, show) {
  const lines = [...view.tables.querySelectorAll("tbody")[1].rows];
  const nodes = view.nodes.filter((node) => row(node) !== null);
  for (const node of nodes) toldOf(node).forEach((style) => spots(node.element, style, row(node)));
  for (const node of nodes) {
    const cells = node.row ? toldOf(node).map((style, i) => node.row.cells[3 + i]) : [];
    retitle(node.element, cells, () => toldOf(node).forEach((style, i) => {
      const numbers = style === "value" ? values : gradients;
      fill(node.element, style, row(node), numbers);
      if (node.row) tell(cells[i], row(node), (j) => numbers[j]);
    }));
  }
  view.edges.forEach((edge, i) => {
    const ends = views[view.number].edges[i].touch;
    if (ends) retitle(edge.element, lines[i] ? [...lines[i].cells].slice(3, 5) : [], () => along(edge, i, ends), true);
  });
  narrow();
  if (traced) say(traced.element.querySelector("title").textContent);

  function along(edge, i, ends) {
    if (!Array.isArray(ends)) {
      const cells = lines[i]?.cells;
      if (cells && ends.by) tell(cells[3], ends.by, (j) => locals[j][ends.slot]);
      if (cells) tell(cells[4], ends.passed, (j) => gradients[j]);
      return;
    }
    const [target, , slot] = ends;
    const local = locals[target][slot];
    const [upstream, product] = [show(gradients[target]), show(gradients[target] * local)];
    const said = edge.element.querySelectorAll(".slope");
    if (edge.pair) write(said[0], `${upstream} · ${bracketed(show(local))} = ${product}`);
    else if (said.length === 2) { write(said[0], `${upstream} · ${bracketed(show(local))}`); write(said[1], product); }
    else write(said[0], show(local));
    const cells = lines[i]?.cells;
    if (cells) { write(cells[3], show(local)); write(cells[4], product); }
  }
}

if (touching.rows) {
  const touched = touchable(touching, redraw);
  depth?.addEventListener("change", () => touched.again());
  stage.addEventListener("click", (event) => {
    const node = owner(event.target);
    if (!node || "source" in node || node.pair) return;
    touched.pick(rowAt(event.target, node.element, row(node)));
  });
}
