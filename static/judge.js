// Judging without waiting. The next pairs lie decoded in #ahead; an answer takes the next one out at once and goes into the
// outbox, which sends one answer after another, keeps what it could not send across reloads, and says so.
const root = document.getElementById("judge");
const stage = document.getElementById("stage");
const ahead = document.getElementById("ahead");
const line = document.getElementById("line");
const cheer = document.getElementById("cheer");
const say = (name) => root.dataset[`say${name}`];
const AHEAD = 2;
const ASK_AGAIN_MS = 60_000; // when there was nothing left to judge
const STAMPS = ["HA!", "Heh", "LOL", "Pfft", "Snort"];

let shownAt = performance.now();
let done = null; // the pair answered last, for as long as its answer has not left the outbox

// --- the outbox: what was answered and not yet acknowledged ---------------------------------------------------------------------

const key = `punchline-outbox-${root.dataset.user}`;
const outbox = {
  items: JSON.parse(localStorage.getItem(key) ?? "[]"),
  sending: null,
  retry: 1000,
  timer: 0,
  save() {
    localStorage.setItem(key, JSON.stringify(this.items.map(({ url, body }) => ({ url, body }))));
  },
  put(item) {
    this.items.push(item);
    this.save();
    this.send();
  },
  send() {
    if (this.sending || !this.items.length) return this.sending ?? Promise.resolve();
    clearTimeout(this.timer);
    const item = this.items[0];
    this.sending = post(item.url, { ...item.body, have: have(), csrfmiddlewaretoken: csrf() })
      .then((reply) => this.sent(item, reply), () => this.failed(say("Offline")))
      .finally(() => {
        this.sending = null;
        if (this.items.length && !this.timer) this.send();
      });
    return this.sending;
  },
  sent(item, reply) {
    if (reply.status === 401 || reply.status === 403) return this.failed(say("SignedOut"), root.dataset.loginUrl);
    if (reply.status >= 500 || reply.status === 429) return this.failed(say("Offline"));
    this.items.shift();
    this.save();
    if (done?.token === item.body.token) done = null;
    if (reply.ok) take(reply.html);
    else notice(say("Lost"));
    if (this.failing && !this.items.length) notice(say("Back"));
    this.failing = false;
    this.retry = 1000;
    return undefined;
  },
  failed(words, link) {
    this.failing = true;
    notice(`${words} ${this.items.length}`, { stay: true, link });
    wait(false);
    this.timer = setTimeout(() => { this.timer = 0; this.send(); }, this.retry);
    this.retry = Math.min(this.retry * 1.6, 15_000);
  },
};
window.addEventListener("online", () => { outbox.timer = 0; outbox.send(); });

const csrf = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

async function post(url, fields) {
  const reply = await fetch(url, {
    method: "POST",
    headers: { "HX-Request": "true" },
    body: new URLSearchParams(fields),
    credentials: "same-origin",
    redirect: "error",
    signal: AbortSignal.timeout(15_000),
  });
  return { ok: reply.ok, status: reply.status, html: await reply.text() };
}

// --- the pairs ------------------------------------------------------------------------------------------------------------------

const pairs = () => [...root.querySelectorAll(".pair")];
const current = () => stage.querySelector(".pair");
const have = () => pairs().map((pair) => pair.dataset.assignment).join(",");
const answered = () => new Set(outbox.items.map((item) => item.body.assignment));

// Put what the server sent in line: its pairs, each once, and the progress.
function take(html, { front = false } = {}) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const known = new Set([...pairs().map((pair) => pair.dataset.assignment), ...answered()]);
  for (const pair of holder.content.querySelectorAll(".pair")) {
    if (known.has(pair.dataset.assignment)) continue;
    if (front) ahead.prepend(pair);
    else ahead.append(pair);
    for (const picture of pair.querySelectorAll("img")) picture.decode().catch(() => {});
  }
  const progress = holder.content.querySelector("#progress");
  if (progress && !outbox.items.length) {
    progress.removeAttribute("hx-swap-oob");
    document.getElementById("progress").replaceWith(progress);
  }
  if (!current()) show();
}

