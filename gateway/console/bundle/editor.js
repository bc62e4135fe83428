// CodeMirror over `textarea[data-language=yaml]`. The textarea stays the form's field and says `input` at every change,
// so that forms and whatever listens to it work as they do without this. README.md here says what it listens to.
import { autocompletion } from "@codemirror/autocomplete";
import { yaml } from "@codemirror/lang-yaml";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorSelection, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";
import { basicSetup } from "codemirror";

import { completionFrom } from "./completion.js";
import { look } from "./look.js";

const HINT =
  "Tab leaves the editor; Ctrl+] and Ctrl+[ indent and take back, Ctrl+Space completes, Ctrl+F searches, F8 goes to the next fault.";
const KINDS = ["good", "wait", "bad", "lit"];

const mark = StateEffect.define(); // { lines, kind }: these lines instead of those that were of this kind
const marks = StateField.define({
  create: () => Decoration.none,
  update(found, change) {
    let kept = found.map(change.changes);
    for (const effect of change.effects) {
      if (!effect.is(mark)) continue;
      const { lines, kind } = effect.value;
      const line = Decoration.line({ class: `marked-${kind}`, kind });
      const inside = lines.filter((one) => one >= 1 && one <= change.state.doc.lines);
      kept = kept.update({
        filter: (_from, _to, one) => one.spec.kind !== kind,
        add: inside.map((one) => line.range(change.state.doc.line(one).from)),
        sort: true,
      });
    }
    return kept;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const clamp = (number, least, most) => Math.max(least, Math.min(most, Math.trunc(number) || least));

// The place of a line and a column, both counted from 1, or the nearest that there is.
function placeOf(doc, line, column = 1) {
  const found = doc.line(clamp(line, 1, doc.lines));
  return Math.min(found.from + clamp(column, 1, found.length + 1) - 1, found.to);
}

function diagnosticOf(doc, fault) {
  const from = placeOf(doc, fault.line, fault.column);
  const line = doc.lineAt(from);
  const rest = line.text.slice(from - line.from);
  const start = from + (rest.length - rest.trimStart().length);
  return { from: start, to: Math.max(start, line.from + line.text.trimEnd().length), severity: "error", message: fault.message };
}

function showFaults(view, faults) {
  const found = faults.map((one) => diagnosticOf(view.state.doc, one)).sort((one, other) => one.from - other.from);
  view.dispatch(setDiagnostics(view.state, found));
}

function nameOf(text) {
  return text.getAttribute("aria-label") ?? [...text.labels].map((one) => one.textContent.trim()).join(" ");
}

function tellChanges(text) {
  let line = 0;
  return EditorView.updateListener.of((update) => {
    if (update.docChanged) {
      text.value = update.state.doc.toString();
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const now = update.state.doc.lineAt(update.state.selection.main.head).number;
    if (update.selectionSet && now !== line) {
      line = now;
      text.dispatchEvent(new CustomEvent("editor:cursor", { bubbles: true, detail: { line } }));
    }
  });
}

function listen(text, view) {
  text.addEventListener("editor:goto", ({ detail }) => {
    const place = placeOf(view.state.doc, detail.line, detail.column);
    view.dispatch({
      selection: EditorSelection.cursor(place),
      effects: EditorView.scrollIntoView(place, { y: "center" }),
    });
    if (detail.focus !== false) view.focus();
  });
  text.addEventListener("editor:mark", ({ detail }) => {
    const kind = KINDS.includes(detail.kind) ? detail.kind : "lit";
    view.dispatch({ effects: mark.of({ lines: detail.lines, kind }) });
  });
  text.addEventListener("editor:faults", ({ detail }) => showFaults(view, detail));
  const takeOver = () => {
    const now = view.state.doc.toString();
    if (text.value !== now) view.dispatch({ changes: { from: 0, to: now.length, insert: text.value } });
  };
  text.addEventListener("input", takeOver); // a script of the page wrote into the field
  text.form?.addEventListener("reset", () => queueMicrotask(takeOver));
  for (const label of text.labels) label.addEventListener("click", () => view.focus());
}

function hintBelow(host) {
  const hint = document.createElement("p");
  hint.className = "quiet editor-hint";
  hint.textContent = HINT;
  host.after(hint);
}

// Puts an editor over the field. Its styles stand in a shadow root, where they need no <style> that the pages' policy
// would refuse.
export function mount(text) {
  if (text.dataset.editor) return;
  text.dataset.editor = "on";
  const host = document.createElement("div");
  host.className = "editor";
  text.before(host);
  const root = host.attachShadow({ mode: "open" });
  const schema = text.dataset.schema;
  const hadFocus = document.activeElement === text;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text.value,
      selection: hadFocus ? { anchor: text.selectionStart } : undefined,
      extensions: [
        look,
        basicSetup,
        yaml(),
        schema ? autocompletion({ override: [completionFrom(schema)] }) : [],
        lintGutter(),
        marks,
        tellChanges(text),
        EditorView.lineWrapping,
        EditorState.readOnly.of(text.readOnly),
        EditorView.contentAttributes.of({ "aria-label": nameOf(text), tabindex: "0" }),
      ],
    }),
  });
  text.hidden = true;
  text.required = false; // a browser can't ask for what it doesn't show; the server asks
  listen(text, view);
  hintBelow(host);
  if (text.dataset.faults) showFaults(view, JSON.parse(text.dataset.faults));
  if (hadFocus) view.focus();
}
