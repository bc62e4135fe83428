// What is being done is looked at again until it is through; without this the page loads itself anew.
"use strict";
const EVERY_MS = 1500;

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return location.reload();
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = found.querySelector("[data-watch]");
  const shown = document.querySelector("[data-watch]");
  if (!now || !shown) return location.reload();
  const [bar, newer] = [shown.querySelector("progress"), now.querySelector("progress")];
  bar.value = newer.value;
  bar.max = newer.max;
  for (const name of ["told", "live"]) {
    const [old, fresh] = [shown.querySelector(`[data-${name}]`), now.querySelector(`[data-${name}]`)];
    if (old.textContent !== fresh.textContent) old.textContent = fresh.textContent;
  }
  setTimeout(again, EVERY_MS);
}

function again() {
  look().catch(() => setTimeout(again, 4 * EVERY_MS));
}

setTimeout(again, EVERY_MS);
