// A live preview: what a form says is sent to the server a moment after the last change, and its drawing painted on a canvas.
// A canvas, because the content security policy lets no picture come from anywhere but the server's own addresses.
const QUIET_MS = 250;
const TIMEOUT_MS = 15_000;

export function livePreview({ form, button, canvas, line, shown = () => {} }) {
  const say = (name) => form.dataset[`say${name}`];
  let timer;
  let running = null; // the request under way, which a newer one ends

  function ask(wait = QUIET_MS) {
    clearTimeout(timer);
    timer = setTimeout(draw, wait);
  }

  async function draw() {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const patience = setTimeout(() => mine.abort("late"), TIMEOUT_MS);
    line.dataset.state = "drawing";
    let reply;
    try {
      reply = await fetch(button.formAction, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "error", signal: mine.signal });
      if (reply.ok) await paint(reply);
    } catch {
      if (running !== mine) return; // a newer one is on its way
      tell(say("Offline"), "offline");
      ask(5000);
      return;
    } finally {
      clearTimeout(patience);
    }
    if (running !== mine || reply.ok) return;
    if (reply.status === 429) {
      tell(say("Busy"), "busy");
      ask(1000 * ((await reply.json().catch(() => ({}))).retry_after_s ?? 5));
    } else tell(say("Wrong"), "wrong");
  }

  async function paint(reply) {
    const found = JSON.parse(decodeURIComponent(reply.headers.get("Preview") ?? "%7B%7D"));
    const picture = await createImageBitmap(await reply.blob());
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    const words = [];
    if (found.missing?.length) words.push(`${say("Missing")} ${found.missing.join(" ")}`);
    if (found.cut?.length) words.push(`${say("Cut")} ${found.cut.join(", ")}`);
    tell(words.join(" · ") || say("Fits"), words.length ? "careful" : "fine");
    canvas.dataset.drawn = Number(canvas.dataset.drawn ?? 0) + 1;
    shown();
  }

  function tell(words, state) {
    if (line.textContent !== words) line.textContent = words;
    line.dataset.state = state;
  }

  button.hidden = true;
  return ask;
}
