// From a fault to its line in the text below. Without scripts the line's number is said all the same.
"use strict";
const text = document.getElementById("text");
for (const fault of text === null ? [] : document.querySelectorAll("li[data-place]")) {
  const number = Number(/^line (\d+)/.exec(fault.dataset.place)?.[1] ?? /\(line (\d+)\b/.exec(fault.textContent)?.[1]);
  if (!number || number > text.value.split("\n").length) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = `Show line ${number}`;
  button.addEventListener("click", () => {
    const lines = text.value.split("\n");
    const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
    text.focus();
    text.setSelectionRange(start, start + lines[number - 1].length);
    text.scrollTop = ((number - 4) / lines.length) * text.scrollHeight;
    text.scrollIntoView({ block: "nearest" });
  });
  fault.append(" ", button);
}
