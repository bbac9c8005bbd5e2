// Choosing the picture of a new meme template: by the file dialogue, by dropping it, or by pasting it; shown before it is sent.
const form = document.getElementById("upload");
const input = document.getElementById("id_picture");
const name = document.getElementById("id_name");
const line = document.getElementById("picture-error");
const canvas = document.getElementById("picked");
const drop = form.querySelector(".drop");
const LONGEST = 480; // pixels shown

async function picked() {
  const [file] = input.files;
  canvas.hidden = true;
  line.hidden = true;
  if (!file) return;
  if (file.size > Number(form.dataset.most)) {
    complain(form.dataset.sayLarge);
    return;
  }
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    [canvas.width, canvas.height] = [picture.width * scale, picture.height * scale].map((side) => Math.max(1, Math.round(side)));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.hidden = false;
  } catch {
    complain(form.dataset.sayKind);
    return;
  }
  if (!name.value && file.name) name.value = named(file.name);
  name.focus();
  name.select();
}

// "distracted_boyfriend-2.jpg" is called "Distracted boyfriend 2" until somebody knows better; a pasted "image.png" has no name.
function named(fileName) {
  const words = fileName.replace(/\.[^.]*$/, "").replaceAll(/[_\-.\s]+/g, " ").trim();
  if (words === "image") return "";
  return (words.charAt(0).toUpperCase() + words.slice(1)).slice(0, name.maxLength);
}

function complain(words) {
  line.textContent = words;
  line.hidden = false;
}

function take(files) {
  const file = [...files].find((one) => input.accept.split(",").includes(one.type));
  if (!file) return false;
  const held = new DataTransfer();
  held.items.add(file);
  input.files = held.files;
  picked();
  return true;
}

input.addEventListener("change", picked);
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // else the browser leaves the page for the file
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length && !take(event.dataTransfer.files)) complain(form.dataset.sayKind);
  });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("paste", (event) => { if (take(event.clipboardData?.files ?? [])) event.preventDefault(); });
