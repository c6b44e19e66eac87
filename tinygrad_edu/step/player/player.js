"use strict";
// The player: shows the events of a script, which are read from the page. Nothing is computed here but what is known
// after so many events; that is read off the events from the start, so going back is as exact as going on.
(() => {
  const script = JSON.parse(document.getElementById("script").textContent);
  const records = ({ columns, rows }) => rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? undefined])));
  const { texts, sources } = script;
  const [nodes, groups, events] = [script.nodes, script.groups, script.events].map(records);
  const messages = Object.values(texts);
  const at = (id) => document.getElementById(id);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const part = (kind, id) => document.getElementById(`${script.svg}-${kind}${id}`);
  const firstBack = events.findIndex((event) => event.kind === "seed");

  let step = 0;
  let timer = 0;
  let hints = 0;
  let asking = -1;
  const met = {};

  // What is known after so many events.

  function state(count) {
    const known = new Map(nodes.filter((node) => !node.operation).map((node) => [node.id, node.value]));
    const gradients = new Map();
    for (const event of events.slice(0, count)) {
      if (event.kind === "forward" || event.kind === "update") known.set(event.node, event.value);
      else if (event.after !== undefined) gradients.set(event.input, event);
    }
    return { known, gradients };
  }

  // Texts.

  const phase = (event) => texts[event.kind === "forward" || event.kind === "update" ? event.kind : "back"];

  const receiver = (event) => byId.get(event.input ?? event.node);

  function symbolic(event) {
    const line = event.lines[event.data ?? (event.local === undefined ? 0 : 1)]; // the first ones may say what data is
    const result = ` = ${event.value}`;
    return event.kind === "forward" && line.endsWith(result) ? line.slice(0, -result.length) : line;
  }

  function said(event) {
    const node = byId.get(event.node);
    const values = { ...event, from: node.label, operation: node.operation, label: receiver(event).label, old: node.value, symbolic: symbolic(event) };
    return event.said.map((i) => words(messages[i], values)).join(texts["between sentences"]);
  }

  function hintsFor(event) {
    const all = [];
    if (event.upstream) {
      const node = byId.get(event.node);
      const left = node.derivative ?? `∂${script.of}/∂${node.label}`;
      all.push(words(texts["hint of upstream"], { left, upstream: event.upstream }));
    }
    if (event.local) all.push(words(texts["hint of local"], { left: event.lines[0].split(" = ")[0], local: event.local }));
    const product = event.product ?? (event.local ? `${event.upstream} · ${bracketed(event.local)}` : undefined);
    return product ? [...all, product] : all;
  }

  // Numbers one can touch: every event anew, from the rows of the graph. The numbers at the end of its lines give way.
  const writing = script.touch && writers(script.touch);
  const rowsOf = (place) => place.rows ?? [place];
  const placeOf = (id) => script.touch.nodes[id - 1] ?? id - 1;
  const arrived = new Map();
  for (const event of events) { event.so_far = arrived.get(event.input); if (event.after !== undefined) arrived.set(event.input, event.after); }

  function retell(numbers, print) {
    const { values, gradients } = numbers;
    const { ends: passed, boxes } = script.touch;
    const sums = new Map();
    for (const node of nodes) node.value = writing.told(placeOf(node.id), (i) => values[i], node.value);
    events.forEach((event, i) => {
      const before = { ...event };
      const place = placeOf(event.node);
      if (event.kind === "forward") compute(event, place, values, print);
      else if (event.kind !== "seed") pass(event, passed[i] ?? { by: place, slot: event.operand - 1 }, place, numbers, sums);
      event.lines = event.lines.map((line, i) => retold(line, before, event, i === 0));
    });
    const shown = boxes.flatMap((place, i) => (place === null ? [] : [[part("n", i + 1), place]])).filter(([box]) => box);
    for (const [box, place] of shown) ["value", "slope"].forEach((style) => writing.spots(box, style, place));
    for (const [box, place] of shown) { writing.fill(box, "value", place, values); writing.fill(box, "slope", place, gradients); }
    writing.narrow();
    show(step, { keepHash: true });
  }

  function compute(event, place, values, print) {
    const operands = event.holes && script.touch.rows[place][2].map((row) => print(values[row]));
    if (operands) event.product = event.holes.replace(/\{(\d+)(!?)\}/g, (_, slot, raised) => (raised ? bracketed(operands[slot]) : operands[slot]));
    event.value = writing.told(place, (i) => values[i], event.value);
    if (event.asks !== "shape") event.answer = rowsOf(place).map((i) => values[i]);
  }

  // Before it is summed, what comes back to a broadcast operand has the shape of the result.
  function pass(event, { by, slot, passed }, place, { gradients, locals }, sums) {
    const tell = (key, at, number) => { event[key] = writing.told(at, number, event[key]); };
    const [gradient, local, product] = [(i) => gradients[i], (i) => locals[i][slot], (i) => gradients[i] * locals[i][slot]];
    const summed = event.kind === "sum";
    if (event.local !== undefined) tell("local", by, local);
    tell("upstream", summed ? by : place, summed ? product : gradient);
    const [at, number] = passed && (summed || event.after !== undefined) ? [passed, gradient] : [by, product];
    tell("value", at, number);
    const now = rowsOf(at).map(number);
    if (event.asks !== "shape") event.answer = now;
    if (event.after === undefined) return;
    const { sum, after } = sums.get(event.input) ?? { sum: now.map(() => 0) };
    const total = sum.map((x, i) => x + now[i]);
    event.so_far = after;
    tell("after", at.rows ? { rows: [...now.keys()], shape: at.shape } : 0, (i) => total[i]);
    sums.set(event.input, { sum: total, after: event.after });
  }

  // A line with the numbers at its end as they are now.
  function retold(line, before, now, first) {
    const found = ends(before, first).findIndex((end) => line.endsWith(end));
    return found < 0 ? line : line.slice(0, -ends(before, first)[found].length) + ends(now, first)[found];
  }

  // How the lines of an event end, the longest first; the first one tells the local derivative, where there is one.
  function ends({ kind, product, upstream, local, value, so_far, after }, first) {
    if (kind === "forward") return [`= ${product} = ${value}`, `= ${value}`];
    if (first && local !== undefined) return [`= ${local}`];
    return kind === "seed" ? [] : [`= ${upstream} · ${bracketed(local ?? "")} = ${value}`, `: ${so_far} → ${after}`, `= ${value}`];
  }

  // The page.

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = isolated(text);
    if (className) made.className = className;
    return made;
  }

  // Text with the names of arrays in bold, where that is asked for.
  const names = script.bold.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
  const array = names && new RegExp(`(?<![\\p{L}\\p{N}_.])(${names})(?!(?![⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ])[\\p{L}\\p{N}]|_\\{|[.({^])`, "u");
  function emphasised(text) {
    return array ? text.split(array).map((part, i) => (i % 2 ? element("b", part) : part)) : [text];
  }

  // A line of mathematics: its matrices, [[1, 2], [3, 4]], as rows and columns.
  function line(words) {
    const text = isolated(words);
    const made = document.createElement("p");
    let end = 0;
    for (const match of text.matchAll(new RegExp(script.matrix, "g"))) {
      const rows = match[0].slice(2, -2).split("], [").map((row) => row.split(", "));
      const matrix = element("span", "", "matrix");
      matrix.style.gridTemplateColumns = `repeat(${rows[0].length}, auto)`;
      matrix.append(...rows.flat().map((cell) => element("span", cell)));
      made.append(...emphasised(text.slice(end, match.index)), matrix);
      end = match.index + match[0].length;
    }
    made.append(...emphasised(text.slice(end)));
    return made;
  }

  const cells = new Map();
  for (const node of nodes) {
    const row = document.createElement("tr");
    const name = element("th", node.label);
    name.scope = "row";
    row.append(name, element("td", node.made ?? ""));
    const changing = ["", "", ""].map((text) => element("td", text));
    row.append(...changing);
    at("rows").append(row);
    cells.set(node.id, { row, changing });
  }
  for (const line of sources) at("source").append(element("span", line));
  const picture = document.querySelector(".picture");
  const drawn = picture.querySelector("svg");
  const natural = drawn.width.baseVal.value;

  // Zoom: at first as large as can be read, and no larger than the frame if that can be; "whole" shows all of it.
  const readable = () => Math.max(0.7, Math.min(1, (picture.clientWidth - 2) / natural));
  let scale;
  function zoom(to) {
    scale = Math.min(4, Math.max(0.05, to));
    drawn.style.width = `${natural * scale}px`;
  }
  const whole = () => Math.min((picture.clientWidth - 4) / natural, (picture.clientHeight - 4) / drawn.viewBox.baseVal.height);
  zoom(readable());
  at("source").hidden = sources.length === 0;
  at("grouping").hidden = groups.length === 0;
  at("grouped").checked = events.length > 1000 && groups.length > 0;
  at("slider").max = String(events.length);

  function show(to, { keepHash = false } = {}) {
    step = Math.max(0, Math.min(to, events.length));
    leaveQuestion();
    const event = step ? events[step - 1] : null;
    const group = at("grouped").checked && groups.find(({ stop }) => stop === step);
    const part = group ? words(texts["part of"], { part: phase(event), title: group.title }) : phase(event ?? events[0]);
    at("place").textContent = isolated(words(texts.place, { part, step, count: events.length }));
    const lines = event ? event.lines : [texts["said at the start"]];
    at("lines").replaceChildren(...lines.map(line));
    at("lines").className = event ? event.kind : "start";
    at("said").textContent = event ? isolated(said(event)) : "";
    at("slider").value = String(step);
    at("slider").setAttribute("aria-valuetext", at("place").textContent);
    for (const id of ["first", "back"]) rest(id, step === first());
    for (const id of ["last", "next"]) rest(id, step === events.length);
    if (step === events.length) stop();
    showKnown(event);
    showSource(event);
    if (!keepHash) touched ? touched.address() : address([["step", step]]);
    keepSecret();
  }

  // A button that can do nothing now keeps the focus, and with it the keys.
  function rest(id, rests) { at(id).setAttribute("aria-disabled", String(rests)); }

  function keepSecret() {  // what a number leads to is the answer to questions that are left
    const asks = at("predict").checked && step < events.length;
    if (script.touch) for (const told of [at("touched"), at("nudge")]) told.hidden = asks;
  }

  function showKnown(event) {
    const { known, gradients } = state(step);
    for (const node of nodes) {
      const arrival = gradients.get(node.id);
      const complete = arrival !== undefined && arrival.arrived === arrival.expected;
      const arrivals = !node.receives ? "" : !arrival ? texts["not reached"] : complete ? texts.final : words(texts.arrived, arrival);
      const { changing } = cells.get(node.id);
      [known.get(node.id) ?? "", arrival?.after ?? "", arrivals].forEach((text, i) => {
        if (changing[i].textContent !== text) changing[i].textContent = text; // else a long table would be laid out anew
      });
      for (const box of node.boxes.map((id) => part("n", id))) {
        if (!box) continue;
        box.classList.toggle("unknown", !known.has(node.id));
        box.classList.toggle("updated", known.has(node.id) && known.get(node.id) !== node.value);
        box.classList.toggle("unreached", !complete);
      }
    }
    light(event);
    tag(event, gradients);
    keepInView(event);
  }

  // The row, the boxes and the arrows of an event; on the way back, the gradient flows against the arrow.
  function light(event) {
    for (const lit of picture.querySelectorAll(".now")) lit.classList.remove("now", "against");
    for (const flow of picture.querySelectorAll(".flow")) flow.remove();
    for (const [id, { row }] of cells) row.classList.toggle("lit", event !== null && id === receiver(event).id);
    if (!event) return;
    for (const box of [event.node, event.input].flatMap((id) => byId.get(id)?.boxes ?? [])) part("n", box)?.classList.add("now");
    for (const id of event.edges) part("e", id)?.classList.add("now", ...(event.kind === "forward" ? [] : ["against"]));
  }

  // Tags in the picture: what flows along the arrow, and, at a box, how much of its gradient has arrived so far.
  function tag(event, gradients) {
    for (const old of picture.querySelectorAll(".part")) old.remove();
    for (const node of nodes) {
      const arrival = gradients.get(node.id);
      const box = arrival && arrival.arrived < arrival.expected && own(node);
      if (!box) continue;
      const { x, y, width, height } = box.querySelector(".box").getBBox();
      const sum = single(arrival.after) ? `${arrival.after}, ` : "";
      box.append(tagged(sum + words(texts.arrived, arrival), x + width / 2, y + height - 12, "tag part"));
    }
    if (event?.kind !== "contribution" || event.edges.length !== 1 || !single(event.value)) return;
    const path = part("e", event.edges[0])?.querySelector(".line");
    if (!path || !own(byId.get(event.node))) return;
    const product = event.local === undefined ? event.value : `${event.upstream} · ${bracketed(event.local)} = ${event.value}`;
    const length = path.getTotalLength();
    const { x, y } = path.getPointAtLength(length / 2);
    path.closest(".edge").parentNode.append(tagged(wide(product) < length / 2 ? product : event.value, x, y, "tag flow"));
  }

  // The box of a node, if it is drawn in one of its own.
  const users = nodes.flatMap((node) => node.boxes).reduce((count, box) => count.set(box, (count.get(box) ?? 0) + 1), new Map());
  const own = (node) => node.boxes.length === 1 && users.get(node.boxes[0]) === 1 && part("n", node.boxes[0]);

  const single = (text) => !/[[(]/.test(text);
  const wide = (text) => 7.5 * text.length + 14;

  function tagged(text, x, y, className) {
    const make = (name, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      return made;
    };
    const width = wide(text);
    const group = make("g", { class: className });
    const writing = make("text", { x, y: y + 4.5 });
    writing.textContent = text;
    group.append(make("rect", { x: x - width / 2, y: y - 10, width, height: 20, rx: 10 }), writing);
    return group;
  }

  function keepInView(event) {
    const table = document.querySelector(".all");
    if (event) table.scrollTop = cells.get(receiver(event).id).row.offsetTop - table.clientHeight / 2;
    const boxes = [...picture.querySelectorAll(".now .box")].map((box) => box.getBoundingClientRect());
    if (!boxes.length) return;
    const outer = picture.getBoundingClientRect();
    const [left, top] = ["left", "top"].map((side) => Math.min(...boxes.map((box) => box[side])));
    const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...boxes.map((box) => box[side])));
    if (left < outer.left || right > outer.right) picture.scrollLeft += (left + right - outer.left - outer.right) / 2;
    if (top < outer.top || bottom > outer.bottom) picture.scrollTop += (top + bottom - outer.top - outer.bottom) / 2;
  }

  function showSource(event) {
    [...at("source").children].forEach((line, i) => {
      const lit = event !== null && event.source === i;
      line.classList.toggle("lit", lit);
      if (lit) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
      if (lit) at("source").scrollTop = line.offsetTop - at("source").offsetTop - 40;
    });
  }

  // Moving.

  const first = () => (at("skip").checked ? firstBack + 1 : 0);

  function next() {
    if (step >= events.length) return;
    if (at("predict").checked && events[step].answer && asking !== step) ask(step);
    else if (at("grouped").checked) show((groups.find((group) => group.stop > step) ?? { stop: events.length }).stop);
    else show(step + 1);
  }

  function back() {
    if (!at("grouped").checked) return show(Math.max(step - 1, first()));
    const before = groups.filter((group) => group.stop < step);
    return show(Math.max(before.length ? before[before.length - 1].stop : 0, first()));
  }

  function play() {
    if (timer) return stop();
    if (step === events.length) show(first());
    at("play").setAttribute("aria-pressed", "true");
    const tick = () => {
      next();
      timer = asking < 0 && step < events.length ? setTimeout(tick, Number(at("speed").value)) : stop();
    };
    timer = setTimeout(tick, 200);
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
    at("play").setAttribute("aria-pressed", "false");
    return 0;
  }

  // Predict mode.

  function ask(index) {
    stop();
    const event = events[index];
    asking = index;
    hints = 0;
    at("question").hidden = false;
    at("lines").hidden = at("said").hidden = true;
    at("prompt").replaceChildren(...line(`${symbolic(event)} = ?`).childNodes);
    light(event);
    showSource(event);
    at("asked").textContent = texts[`asked for the ${event.asks ?? "number"}`];
    at("answer").value = "";
    at("hints").replaceChildren();
    tell("", "");
    rest("hint", hintsFor(event).length === 0);
    at("answer").focus();
  }

  function leaveQuestion() {
    asking = -1;
    at("question").hidden = true;
    at("lines").hidden = at("said").hidden = false;
  }

  function leave() {
    if (asking < 0) return;
    show(step);
    at("next").focus();
  }

  function tell(text, kind) {
    at("feedback").textContent = text;
    at("feedback").className = kind;
  }

  // The numbers in a text; where a comma may separate numbers or decimals, both readings.
  function readings(typed) {
    const text = typable(typed);
    const texts = [...new Set([text, withPoints(text)])];
    return texts.map((one) => one.split(/[\s,;()[\]]+/).filter(Boolean).map(read)).filter((numbers) => numbers.length && !numbers.includes(undefined));
  }

  function close(found, expected) {
    if (!Number.isFinite(found) || !Number.isFinite(expected)) return Object.is(found, expected);
    return Math.abs(found - expected) <= Math.max(script.relative * Math.max(Math.abs(found), Math.abs(expected)), script.absolute);
  }

  function check() {
    const event = events[asking];
    const found = readings(at("answer").value);
    at("answer").select();
    if (!found.length) return tell(texts["not a number"], "wrong");
    const same = event.asks === "shape" ? (a, b) => a === b : close;
    const right = found.some((typed) => typed.length === event.answer.length && typed.every((x, i) => same(x, Number(event.answer[i]))));
    note(right);
    if (!right) return tell(texts["try again"], "wrong");
    const done = asking;
    show(done + 1);
    at("said").prepend(`${texts.right} `);
    return at("next").focus();
  }

  function note(right) {
    const entry = (met[asking] ??= { tries: 0, hints: 0, right: false });
    if (!entry.right) Object.assign(entry, { tries: entry.tries + 1, hints, right }); // practice afterwards costs nothing
    remember();
    tellScore();
  }

  // The score is of this script: it outlives a reload, and questions that were never met count in it.
  const place = `tinygrad_edu ${script.svg}`;
  function remember() {
    try { sessionStorage.setItem(place, JSON.stringify(met)); } catch { /* a frame in a sandbox has no storage */ }
  }
  try { Object.assign(met, JSON.parse(sessionStorage.getItem(place) ?? "{}")); } catch { /* likewise */ }

  function tellScore() {
    const { points, asked, of } = score();
    at("score").hidden = asked === 0;
    const some = words(texts.score, { points: Math.round(points * 100) / 100, of: asked });
    at("points").textContent = asked < of ? `${some} (${words(texts.asked, { asked, of })})` : some;
  }

  function score() {
    const all = Object.values(met);
    const points = all.filter((e) => e.right).reduce((sum, e) => sum + 0.5 ** (e.tries - 1 + e.hints), 0);
    const of = events.filter((event) => event.answer !== undefined).length;
    return { script: document.title, met, points, asked: all.length, of };
  }

  function hint() {
    const all = hintsFor(events[asking]);
    if (hints === all.length) return;
    at("hints").append(element("li", all[hints]));
    hints += 1;
    rest("hint", hints === all.length);
  }

  function reveal() {
    const done = asking;
    note(false);
    show(done + 1);
    at("next").focus();
  }

  function exported() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(score(), null, 1)], { type: "application/json" }));
    link.download = "score.json";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // Buttons, keys, links.

  const actions = { closer: () => zoom(scale * 1.25), farther: () => zoom(scale / 1.25), whole: () => zoom(whole()), first: () => show(first()), back, play, next, last: () => show(events.length), hint, reveal, export: exported, check };
  for (const [id, action] of Object.entries(actions)) at(id).addEventListener("click", action);
  at("answer").addEventListener("keydown", (event) => {  // no form, which a frame in a sandbox would not submit
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();  // the button that gets the focus is not pressed as well
    check();
  });
  at("slider").addEventListener("input", () => show(Number(at("slider").value)));
  at("skip").addEventListener("change", () => show(Math.max(step, first())));
  at("predict").addEventListener("change", () => show(step));
  const keys = { ArrowRight: next, ArrowLeft: back, Home: actions.first, End: actions.last, " ": play, Escape: leave };
  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && target.id !== "slider" && target.type !== "checkbox";
    const pressing = key === " " && (target.tagName === "BUTTON" || target.type === "checkbox");
    const looking = event.shiftKey && directions[key]; // the arrows alone move through the script
    const action = looking ? () => scroll(target.closest("[tabindex]") ?? picture, ...looking) : keys[key];
    if (!action || (typing && key !== "Escape") || pressing || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    action();
  });
  const scroll = (area, x, y) => area.scrollBy(x * 80, y * 80);
  tellScore();
  const linked = () => Number(/^#step=(\d+)(?:&|$)/.exec(location.hash)?.[1] ?? NaN);
  addEventListener("hashchange", () => Number.isNaN(linked()) || linked() === step || show(linked(), { keepHash: true }));
  let touched;
  show(Number.isNaN(linked()) ? 0 : linked(), { keepHash: true });
  if (script.touch) touched = touchable(script.touch, retell, () => (step ? [["step", step]] : []));
  keepSecret();
  picture.addEventListener("click", (event) => {
    const box = event.target.closest(`[id^="${script.svg}-n"]`);
    if (box) touched?.pick(writing.rowAt(event.target, box, script.touch.boxes[Number(box.id.split("-n")[1]) - 1]));
  });
  if (parent !== window) {  // in a frame: say how high it should be, in which the picture keeps the height that it has now
    const main = document.querySelector("main");
    const say = () => parent.postMessage({ player: main.offsetHeight }, "*");
    new ResizeObserver((_, first) => {  // not before: until a frame is laid out, its size is 0 or any
      first.disconnect();
      document.documentElement.style.setProperty("--screen", `${innerHeight}px`);
      zoom(readable());
      requestAnimationFrame(() => new ResizeObserver(say).observe(main));
    }).observe(main);
  }
})();