// Take the next pair out of the line; while none is there say that one is coming, or that there are none.
function show() {
  const next = ahead.querySelector(".pair");
  document.getElementById("done").hidden = true;
  if (next) {
    stage.replaceChildren(next);
    wait(false);
    shownAt = performance.now();
    next.querySelector("h1").focus({ preventScroll: true });
  } else if (outbox.items.length || outbox.sending || asking) wait(true);
  else {
    wait(false);
    document.getElementById("done").hidden = false;
  }
}
const wait = (on) => { document.getElementById("waiting").hidden = !on || current() !== null; };

let asking = false;
let askAgainAt = 0;
async function ask() {
  if (asking || ahead.childElementCount >= AHEAD || performance.now() < askAgainAt) return;
  asking = true;
  try {
    const reply = await post(root.dataset.aheadUrl, { have: have(), csrfmiddlewaretoken: csrf() });
    asking = false;
    if (reply.ok) take(reply.html);
    if (!ahead.childElementCount) askAgainAt = performance.now() + ASK_AGAIN_MS;
    else if (reply.status === 401) notice(say("SignedOut"), { stay: true, link: root.dataset.loginUrl });
  } catch {
    asking = false; // no connection: the outbox says so when there is something to send, and asks again after it
  }
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
  done = { pair, token: body.token };
  if (["left", "right", "tie", "both_bad"].includes(value)) count(1);
  outbox.put({ url: form.action, body });
  show();
}

async function undo() {
  const last = outbox.items.at(-1);
  if (last && last.body.token === done?.token && !(outbox.sending && outbox.items.length === 1)) {
    outbox.items.pop(); // it never left: take it back here
    outbox.save();
    if (["left", "right", "tie", "both_bad"].includes(last.body.answer)) count(-1);
    back(done.pair);
    done = null;
    return;
  }
  await outbox.sending;
  if (outbox.items.length) return;
  let reply;
  try {
    reply = await post(root.dataset.undoUrl, { csrfmiddlewaretoken: csrf() });
  } catch {
    notice(`${say("Offline")} 0`);
    return;
  }
  if (!reply.ok) {
    notice(say("NoUndo"));
    return;
  }
  const now = current();
  if (now) ahead.prepend(now);
  take(reply.html, { front: true });
  show();
  celebrate(say("Undone"));
}

function back(pair) {
  const now = current();
  if (now) ahead.prepend(now);
  ahead.prepend(pair);
  show();
  celebrate(say("Undone"));
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

function stamp(pair, value) {
  const chosen = pair.querySelector(`.meme[value="${CSS.escape(value)}"]`);
  if (!chosen) return;
  const box = chosen.getBoundingClientRect();
  const frame = stage.getBoundingClientRect();
  const mark = document.createElement("span");
  mark.className = "stamp";
  mark.ariaHidden = "true";
  mark.textContent = STAMPS[Math.floor(Math.random() * STAMPS.length)];
  root.append(mark);
  mark.style.left = `${box.left + box.width / 2}px`;
  mark.style.top = `${box.top + window.scrollY + Math.min(box.height, frame.height) / 3}px`;
  mark.addEventListener("animationend", () => mark.remove());
  setTimeout(() => mark.remove(), 800);
}

let noticeTimer;
function notice(words, { stay = false, link = null } = {}) {
  line.replaceChildren(words);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = " →";
    line.append(anchor);
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
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.closest("#warning")) shownAt = performance.now();
});

// --- the beginning --------------------------------------------------------------------------------------------------------------

for (const pair of pairs()) if (answered().has(pair.dataset.assignment)) pair.remove();
if (!current()) show();
outbox.send().then(ask);
setInterval(ask, 5000);
