// Moments by the viewer's clock. Pages say everything without this.
"use strict";
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const one of document.querySelectorAll("time[datetime]")) {
  const at = new Date(one.dateTime);
  if (Number.isNaN(at.valueOf())) continue;
  one.title = exact.format(at);
  if (!("ago" in one.dataset)) one.textContent = short.format(at);
}
