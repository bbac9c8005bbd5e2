// The text boxes of a meme template: drawn, dragged, turned and typed. The numbers of the form are the truth; what lies over the
// picture shows them and changes them, so both ways of working can be mixed, and without this script the numbers alone do.
import { LEAST, stretched, turned } from "./places.js";
import { livePreview } from "./preview.js";

const form = document.getElementById("editor");
const area = document.getElementById("canvas");
const list = document.getElementById("slots");
const say = (name) => form.dataset[`say${name}`];
const locked = "locked" in form.dataset;
const fixed = "fixed" in form.dataset; // there are memes: no box more, none less
const MOST = Number(form.dataset.most);
const STEP = { coarse: 1, fine: 0.2, turn: 5 };
const HANDLES = { nw: [-1, -1], n: [0, -1], ne: [1, -1], e: [1, 0], se: [1, 1], s: [0, 1], sw: [-1, 1], w: [-1, 0] };
const PLACE = ["x", "y", "w", "h", "angle"];

const within = (value, low, high) => Math.min(Math.max(value, low), high);
const tidy = (value) => String(Math.round(value * 100) / 100);

// --- a box: its fields in the form, and what lies over the picture ---------------------------------------------------------------

class Box {
  constructor(row) {
    this.row = row;
    this.number = row.dataset.slot;
    this.isUsed = !("spare" in row.dataset);
    this.row.querySelector("summary").textContent = say("Place");
    this.layer = document.createElement("div");
    this.layer.className = "box";
    this.layer.tabIndex = 0;
    this.layer.setAttribute("role", "group");
    this.layer.append(document.createElement("b"));
    if (!locked) {
      for (const name of [...Object.keys(HANDLES), "turn"]) {
        const handle = document.createElement("i");
        handle.dataset.handle = name;
        this.layer.append(handle);
      }
    }
    this.layer.addEventListener("focus", () => select(this));
    this.row.addEventListener("focusin", () => select(this));
  }

  field(name) {
    return this.row.querySelector(`[name="box-${this.number}-${name}"]`);
  }

  get place() {
    return Object.fromEntries(PLACE.map((name) => [name, Number(this.field(name).value) || 0]));
  }

  // Wherever it is put, it stays inside the picture and keeps a size.
  set place({ x, y, w, h, angle }) {
    const width = within(w, LEAST, 100);
    const height = within(h, LEAST, 100);
    const around = ((angle + 540) % 360) - 180;
    const values = { x: within(x, 0, 100 - width), y: within(y, 0, 100 - height), w: width, h: height, angle: around };
    for (const name of PLACE) this.field(name).value = tidy(values[name]);
  }

  get order() {
    return Number(this.field("order").value) || MOST;
  }

  style() {
    const names = ["case", "align", "font", "colour", "outline"];
    return { ...Object.fromEntries(names.map((name) => [name, this.field(name).value])), outlined: this.field("outlined").checked };
  }

  restyle({ outlined, ...values }) {
    for (const [name, value] of Object.entries(values)) this.field(name).value = value;
    this.field("outlined").checked = outlined;
  }

  empty() {
    for (const name of ["x", "y", "w", "h", "example"]) this.field(name).value = "";
    this.isUsed = false;
  }

  show(place) {
    this.row.hidden = !this.isUsed;
    this.layer.hidden = !this.isUsed;
    if (!this.isUsed) return;
    const { x, y, w, h, angle } = this.place;
    Object.assign(this.layer.style, { left: `${x}%`, top: `${y}%`, width: `${w}%`, height: `${h}%`, rotate: `${-angle}deg` });
    this.shown = place;
    this.field("order").value = place;
    this.row.querySelector(".number").textContent = place;
    this.layer.querySelector("b").textContent = place;
    this.layer.ariaLabel = `${say("Box")} ${place}: ${tidy(x)} %, ${tidy(y)} %, ${tidy(w)} × ${tidy(h)} %, ${tidy(angle)}°`;
    this.layer.classList.toggle("chosen", this === chosen);
    this.row.classList.toggle("chosen", this === chosen);
  }
}

const boxes = [...list.querySelectorAll(".slot")].map((row) => new Box(row));
let chosen = null;

const inOrder = () => boxes.filter((box) => box.isUsed).sort((one, other) => one.order - other.order);

// Everything on the page follows from the numbers: places, reading order, which buttons work.
function show() {
  const used = inOrder();
  for (const [index, box] of used.entries()) box.show(index + 1);
  for (const box of boxes) if (!box.isUsed) box.show();
  arrange(area, used.map((box) => box.layer));
  arrange(list, used.map((box) => box.row));
  const add = document.getElementById("add");
  if (add) add.disabled = used.length >= MOST;
  for (const box of used) for (const button of box.row.querySelectorAll("[data-do]")) button.disabled = !may(button.dataset.do, box, used);
  if (locked) return;
  document.getElementById("back").disabled = past.length === 0;
  document.getElementById("forth").disabled = future.length === 0;
  document.getElementById("unsaved").hidden = !isChanged();
}

