// How the editor looks: by the tokens of console.css, so that light and dark are the page's. No pictures: the pages'
// policy takes none from within styles.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const SIGNS = { good: "✓", wait: "●", bad: "▲", lit: "◆" };
const none = { backgroundImage: "none" };

const marked = Object.fromEntries(
  ["good", "wait", "bad"].map((kind) => [
    `.cm-line.marked-${kind}`,
    { backgroundColor: `var(--${kind}-soft)`, boxShadow: `inset 3px 0 var(--${kind})` },
  ]),
);

const theme = EditorView.theme({
  "&": {
    color: "var(--text)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--quiet)",
    borderRadius: "var(--round)",
    maxHeight: "var(--editor-height, 70vh)",
    fontSize: ".9rem",
  },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, monospace", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", minHeight: "6rem" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 30%, transparent)",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--soft) 60%, transparent)" },
  ".cm-gutters": { color: "var(--quiet)", backgroundColor: "var(--raised)", borderRight: "1px solid var(--line)" },
  ".cm-activeLineGutter": { color: "var(--text)", backgroundColor: "var(--soft)" },
  ".cm-foldPlaceholder": { color: "var(--quiet)", backgroundColor: "var(--soft)", border: "1px solid var(--line)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--soft)", outline: "1px solid var(--quiet)" },
  ".cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--bad-soft)" },
  ".cm-selectionMatch": { backgroundColor: "var(--wait-soft)" },
  ".cm-searchMatch": { backgroundColor: "var(--wait-soft)", outline: "1px solid var(--wait)" },
  ".cm-searchMatch-selected": { outline: "2px solid var(--accent)" },
  ".cm-panels": { color: "var(--text)", backgroundColor: "var(--soft)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-textfield": { color: "inherit", backgroundColor: "var(--raised)", border: "1px solid var(--quiet)", fontSize: "1em" },
  ".cm-button": { ...none, color: "var(--accent)", backgroundColor: "var(--raised)", border: "1px solid var(--accent)", fontSize: "1em" },
  ".cm-button:active": none,
  ".cm-panel.cm-search [name=close], .cm-panel.cm-panel-lint [name=close]": { color: "inherit", fontSize: "1.2em", cursor: "pointer" },
  ".cm-panel.cm-search label": { fontSize: ".9em" },
  ".cm-tooltip": { color: "var(--text)", backgroundColor: "var(--raised)", border: "1px solid var(--quiet)", borderRadius: "var(--round)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected], .cm-tooltip-autocomplete-disabled ul li[aria-selected]": {
    color: "var(--on-accent)",
    backgroundColor: "var(--accent)",
  },
  ".cm-completionDetail": { color: "inherit", fontStyle: "normal", opacity: "1", marginLeft: "1em" },
  ".cm-completionInfo": { maxWidth: "24rem" },
  ".cm-completionInfo p": { margin: "0" },
  ".cm-completionIcon": { display: "none" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--bad)", color: "var(--text)" },
  ".cm-lintRange-error": { ...none, textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-lintRange-active": { backgroundColor: "var(--bad-soft)" },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--bad)" },
  ".cm-lint-marker-error": { content: "none", color: "var(--bad)", textAlign: "center" },
  ".cm-lint-marker-error::before": { content: `"${SIGNS.bad}"` },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--bad-soft)", color: "var(--text)" },
  ".cm-line.marked-lit": { backgroundColor: "var(--soft)", boxShadow: "inset 3px 0 var(--accent)" },
  ...marked,
});

const words = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--accent)" },
    { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
    { tag: [tags.comment, tags.lineComment, tags.meta], color: "var(--quiet)", fontStyle: "italic" },
    { tag: [tags.keyword, tags.labelName, tags.typeName], color: "var(--wait)" },
    { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--quiet)" },
  ]),
);

export const look = [theme, words];
