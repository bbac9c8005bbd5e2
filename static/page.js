// On every page: the annotator's time zone for "today", and keys that press what the page shows.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

const shown = (element) => element.offsetParent !== null || element.getClientRects().length > 0;

// An element with data-key="ArrowLeft 1 a" is clicked by any of these keys. An open dialog or warning keeps the others out.
function pressed(key) {
  const dialog = document.querySelector("dialog[open]");
  if (dialog) return null;
  const scope = document.getElementById("warning") ?? document;
  const flag = scope.querySelector(".flag[open]");
  if (flag && shown(flag)) {
    const reason = flag.querySelector(`[data-reason-key="${CSS.escape(key)}"]`);
    if (reason) return reason;
  }
  return [...scope.querySelectorAll("[data-key]")].find((element) => element.dataset.key.split(" ").includes(key) && shown(element)) ?? null;
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === "Escape") for (const flag of document.querySelectorAll(".flag[open]")) flag.open = false;
  if ((event.key === "Enter" || event.key === " ") && event.target.closest("button, a, summary")) return;
  const target = pressed(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!target) return;
  event.preventDefault();
  target.click();
});

// A click beside an open menu of complaints closes it.
document.addEventListener("click", (event) => {
  for (const flag of document.querySelectorAll(".flag[open]")) if (!flag.contains(event.target)) flag.open = false;
});
