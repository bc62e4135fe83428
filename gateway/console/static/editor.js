// The mapping editor while somebody writes: results are asked for after a moment of quiet and put in place of the old
// ones; a value lights its source, its rule and what was made of it. The page says and does everything without this.
"use strict";
(() => {
  const QUIET = 150; // milliseconds
  const WAIT = 1000; // before it is tried again where others are previewing
  const LARGEST_LIVE = 2_000_000; // bytes of a dropped file that is sent at every pause
  const form = document.getElementById("editor");
  if (form === null) return;
  const text = form.elements.text;
  const file = form.elements.sample_file;
  const part = (name) => form.querySelector(`[data-part=${name}]`);
  const say = (said) => (part("state").textContent = said);

  // --- results --------------------------------------------------------------------------------------------------
  let asked = 0; // the newest question's number: an answer to an older one is dropped
  let waiting;
  let running = null;

  function later(milliseconds = QUIET) {
    clearTimeout(waiting);
    waiting = setTimeout(ask, milliseconds);
  }
  async function ask() {
    if ((file.files[0]?.size ?? 0) > LARGEST_LIVE) return say("The sample is large: press Preview to see it.");
    const number = ++asked;
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), signal: running.signal });
      const found = await answer.text();
      if (number !== asked) return;
      if (answer.status === 429) {
        say("Waiting for other previews.");
        return later(WAIT);
      }
      if (answer.status === 413 && !found.includes("data-part")) return say("The sample is too large; nothing was previewed.");
      if (answer.redirected || !(answer.headers.get("Content-Type") ?? "").startsWith("text/html") || !found.includes("data-part"))
        return say("No preview: load the page anew.");
      swap(found);
      say(isChanged() ? "Not saved yet." : "");
    } catch (failure) {
      if (failure.name !== "AbortError" && number === asked) say("No preview: the gateway can't be reached.");
    }
  }
  function swap(found) {
    const fresh = new DOMParser().parseFromString(found, "text/html");
    for (const one of fresh.querySelectorAll("[data-part]")) {
      const old = part(one.dataset.part);
      if (old === null) continue;
      const scrolled = [...old.querySelectorAll(".sheet, .tree")].map((each) => each.scrollTop);
      const focused = old.contains(document.activeElement) ? document.activeElement.id || document.activeElement.dataset.canonical : null;
      const open = [...old.querySelectorAll("details")].map((each) => each.open);
      old.replaceChildren(...one.childNodes);
      old.querySelectorAll("details").forEach((each, at) => (each.open = open[at] ?? false));
      old.querySelectorAll(".sheet, .tree").forEach((each, at) => (each.scrollTop = scrolled[at] ?? 0));
      if (focused) [...old.querySelectorAll("a")].find((each) => [each.id, each.dataset.canonical].includes(focused))?.focus();
    }
    dress();
    showFaults();
    if (chosen) light(chosen);
  }
  function showFaults() {
    const found = [...part("mistakes").querySelectorAll("a[data-line]")].map((one) => ({
      line: Number(one.dataset.line),
      column: Number(one.dataset.column ?? 1),
      message: one.parentNode.textContent.trim(),
    }));
    text.dispatchEvent(new CustomEvent("editor:faults", { detail: found }));
  }

  // --- what belongs together ------------------------------------------------------------------------------------
  let chosen = null; // { pointers, lines }
  const lists = () => form.querySelectorAll("[data-part=source], [data-part=result]");
  const pieces = () => [...lists()].flatMap((one) => [...one.querySelectorAll(".piece, .value")]);
  const pointersOf = (one) => (one.dataset.canonical ?? "").split(" ").filter(Boolean);

  function light({ pointers, lines }, from = null) {
    const wanted = new Set(pointers);
    for (const one of pieces()) {
      const own = pointersOf(one);
      const isLit = own.length ? own.some((each) => wanted.has(each)) : wanted.size === 0 && lines.includes(Number(one.dataset.line));
      one.classList.toggle("lit", isLit || one === from);
    }
    for (const list of lists()) {
      const first = from !== null && list.contains(from) ? null : list.querySelector(".lit");
      first?.scrollIntoView({ block: "nearest" });
    }
    text.dispatchEvent(new CustomEvent("editor:mark", { detail: { kind: "lit", lines } }));
  }
  function choose(one) {
    const pointers = pointersOf(one);
    const line = Number(one.dataset.line) || null;
    if (!pointers.length && line === null) return;
    const lines = pieces().filter((each) => pointersOf(each).some((own) => pointers.includes(own))).map((each) => Number(each.dataset.line));
    chosen = { pointers, lines: [...new Set([line, ...lines])].filter(Boolean) };
    if (chosen.lines.length) goTo(chosen.lines[0], 1, false);
    light(chosen, one);
  }
  function chooseLine(line) {
    const made = pieces().filter((one) => Number(one.dataset.line) === line);
    chosen = { pointers: [...new Set(made.flatMap(pointersOf))], lines: [line] };
    light(chosen);
  }

  // --- lines of the map -----------------------------------------------------------------------------------------
  let isLed = false; // the editor's cursor is led to the rule of what was chosen: nobody chose its line
  function lineAt(place) {
    return text.value.slice(0, place).split("\n").length;
  }
  function goTo(line, column = 1, focus = true) {
    if (text.dataset.editor) {
      isLed = !focus;
      text.dispatchEvent(new CustomEvent("editor:goto", { detail: { line, column, focus } }));
      isLed = false;
      return;
    }
    const lines = text.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    if (focus) {
      text.focus();
      text.setSelectionRange(start + column - 1, start + (lines[line - 1] ?? "").length);
    }
    const height = text.scrollHeight / Math.max(1, lines.length);
    text.scrollTop = Math.max(0, (line - 4) * height);
  }

  // --- tabs, and one stop for the keyboard in each list -----------------------------------------------------------
  let tab = "canonical";
  function dress() {
    const tabs = [...part("result").querySelectorAll(".tabs a")];
    const list = part("result").querySelector(".tabs");
    list?.setAttribute("role", "tablist");
    for (const one of tabs) {
      const section = document.getElementById(one.hash.slice(1));
      one.parentNode.setAttribute("role", "presentation");
      one.setAttribute("role", "tab");
      one.id = `tab-${section.id}`;
      one.setAttribute("aria-controls", section.id);
      section.setAttribute("role", "tabpanel");
      section.setAttribute("aria-labelledby", one.id);
      section.removeAttribute("aria-label");
      section.querySelector("h3").hidden = true;
    }
    showTab(tab);
    for (const one of form.querySelectorAll("[data-part] .sheet, [data-part] .tree")) {
      const stops = [...one.querySelectorAll(".piece[href], .value")];
      stops.forEach((each, at) => (each.tabIndex = at === 0 ? 0 : -1));
      one.querySelectorAll(".at").forEach((each) => (each.tabIndex = -1));
    }
  }
  function showTab(name) {
    tab = name;
    for (const one of part("result").querySelectorAll("[role=tab]")) {
      const isShown = one.hash === `#${name}`;
      one.setAttribute("aria-selected", String(isShown));
      one.tabIndex = isShown ? 0 : -1;
      document.getElementById(one.hash.slice(1)).hidden = !isShown;
    }
  }
  function move(one, by) {
    const list = one.closest(".sheet, .tree, .tabs");
    const stops = [...(list?.querySelectorAll(".piece[href], .value, [role=tab]") ?? [])];
    const next = stops[stops.indexOf(one) + by];
    if (!next) return false;
    one.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    if (next.matches("[role=tab]")) showTab(next.hash.slice(1));
    return true;
  }
  const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

  // --- what somebody does -----------------------------------------------------------------------------------------
  const kept = text.defaultValue;
  const isChanged = () => text.value !== kept || part("state").dataset.changed === "yes";
  let isSent = false;

  text.addEventListener("input", () => later());
  form.elements.sample.addEventListener("change", () => {
    file.value = "";
    later(0);
  });
  file.addEventListener("change", () => later(0));
  text.addEventListener("editor:cursor", ({ detail }) => isLed || chooseLine(detail.line));
  for (const name of ["click", "keyup"]) text.addEventListener(name, () => chooseLine(lineAt(text.selectionStart)));
  form.addEventListener("focusin", ({ target }) => target.matches(".piece, .value") && choose(target));
  form.addEventListener("click", (event) => {
    const one = event.target.closest("a");
    if (one === null || event.ctrlKey || event.metaKey) return;
    if (one.matches("[role=tab]")) showTab(one.hash.slice(1));
    else if (one.matches(".piece, .value")) choose(one);
    else if (one.dataset.line) goTo(Number(one.dataset.line), Number(one.dataset.column ?? 1));
    else if (one.hash && document.getElementById(one.hash.slice(1))) reveal(document.getElementById(one.hash.slice(1)));
    else return;
    event.preventDefault();
  });
  function reveal(one) {
    const section = one.closest("[role=tabpanel]");
    if (section) showTab(section.id);
    one.scrollIntoView({ block: "center" });
    const stop = one.matches(".piece") ? one : one.querySelector(".value") ?? one;
    stop.tabIndex = 0;
    stop.focus();
    stop.classList.add("lit");
  }
  form.addEventListener("keydown", (event) => {
    const by = STEPS[event.key];
    if (by && event.target.matches(".piece, .value, [role=tab]") && move(event.target, by)) event.preventDefault();
  });
  form.addEventListener("submit", () => (isSent = true));
  addEventListener("pageshow", () => (isSent = false));
  addEventListener("beforeunload", (event) => {
    if (isChanged() && !isSent) event.preventDefault();
  });

  const bench = form.querySelector(".workbench");
  for (const name of ["dragover", "dragleave", "drop"])
    bench.addEventListener(name, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      bench.classList.toggle("drop", name === "dragover");
      if (name === "dragleave") return;
      event.preventDefault();
      if (name !== "drop" || event.dataTransfer.files.length === 0) return;
      file.files = event.dataTransfer.files;
      later(0);
    });

  part("listing").hidden = true; // the editor itself has lines to jump to
  dress();
})();