const may = (what, box, used) => ({ earlier: used[0] !== box, later: used.at(-1) !== box, delete: used.length > 1 && !fixed })[what];

// Put elements in this order, moving only those that stand elsewhere: a moved one loses the focus.
function arrange(parent, elements) {
  let before = null;
  for (const element of elements.toReversed()) {
    if (element.parentElement !== parent || element.nextElementSibling !== before) parent.insertBefore(element, before);
    before = element;
  }
}

function select(box) {
  if (chosen === box) return;
  chosen = box;
  for (const one of boxes) {
    one.layer.classList.toggle("chosen", one === box);
    one.row.classList.toggle("chosen", one === box);
  }
}

// --- changes, and taking them back ----------------------------------------------------------------------------------------------

const fields = () => [...form.querySelectorAll("input:not([type=hidden]), select")];
// The rows are moved about as the reading order changes; what is remembered needs an order that stays.
const names = fields().map((field) => field.name);
const fieldsByName = () => names.map((name) => form.elements.namedItem(name));
const state = () => JSON.stringify(fieldsByName().map((field) => (field.type === "checkbox" ? field.checked : field.value)));
const examples = new Set(boxes.map((box) => names.indexOf(`box-${box.number}-example`))); // no part of what is saved
const saved = (text) => JSON.stringify(JSON.parse(text).filter((_, index) => !examples.has(index)));

const past = [];
const future = [];
let now = null;
let first = null;
const isChanged = () => first !== null && saved(now) !== first;

// After every change that is whole: remember what was before it, show it, draw it.
function changed() {
  const next = state();
  if (next !== now) {
    past.push(now);
    future.length = 0;
    now = next;
  }
  show();
  draw();
}

function travel(from, to) {
  if (!from.length) return;
  to.push(now);
  now = from.pop();
  const values = JSON.parse(now);
  for (const [index, field] of fieldsByName().entries()) {
    if (field.type === "checkbox") field.checked = values[index];
    else field.value = values[index];
  }
  for (const box of boxes) box.isUsed = box.field("w").value !== "";
  if (chosen && !chosen.isUsed) select(null);
  show();
  draw();
}

function add(place) {
  const free = boxes.find((box) => !box.isUsed);
  if (!free || fixed) return;
  const used = inOrder();
  const model = chosen?.isUsed ? chosen : used.at(-1);
  if (model) free.restyle(model.style());
  free.isUsed = true;
  free.place = place;
  free.field("order").value = used.length + 1;
  free.field("example").value = `${say("Box")} ${used.length + 1}`;
  select(free);
  changed();
  free.layer.focus({ preventScroll: true });
}

function remove(box) {
  const used = inOrder();
  if (fixed || used.length < 2) return;
  const beside = used[used.indexOf(box) + 1] ?? used[used.indexOf(box) - 1];
  box.empty();
  select(beside);
  changed();
  beside.layer.focus({ preventScroll: true });
}

function reorder(box, by) {
  const used = inOrder();
  const other = used[used.indexOf(box) + by];
  if (!other) return;
  const order = box.order;
  box.field("order").value = other.order;
  other.field("order").value = order;
  changed();
}

// --- by pointer: mouse, pen, finger ---------------------------------------------------------------------------------------------

const size = () => area.getBoundingClientRect();

// Where the pointer is, in percent of the picture.
function pointed(event) {
  const { left, top, width, height } = size();
  return { x: within((100 * (event.clientX - left)) / width, 0, 100), y: within((100 * (event.clientY - top)) / height, 0, 100) };
}

area.addEventListener("pointerdown", (event) => {
  if (locked || event.button !== 0 || !event.isPrimary) return;
  const box = boxes.find((one) => one.layer.contains(event.target));
  const drag = box ? (event.target.dataset.handle ? dragHandle(box, event.target.dataset.handle, event) : dragBox(box, event)) : dragNew(event);
  if (!drag) return;
  event.preventDefault();
  if (box) {
    select(box);
    box.layer.focus({ preventScroll: true });
  }
  follow(event, drag);
});

function follow(start, { move, end }) {
  area.setPointerCapture(start.pointerId);
  const during = new AbortController();
  const mine = (event) => event.pointerId === start.pointerId;
  const stop = (event) => {
    if (!mine(event)) return;
    during.abort();
    end?.(event);
  };
  area.addEventListener("pointermove", (event) => { if (mine(event)) move(event); }, { signal: during.signal });
  for (const kind of ["pointerup", "pointercancel"]) area.addEventListener(kind, stop, { signal: during.signal });
}

