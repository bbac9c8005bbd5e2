// Judging without waiting. The next pairs lie decoded in #ahead; an answer takes the next one out at once and goes into the
// outbox, which sends one answer after another, keeps what it could not send across reloads, and says so.
const root = document.getElementById("judge");
const stage = document.getElementById("stage");
const ahead = document.getElementById("ahead");
const line = document.getElementById("line");
const cheer = document.getElementById("cheer");
const say = (name) => root.dataset[`say${name}`];
const AHEAD = 2;
const FRESH_MS = 200; // the second half of a double tap is no opinion on the next pair
const ASK_AGAIN_MS = 60_000; // when there was nothing left to judge
const RETRY_MS = { first: 1000, longest: 15_000 };
const OUTCOMES = ["left", "right", "tie", "both_bad"];

let shownAt = performance.now();

// --- the outbox: what was answered and not yet acknowledged ---------------------------------------------------------------------

// One entry of the browser's storage per answer, so that two windows of one person never overwrite each other's.
const prefix = `punchline-outbox-${root.dataset.user}-`;
const outbox = remembered().sort((one, other) => one.at - other.at);
let delivery = null;
let failing = null; // why the last attempt failed: words, and a link that helps
let retryTimer;
let retryMs = RETRY_MS.first;
let heldUntil = 0; // the server asked for a pause

function remembered() {
  const items = [];
  try {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(prefix))) {
      const item = readable(localStorage.getItem(key));
      if (item?.url && item.body?.token) items.push(item);
    }
  } catch {
    // storage is blocked: the page works without
  }
  return items;
}

function readable(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not written by this page
  }
}

function keep(item, pair) {
  outbox.push({ ...item, pair });
  try {
    localStorage.setItem(prefix + item.body.token, JSON.stringify(item));
  } catch {
    // storage is blocked or full: the answer is kept for as long as the page is open
  }
  deliver();
}

function forget(item) {
  try {
    localStorage.removeItem(prefix + item.body.token);
  } catch {
    // it was never stored
  }
  outbox.splice(outbox.indexOf(item), 1);
}

function deliver() {
  const held = heldUntil - performance.now();
  if (held > 0) {
    if (failing) failed(failing); // one more is kept
    return Promise.resolve();
  }
  clearTimeout(retryTimer);
  delivery ??= deliverAll().finally(() => { delivery = null; });
  return delivery;
}

async function deliverAll() {
  while (outbox.length) {
    const problem = await deliverOne(outbox[0]);
    if (problem) {
      postpone(problem);
      return;
    }
    retryMs = RETRY_MS.first;
    if (failing && outbox.length) failed(failing);
  }
  if (failing) notice(failing.waitMs ? say("Sent") : say("Back"));
  failing = null;
  ask();
}

// Send one answer; undefined when it is settled, else why it is not.
async function deliverOne(item) {
  item.tried = true;
  let reply;
  try {
    reply = await post(item.url, { ...item.body, have: have() });
  } catch {
    return { words: say("Offline") };
  }
  if (reply.goTo) return { words: say("Consent"), link: reply.goTo };
  if (reply.status === 401 || reply.status === 403) return { words: say("SignedOut"), link: root.dataset.loginUrl };
  if (reply.status === 429) {
    item.tried = false; // refused: it may still be taken back here
    return { words: say("TooFast"), waitMs: reply.retryAfterS * 1000 };
  }
  if (reply.status >= 500) return { words: say("Offline") };
  forget(item);
  if (reply.ok) take(reply.html);
  else notice(say("Lost"));
  return undefined;
}

function postpone(problem) {
  failed(problem);
  heldUntil = problem.waitMs ? performance.now() + problem.waitMs : 0;
  retryTimer = setTimeout(deliver, (problem.waitMs ?? retryMs) + 5); // a timer may come a moment early
  if (!problem.waitMs) retryMs = Math.min(retryMs * 1.6, RETRY_MS.longest);
  if (!current()) show();
}

function failed(problem) {
  failing = problem;
  notice(`${problem.words} ${outbox.length}`, { stay: true, link: problem.link });
}

window.addEventListener("online", deliver);

// The token is this page's own: after somebody else signed in, in another window, the server refuses it, and nothing goes astray.
const csrf = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

