// What the editor offers while somebody writes, from the schema at `data-schema`.
import { placeAt } from "./place.js";
import { keysOf, schemasAt, valuesOf } from "./schema.js";

const fetched = new Map(); // address → promise of the schema

function schemaAt(address) {
  if (!fetched.has(address)) {
    const asked = fetch(address, { headers: { Accept: "application/json" } }).then((answer) => {
      if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
      return answer.json();
    });
    asked.catch(() => fetched.delete(address));
    fetched.set(address, asked);
  }
  return fetched.get(address);
}

function told(description) {
  if (!description) return undefined;
  return () => {
    const shown = document.createElement("p");
    shown.textContent = description;
    return shown;
  };
}

const byName = (one, other) => Number(other.isRequired) - Number(one.isRequired) || one.name.localeCompare(other.name);

function keyOptions(root, schemas, beside) {
  const missing = keysOf(root, schemas).filter((one) => !beside.has(one.name)).sort(byName);
  return missing.map((one, at) => ({
    label: one.name,
    apply: /^(array|object)$/.test(one.type) ? `${one.name}:` : `${one.name}: `,
    detail: [one.type, one.isRequired ? "needed" : ""].filter(Boolean).join(", "),
    info: told(one.description),
    type: "property",
    boost: -Math.min(at, 99),
  }));
}

// The completion source of a text whose schema is at this address.
export function completionFrom(address) {
  return async (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const place = placeAt(context.state.doc.toString(), line.number - 1, context.pos - line.from);
    if (place === null || (context.pos === line.from + place.from && !context.explicit && place.kind === "key")) return null;
    let root;
    try {
      root = await schemaAt(address);
    } catch {
      return null; // the text can be written without
    }
    const schemas = schemasAt(root, place.path);
    const options =
      place.kind === "key"
        ? keyOptions(root, schemas, place.beside)
        : valuesOf(schemas).map((one) => ({ label: one.value, info: told(one.description), type: "enum" }));
    return options.length ? { from: line.from + place.from, options, validFor: /^[^\s:#]*$/ } : null;
  };
}