function dragBox(box, start) {
  const from = pointed(start);
  const place = box.place;
  return {
    move: (event) => {
      const to = pointed(event);
      box.place = { ...place, x: place.x + to.x - from.x, y: place.y + to.y - from.y };
      show();
    },
    end: changed,
  };
}

function dragHandle(box, handle, start) {
  const place = box.place;
  const to = (event) => handle === "turn" ? turned(place, size(), start, event) : stretched(place, HANDLES[handle], size(), pointed(event));
  return { move: (event) => { box.place = to(event); show(); }, end: changed };
}

function dragNew(start) {
  if (fixed || inOrder().length >= MOST) return null;
  const from = pointed(start);
  const ghost = document.createElement("div");
  ghost.className = "ghost";
  area.append(ghost);
  const between = (event) => {
    const to = pointed(event);
    return { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), w: Math.abs(to.x - from.x), h: Math.abs(to.y - from.y), angle: 0 };
  };
  return {
    move: (event) => {
      const { x, y, w, h } = between(event);
      Object.assign(ghost.style, { left: `${x}%`, top: `${y}%`, width: `${w}%`, height: `${h}%` });
    },
    end: (event) => {
      ghost.remove();
      const place = between(event);
      if (event.type === "pointerup" && place.w >= LEAST && place.h >= LEAST) add(place);
    },
  };
}

// --- by keyboard ----------------------------------------------------------------------------------------------------------------

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

area.addEventListener("keydown", (event) => {
  const box = boxes.find((one) => one.layer === event.target);
  if (locked || !box || event.ctrlKey || event.metaKey) return;
  if (!keyed(box, event)) return;
  event.preventDefault();
  event.stopPropagation();
});

function keyed(box, event) {
  const place = box.place;
  if (event.key in ARROWS) {
    const [across, along] = ARROWS[event.key].map((way) => way * (event.altKey ? STEP.fine : STEP.coarse));
    if (event.shiftKey) box.place = { ...place, w: Math.min(place.w + across, 100 - place.x), h: Math.min(place.h + along, 100 - place.y) };
    else box.place = { ...place, x: place.x + across, y: place.y + along };
  } else if (event.key.toLowerCase() === "r") {
    box.place = { ...place, angle: place.angle + (event.shiftKey ? -STEP.turn : STEP.turn) };
  } else if (event.key === "Delete" || event.key === "Backspace") {
    remove(box);
    return true;
  } else if (event.key === "Escape") {
    box.layer.blur();
    select(null);
    return true;
  } else return false;
  changed();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (locked || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  if (event.target.closest("input:not([type=checkbox], [type=color]), textarea") && document.activeElement !== document.body) return; // its own undo
  event.preventDefault();
  if (event.shiftKey) travel(future, past);
  else travel(past, future);
});

// --- by form --------------------------------------------------------------------------------------------------------------------

const DO = { earlier: (box) => reorder(box, -1), later: (box) => reorder(box, 1), delete: remove };

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const box = boxes.find((one) => one.row.contains(button));
  DO[button.dataset.do](box);
  if (box.isUsed && !button.disabled) button.focus();
});

// While a number is typed the box follows as far as it makes sense; when it is typed it is put right.
form.addEventListener("input", (event) => {
  if (event.target.closest("#slots")) {
    if (!event.target.name.endsWith("-order")) show();
    draw();
  }
});
form.addEventListener("change", (event) => {
  const box = boxes.find((one) => one.row.contains(event.target));
  if (box && PLACE.some((name) => event.target === box.field(name))) box.place = box.place;
  if (box && event.target === box.field("order")) event.target.value = box.order + (box.order > box.shown ? 0.5 : -0.5); // past the one that has it
  changed();
});

document.getElementById("preview").hidden = false;
const draw = livePreview({
  form,
  button: document.getElementById("preview-button"),
  canvas: document.getElementById("preview"),
  line: document.getElementById("preview-says"),
});

if (!locked) {
  for (const hidden of document.querySelectorAll(".canvas-tools, .slot-tools")) hidden.hidden = false;
  document.getElementById("add")?.addEventListener("click", () => add({ x: 25, y: 40, w: 50, h: 20, angle: 0 }));
  document.getElementById("back").addEventListener("click", () => travel(past, future));
  document.getElementById("forth").addEventListener("click", () => travel(future, past));
  window.addEventListener("beforeunload", (event) => { if (isChanged()) event.preventDefault(); });
  form.addEventListener("submit", (event) => { if (event.submitter?.id === "save") first = null; });
}
show();
now = state();
first = saved(now);
show();
draw(0);
