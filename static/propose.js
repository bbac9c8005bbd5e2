// Proposing a caption: numbered boxes over the bare picture until something is written, then the meme as it would be drawn.
import { livePreview } from "./preview.js";

const form = document.getElementById("proposal");
const canvas = document.getElementById("preview");
const line = document.getElementById("preview-says");
const boxes = [...document.querySelectorAll("#canvas .box")];
const texts = [...form.querySelectorAll("textarea")];
const written = () => texts.some((text) => text.value.trim());

for (const box of boxes) {
  const [x, y, w, h, angle] = box.dataset.place.split(" ").map(Number);
  Object.assign(box.style, { left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * w}%`, height: `${100 * h}%`, rotate: `${-angle}deg` });
}

const ask = livePreview({ form, button: document.getElementById("preview-button"), canvas, line, shown: show });

function show() {
  canvas.hidden = !written();
  for (const box of boxes) box.hidden = written();
  if (!written()) line.textContent = "";
}

form.addEventListener("input", () => {
  show();
  if (written()) ask();
});
show();
if (written()) ask(0);
