// Where in a YAML text the cursor stands, read by indentation alone: text that is being written seldom parses.

const ENTRY = /^(?<indent>\s*)(?<dashes>(?:- +)*)(?<key>"[^"]*"|'[^']*'|[^\s#:'"[\]{},&*!|>%@`-][^#:]*?|-[^\s#:][^#:]*?)\s*:(?:\s+(?<value>.*))?$/;
const ITEM = /^(?<indent>\s*)(?<dashes>(?:-(?: +|$))+)/;

export const ITEMS = Symbol("the items of a list");

// One line: the column its own part begins in, the columns of its dashes, its key and what stands behind it.
function readLine(text) {
  const indent = text.length - text.trimStart().length;
  const dashes = [];
  const item = ITEM.exec(text);
  let at = indent;
  if (item) {
    for (let column = indent; column < item[0].length; column++) if (text[column] === "-") dashes.push(column);
    at = item[0].length;
  }
  const entry = ENTRY.exec(text);
  const key = entry ? entry.groups.key.replace(/^(["'])(.*)\1$/, "$2") : null;
  return { indent, dashes, at, key, value: entry?.groups.value ?? "" };
}

const isBlank = (text) => /^\s*(#.*)?$/.test(text);

// What the line's own part stands in, outermost first: names of keys, and ITEMS for a list.
function pathTo(lines, number, column) {
  const path = [];
  let limit = column;
  const own = readLine(lines[number]);
  for (const dash of own.dashes.toReversed()) {
    if (dash < limit) {
      path.push(ITEMS);
      limit = dash;
    }
  }
  let inList = path.length > 0 || own.dashes.length > 0;
  for (let above = number - 1; above >= 0 && (limit > 0 || inList); above--) {
    if (isBlank(lines[above])) continue;
    const line = readLine(lines[above]);
    // A list may stand in the same column as the key that it belongs to.
    if (line.key !== null && (line.at < limit || (inList && line.at === limit)) && line.value.replace(/#.*/, "").trim() === "") {
      path.push(line.key);
      limit = line.at;
      inList = false;
    }
    for (const dash of line.dashes.toReversed()) {
      if (dash < limit) {
        path.push(ITEMS);
        limit = dash;
        inList = true;
      }
    }
    if (line.indent < limit && !inList) limit = line.indent;
  }
  return path.reverse();
}

// The keys that stand beside the line's own part.
function keysBeside(lines, number, column) {
  const found = new Set();
  for (const step of [-1, 1]) {
    for (let at = number; at >= 0 && at < lines.length; at += step) {
      if (at !== number && isBlank(lines[at])) continue;
      const line = readLine(lines[at]);
      if (at !== number && line.key !== null && line.at === column) found.add(line.key);
      const begins = line.dashes.some((dash) => dash < column);
      if (step === -1 && begins) break; // where the list's item begins
      if (at !== number && (step === 1 ? begins || line.at < column : line.at < column)) break;
    }
  }
  return found;
}

// What may be written at the cursor: `{ kind: "key" | "value", path, key, from, beside }`; null within a comment or
// text over several lines. `line` counts from 0, `column` from 0; `from` is the column the word begins in.
export function placeAt(text, line, column) {
  const lines = text.split("\n");
  const before = lines[line].slice(0, column);
  if (/(^|\s)#/.test(before)) return null;
  const entry = /^(?<head>\s*(?:- +)*(?<key>"[^"]*"|'[^']*'|[^\s#:'"-][^#:]*?)\s*:\s+)(?<word>.*)$/.exec(before);
  const own = readLine(lines[line]);
  if (entry) {
    const key = entry.groups.key.replace(/^(["'])(.*)\1$/, "$2");
    return { kind: "value", path: [...pathTo(lines, line, own.at), key], key, from: entry.groups.head.length };
  }
  const start = /^(\s*(?:- +)*)[^\s:]*$/.exec(before);
  if (!start) return null;
  const from = start[1].length;
  return { kind: "key", path: pathTo(lines, line, from), from, beside: keysBeside(lines, line, from) };
}
