// htmx for the live parts, and the editor where a page has text for it. Pages say and do everything without this.
import htmx from "htmx.org";

function mountEditors(within) {
  const texts = within.querySelectorAll("textarea[data-language=yaml]:not([data-editor])");
  if (texts.length) import("./editor.js").then(({ mount }) => texts.forEach(mount));
}

mountEditors(document);
htmx.onLoad((added) => mountEditors(added instanceof Element ? added.parentNode ?? added : document));