async function post(url, fields) {
  const reply = await fetch(url, {
    method: "POST",
    headers: { "HX-Request": "true" },
    body: new URLSearchParams({ ...fields, csrfmiddlewaretoken: csrf() }),
    credentials: "same-origin",
    redirect: "error",
    signal: AbortSignal.timeout(15_000),
  });
  return {
    ok: reply.ok,
    status: reply.status,
    goTo: reply.headers.get("HX-Redirect"),
    retryAfterS: Number(reply.headers.get("Retry-After")) || RETRY_MS.longest / 1000,
    html: await reply.text(),
  };
}

// --- the pairs ------------------------------------------------------------------------------------------------------------------

const pairs = () => [...root.querySelectorAll(".pair")];
const current = () => stage.querySelector(".pair");
const known = () => new Set([...pairs().map((pair) => pair.dataset.assignment), ...outbox.map((item) => item.body.assignment)]);
const have = () => [...known()].join(",");

// Put what the server sent in line: its pairs, each once, and the progress unless that may be older than an answer's.
function take(html, { first = false, counted = true } = {}) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const old = known();
  for (const pair of holder.content.querySelectorAll(".pair")) {
    if (old.has(pair.dataset.assignment)) continue;
    if (first) putFirst(pair);
    else ahead.append(pair);
    for (const picture of pair.querySelectorAll("img")) picture.decode().catch(() => {});
  }
  // A meme of a pair in line was retired meanwhile: nobody is to see it. The pair in front may still be answered.
  for (const { dataset } of holder.content.querySelectorAll(".gone")) {
    ahead.querySelector(`.pair[data-assignment="${dataset.assignment}"]`)?.remove();
  }
  sayDone(holder.content.querySelector("#done"), holder.content.querySelector(".pair") !== null);
  const progress = holder.content.querySelector("#progress");
  if (counted && progress && !outbox.length) {
    progress.removeAttribute("hx-swap-oob");
    document.getElementById("progress").replaceWith(progress);
  }
  if (!current()) show();
}

// Why there is nothing left: the server's words while judging is paused, our own again when a pair comes.
const done = document.getElementById("done");
function sayDone(paused, served) {
  const words = paused ?? (served ? done : null);
  if (!words) return;
  const now = document.getElementById("done");
  words.hidden = now.hidden;
  now.replaceWith(words);
}

function putFirst(pair) {
  const now = current();
  if (now) ahead.prepend(now);
  ahead.prepend(pair);
  show();
}

// Take the next pair out of the line; while none is there say that one is coming, or that there are none.
function show() {
  const next = ahead.querySelector(".pair");
  const coming = outbox.length > 0 || asking;
  document.getElementById("waiting").hidden = next !== null || !coming;
  document.getElementById("done").hidden = next !== null || coming;
  if (!next) return;
  for (const picture of next.querySelectorAll("img")) {
    if (picture.complete && !picture.naturalWidth) picture.src = picture.src; // it broke with the connection: once more
  }
  next.classList.add("fresh");
  setTimeout(() => next.classList.remove("fresh"), FRESH_MS);
  stage.replaceChildren(next);
  shownAt = performance.now();
  next.querySelector("h1").focus({ preventScroll: true });
}

let asking = false;
let askAgainAt = 0;
async function ask() {
  if (asking || failing || ahead.childElementCount >= AHEAD || performance.now() < askAgainAt) return;
  asking = true;
  try {
    const reply = await post(root.dataset.aheadUrl, { have: have() });
    if (reply.ok) take(reply.html, { counted: false });
    else if (reply.goTo) notice(say("Consent"), { stay: true, link: reply.goTo });
    else if (reply.status === 401) notice(say("SignedOut"), { stay: true, link: root.dataset.loginUrl });
    if (!ahead.childElementCount) askAgainAt = performance.now() + ASK_AGAIN_MS;
  } catch {
    // No connection: the outbox says so as soon as there is something to send.
  }
  asking = false;
  if (!current()) show();
}

// --- answering ------------------------------------------------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id === "undo") {
    event.preventDefault();
    undo();
  } else if (form.closest("#stage")) {
    event.preventDefault();
    answer(form.closest(".pair"), event.submitter.value);
  }
});

