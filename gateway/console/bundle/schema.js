// What a JSON Schema allows at a place: keys with what they mean, and values.
import { ITEMS } from "./place.js";

const DEEPEST = 32; // schemas may name themselves

function named(root, reference) {
  let found = root;
  for (const part of reference.replace(/^#\/?/, "").split("/")) {
    if (part) found = found?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return found;
}

// Every schema that may hold: references looked up, choices side by side. What stands beside a reference, such as a
// description, goes before what the reference says.
export function choices(root, schema, depth = 0) {
  if (typeof schema !== "object" || schema === null || depth > DEEPEST) return [];
  const { $ref, allOf, anyOf, oneOf, if: _when, then, else: otherwise, ...own } = schema;
  const parts = [$ref ? named(root, $ref) : [], allOf, anyOf, oneOf, then, otherwise].flatMap((one) => one ?? []);
  const described = own.description ? { description: own.description } : {};
  const found = parts.flatMap((part) => choices(root, part, depth + 1).map((one) => ({ ...one, ...described })));
  return parts.length === 0 || own.properties || own.enum || own.items ? [own, ...found] : found;
}

function below(root, schema, step) {
  if (step === ITEMS) return [...(schema.prefixItems ?? []), ...(schema.items ? [schema.items] : [])];
  if (schema.properties && Object.hasOwn(schema.properties, step)) return [schema.properties[step]];
  const patterns = Object.entries(schema.patternProperties ?? {}).filter(([one]) => new RegExp(one, "u").test(step));
  if (patterns.length) return patterns.map(([, one]) => one);
  return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
}

// The schemas that may hold at this path.
export function schemasAt(root, path) {
  return path.reduce(
    (found, step) => found.flatMap((one) => below(root, one, step)).flatMap((one) => choices(root, one)),
    choices(root, root),
  );
}

const typeOf = (root, schema) => {
  const types = choices(root, schema).flatMap((one) => one.type ?? (one.enum || one.const !== undefined ? "choice" : []));
  return [...new Set(types)].filter((one) => one !== "null").join(" or ");
};

// `[{ name, type, description, isRequired }]` of the keys that may stand here.
export function keysOf(root, schemas) {
  const found = new Map();
  for (const schema of schemas) {
    for (const [name, one] of Object.entries(schema.properties ?? {})) {
      const description = one.description ?? choices(root, one).find((each) => each.description)?.description ?? "";
      const isRequired = (schema.required ?? []).includes(name);
      if (!found.has(name)) found.set(name, { name, type: typeOf(root, one), description, isRequired });
    }
    for (const name of schema.propertyNames?.enum ?? []) {
      if (!found.has(name)) found.set(name, { name, type: "", description: "", isRequired: false });
    }
  }
  return [...found.values()];
}

const written = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// `[{ value, description }]` of the values that may stand here, as they are written.
export function valuesOf(schemas) {
  const found = new Map();
  for (const schema of schemas) {
    const values = [
      ...(schema.enum ?? []),
      ...(schema.const !== undefined ? [schema.const] : []),
      ...(schema.type === "boolean" ? [true, false] : []),
      ...(schema.examples ?? []),
      ...(schema.default !== undefined && typeof schema.default !== "object" ? [schema.default] : []),
    ];
    for (const value of values) {
      if (typeof value === "object") continue;
      if (!found.has(written(value))) found.set(written(value), { value: written(value), description: schema.description ?? "" });
    }
  }
  return [...found.values()];
}
