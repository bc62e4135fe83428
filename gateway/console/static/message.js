// Copies what a button names. Without scripts, or where a browser lets nobody copy, the button isn't there: the file is.
"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const said = document.getElementById("copied");
  button.addEventListener("click", async () => {
    try {
      const answer = await fetch(button.dataset.copies);
      if (!answer.ok) throw new Error(answer.statusText);
      await navigator.clipboard.writeText(await answer.text());
      said.textContent = "Copied.";
    } catch {
      said.textContent = "It could not be copied. Download the file instead.";
    }
  });
}