function answer(pair, value) {
  if (stage.inert || pair.classList.contains("fresh")) return;
  const form = pair.querySelector("form");
  const body = {
    answer: value,
    token: form.token.value,
    response_ms: Math.round(performance.now() - shownAt),
    assignment: pair.dataset.assignment,
  };
  stamp(pair, value);
  pair.remove();
  pair.querySelector(".flag").open = false;
  if (OUTCOMES.includes(value)) count(1);
  keep({ url: form.action, body, at: Date.now() }, pair);
  show();
}

async function undo() {
  if (stage.inert) return;
  const last = outbox.at(-1);
  if (last?.pair && !last.tried) {
    forget(last); // it never left: take it back here
    if (OUTCOMES.includes(last.body.answer)) count(-1);
    putFirst(last.pair);
    celebrate(say("Undone"));
    return;
  }
  stage.inert = true; // what is answered meanwhile would be what is taken back
  await deliver();
  if (!outbox.length) await undoThere();
  stage.inert = false;
  current()?.querySelector("h1").focus({ preventScroll: true });
}

async function undoThere() {
  let reply;
  try {
    reply = await post(root.dataset.undoUrl, {});
  } catch {
    notice(`${say("Offline")} 0`);
    return;
  }
  if (reply.ok) {
    take(reply.html, { first: true });
    celebrate(say("Undone"));
  } else if (reply.status === 401) notice(say("SignedOut"), { stay: true, link: root.dataset.loginUrl });
  else notice(say("NoUndo"));
}

// --- small pleasures ------------------------------------------------------------------------------------------------------------

function count(by) {
  const progress = document.getElementById("progress");
  const judged = Math.max(0, Number(progress.dataset.judged) + by);
  const goal = Number(progress.dataset.goal);
  progress.dataset.judged = judged;
  progress.querySelector("b").textContent = judged;
  progress.querySelector("progress").value = Math.min(judged, goal);
  progress.classList.toggle("reached", judged >= goal);
  if (by < 0) return;
  const milestone = [10, 25, 50, 100].indexOf(judged);
  if (judged === goal) celebrate(say("Goal"));
  else if (milestone >= 0) celebrate(say("Milestones").split("|")[milestone]);
}

let cheerTimer;
function celebrate(words) {
  cheer.textContent = words;
  cheer.classList.add("up");
  clearTimeout(cheerTimer);
  cheerTimer = setTimeout(() => cheer.classList.remove("up"), 3200);
}

// A stamp where the chosen meme's name stood: there it hides nothing of the next one.
function stamp(pair, value) {
  const chosen = pair.querySelector(`.meme[value="${CSS.escape(value)}"] .pick`);
  if (!chosen) return;
  const box = chosen.getBoundingClientRect();
  const mark = document.createElement("span");
  mark.className = "stamp";
  mark.ariaHidden = "true";
  const laughs = say("Laughs").split("|");
  mark.textContent = laughs[Math.floor(Math.random() * laughs.length)];
  mark.style.left = `${box.left + box.width / 2}px`;
  mark.style.top = `${box.top + box.height / 2}px`;
  root.append(mark);
  setTimeout(() => mark.remove(), 700);
}

let noticeTimer;
function notice(words, { stay = false, link = null } = {}) {
  line.replaceChildren(words);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = say("SignIn");
    line.append(" ", anchor);
  }
  line.hidden = false;
  clearTimeout(noticeTimer);
  if (!stay) noticeTimer = setTimeout(() => { line.hidden = true; }, 4000);
}

document.getElementById("help").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("keys").showModal();
});

// --- what htmx does: the warning clicked away, the leases renewed while the page is open ------------------------------------------

document.addEventListener("htmx:configRequest", (event) => { event.detail.parameters.set("have", have()); });
const warning = document.getElementById("warning");
root.inert = warning !== null;
warning?.addEventListener("htmx:beforeSwap", () => {
  root.inert = false;
  shownAt = performance.now();
  current()?.querySelector("h1").focus({ preventScroll: true });
});

// --- the beginning --------------------------------------------------------------------------------------------------------------

for (const pair of pairs()) if (outbox.some((item) => item.body.assignment === pair.dataset.assignment)) pair.remove();
if (!current()) show();
deliver();
setInterval(ask, 5000);
