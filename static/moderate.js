// Moderation by keyboard: one case is in focus, a key decides about it, and the next one is in focus. The forms do the same
// without this; what the server answers takes the place of the case.
const root = document.getElementById("cases");
const line = document.getElementById("line");
const say = (name) => root.dataset[`say${name}`];
const DECIDE = { a: "approve", r: "retire", s: "restore" };
const STEP = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
let sending = false;

function start() {
  root.addEventListener("submit", submitted);
  root.addEventListener("focusin", (event) => mark(event.target.closest(".case")));
  document.addEventListener("keydown", pressed);
  document.addEventListener("submit", (event) => { if (event.target.id === "undo") undo(event); });
  const first = open()[0];
  if (first) mark(first); // not focused: the page begins at its top
}

const cases = () => [...root.querySelectorAll(".case")];
const open = () => cases().filter((one) => !("settled" in one.dataset));
const current = () => root.querySelector(".case[aria-current]");

// --- which one is in focus --------------------------------------------------------------------------------------------------------

function mark(one) {
  if (!one || one === current()) return;
  current()?.removeAttribute("aria-current");
  one.setAttribute("aria-current", "true");
}

function focus(one) {
  mark(one);
  one.focus({ preventScroll: true });
  one.scrollIntoView({ block: "center" });
}

function step(by) {
  const all = cases();
  const at = all.indexOf(current());
  const next = all[at + by];
  if (next) focus(next);
}

function goOn(from) {
  const all = cases();
  const after = all.slice(all.indexOf(from) + 1).find((one) => open().includes(one));
  const next = after ?? open()[0];
  if (next) focus(next);
  else {
    const more = document.getElementById("more");
    more.focus();
    more.scrollIntoView({ block: "nearest" });
    notice(say("End"));
  }
}

// --- keys -------------------------------------------------------------------------------------------------------------------------

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = event.target.closest("input, textarea, select");
  if (field) {
    if (event.key === "Escape" && current()) focus(current());
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key in STEP) step(STEP[key]);
  else if (event.repeat) return; // a key held down decides once
  else if (key === "t") current()?.querySelector("[name=reason]")?.focus();
  else if (key in DECIDE) current()?.querySelector(`[name=action][value=${DECIDE[key]}]`)?.click();
  else return;
  event.preventDefault();
}

// --- deciding ---------------------------------------------------------------------------------------------------------------------

function submitted(event) {
  const form = event.target;
  if (!form.matches(".case-form")) return;
  event.preventDefault();
  decide(form.closest(".case"), form, event.submitter.value);
}

async function decide(one, form, action) {
  const reply = await post(form, { action });
  if (!reply) return;
  if (reply.ok) goOn(put(reply.html, one));
  else if (reply.status === 409) focus(put(reply.html, one));
  else refused(reply);
}

async function undo(event) {
  event.preventDefault();
  const reply = await post(event.target, {});
  if (!reply) return;
  if (reply.ok) {
    focus(put(reply.html));
    notice(say("Undone"));
  } else if (reply.status === 409) notice(reply.html); // in words, no case
  else refused(reply);
}

// Put the case that the server sent where it stood, else first.
function put(html, old) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.querySelector(".case");
  const place = old ?? cases().find((one) => one.dataset.meme === fresh.dataset.meme);
  if (place) place.replaceWith(fresh);
  else root.querySelector("#reasons").after(fresh);
  return fresh;
}

async function post(form, fields) {
  if (sending) return null;
  sending = true;
  root.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form));
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const reply = await fetch(form.getAttribute("action"), { // form.action is the buttons of that name
      method: "POST",
      headers: { "HX-Request": "true" },
      body,
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(15_000),
    });
    return { ok: reply.ok, status: reply.status, html: await reply.text() };
  } catch {
    notice(say("Offline"));
    return null;
  } finally {
    sending = false;
    root.removeAttribute("aria-busy");
  }
}

function refused(reply) {
  notice(reply.status === 401 || reply.status === 403 ? say("SignedOut") : say("Refused"));
}

let timer;
function notice(words) {
  line.textContent = words;
  line.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { line.hidden = true; }, 5000);
}

if (root) start();
