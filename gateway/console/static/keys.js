// Keys for people who know them. Each has something visible on the page that does the same; the dialog that lists them
// switches them off, in this browser. None means anything while somebody writes.
"use strict";
(() => {
  const OFF = "keys-off";
  const ROWS = "main tbody tr, main .causes > li, main [data-row]";
  const TABS = "main .tabs a, main .tabs button";
  const WRITTEN_INTO = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])";
  const dialog = document.getElementById("key-list");

  const isOff = () => {
    try {
      return localStorage.getItem(OFF) === "yes";
    } catch {
      return false; // a browser that keeps nothing
    }
  };
  const isShown = (one) => one !== null && one.checkVisibility();
  const first = (within, selector) => [...within.querySelectorAll(selector)].find(isShown) ?? null;
  const use = (control) => {
    if (control === null) return false;
    control.click();
    return true;
  };

  const rowOf = (target) => (target instanceof Element ? target.closest(ROWS) : null);
  function step(by) {
    const rows = [...document.querySelectorAll(ROWS)].filter(isShown);
    if (rows.length === 0) return false;
    const now = rows.indexOf(rowOf(document.activeElement));
    const next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, now + by))];
    next.tabIndex = -1;
    next.focus();
    return true;
  }
  function open(target) {
    const row = rowOf(target);
    return row === target && row !== null && use(first(row, "a[href], summary, button"));
  }
  function select(target) {
    const row = rowOf(target);
    return row !== null && target.type !== "checkbox" && use(first(row, "input[type=checkbox]"));
  }
  function search() {
    const box = document.getElementById("search");
    box?.focus();
    box?.select();
    return box !== null;
  }
  function help() {
    if (dialog === null) return false;
    dialog.showModal();
    return true;
  }

  const KEYS = {
    "/": search,
    "?": help,
    j: () => step(1),
    k: () => step(-1),
    x: select,
    Enter: open,
    "[": () => use(first(document, "[data-key='['], a[rel=prev]")),
    "]": () => use(first(document, "[data-key=']'], a[rel=next]")),
  };
  const tab = (number) => use([...document.querySelectorAll(TABS)].filter(isShown)[number - 1] ?? null);
  // A control with data-key="e" is used by its key; one in a row by the row that is chosen.
  function named(key, target) {
    if (!/^[a-z]$/.test(key)) return false;
    const row = rowOf(target);
    const inRow = row === null ? null : first(row, `[data-key=${key}]`);
    return use(inRow ?? [...document.querySelectorAll(`[data-key=${key}]`)].find((one) => isShown(one) && rowOf(one) === null) ?? null);
  }

  // A browser that goes to a place in the page leaves the field alone that it would have begun in.
  addEventListener("load", () => {
    if (location.hash !== "" && document.activeElement === document.body) document.querySelector("main [autofocus]")?.focus();
  });

  document.addEventListener("keydown", (event) => {
    const target = event.composedPath()[0];
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isOff() || document.querySelector("dialog[open]") || (target instanceof Element && target.matches(WRITTEN_INTO))) return;
    const found = KEYS[event.key];
    const isDone = found ? found(target) : /^[1-5]$/.test(event.key) ? tab(Number(event.key)) : named(event.key, target);
    if (isDone) event.preventDefault();
  });

  const opener = document.querySelector("[data-opens=key-list]");
  if (dialog !== null && opener !== null) {
    opener.hidden = false;
    opener.addEventListener("click", help);
    const box = dialog.querySelector("input[type=checkbox]");
    box.checked = !isOff();
    box.addEventListener("change", () => {
      try {
        if (box.checked) localStorage.removeItem(OFF);
        else localStorage.setItem(OFF, "yes");
      } catch {
        box.checked = true;
      }
    });
  }
})();
