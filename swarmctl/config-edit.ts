import { isDeepStrictEqual } from "node:util";
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  parseDocument,
  Scalar,
  visit,
  type Pair,
  type YAMLMap,
} from "yaml";
import { UsageError } from "./errors";

/** New values by key, or that the whole is taken away. */
export type Changes = Readonly<Record<string, unknown>> | "remove";

/**
 * Edits one map of a stack's configuration in the text of its file. Only what changes is written anew: comments, order,
 * indentation and quotes of all else stay as they are. Pure.
 *
 * @param text the file, `Pulumi.<stack>.yaml`.
 * @param key the map's full key, e.g. "swarm:autoscale"; it is made where there is none.
 * @throws UsageError when the map is written in a way that is not edited by hand of a program: an alias, another type.
 */
export function editConfig(text: string, file: string, key: string, changes: Changes): string {
  const before = readConfig(text, file);
  const after = changes === "remove" ? removePair(text, file, key) : setValues(text, file, key, changes);
  const { [key]: old, ...others } = before;
  const merged = changes === "remove" ? {} : { [key]: { ...asMap(old), ...changes } };
  if (!isDeepStrictEqual(readConfig(after, file), { ...others, ...merged }))
    throw new Error(`${file}: the edit of ${key} went wrong, nothing was written:\n${after}`);
  return after;
}

/** The differences of two versions of a file, as `diff -u` prints them; empty where there are none. */
export function unifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return "";
  return createTwoFilesPatch(file, file, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/** The values of the configuration of a stack's file, by full key. */
export function readConfig(text: string, file: string): Readonly<Record<string, unknown>> {
  const content = parse(text, file).toJS() as { config?: unknown } | null;
  const config = content?.config;
  return typeof config === "object" && config !== null && !Array.isArray(config)
    ? (config as Record<string, unknown>)
    : {};
}

function parse(text: string, file: string): Document.Parsed {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw new UsageError(`${file}: ${error.message.split("\n")[0]?.replace(/:$/, "") ?? ""}; mend the file.`);
  return document;
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "string") return (value ?? {}) as Readonly<Record<string, unknown>>;
  return value === "" ? {} : (JSON.parse(value) as Readonly<Record<string, unknown>>);
}

function setValues(text: string, file: string, key: string, values: Readonly<Record<string, unknown>>): string {
  const { pair, config } = locate(text, file, key);
  if (pair === undefined) return insert(text, config, key, values);
  const { value } = pair;
  if (isMap(value))
    return Object.entries(values).reduce((current, [name, given]) => setValue(current, file, key, name, given), text);
  // `pulumi config set` writes a map as JSON in a text
  if (isScalar(value) && (value.value === null || typeof value.value === "string") && isObject(value.value)) {
    return replace(text, config, pair, key, { ...asMap(value.value), ...values });
  }
  throw new UsageError(`${file}: ${key} is ${isAlias(value) ? "an alias" : "no map"}; edit it by hand.`);
}

function isObject(value: string | null): boolean {
  try {
    const parsed = asMap(value);
    return typeof parsed === "object" && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

/** Sets one value of the map; the text is read anew since the one before has moved what follows. */
function setValue(text: string, file: string, key: string, name: string, value: unknown): string {
  const map = locate(text, file, key).pair?.value;
  if (!isMap(map)) throw new Error(`${file}: ${key} is no map any more`);
  const pair = map.items.find((item) => nameOf(item) === name);
  if (pair === undefined) return insert(text, map, name, value);
  const old = pair.value;
  if (isDeepStrictEqual(isNode(old) ? old.toJSON() : old, value)) return text;
  if (isScalar(old) && old.range && typeof value === "number")
    return text.slice(0, old.range[0]) + String(value) + text.slice(old.range[1]);
  return replace(text, map, pair, name, value);
}

function locate(
  text: string,
  file: string,
  key: string,
): { readonly config: YAMLMap; readonly pair: Pair | undefined } {
  const config = parse(text, file).get("config", true);
  if (!isMap(config)) throw new UsageError(`${file}: it has no map "config"; edit it by hand.`);
  return { config, pair: config.items.find((item) => nameOf(item) === key) };
}

function nameOf(pair: Pair): unknown {
  return isScalar(pair.key) ? pair.key.value : pair.key;
}

/** Adds a pair as the last of a map. */
function insert(text: string, map: YAMLMap, name: string, value: unknown): string {
  const last = map.items.at(-1);
  if (map.flow === true) {
    const at = last === undefined ? startOf(map) + 1 : endOf(last, text);
    return `${text.slice(0, at)}${last === undefined ? "" : ", "}${name}: ${flow(value)}${text.slice(at)}`;
  }
  if (last === undefined) throw new Error("a block map without a pair");
  const end = endOf(last, text);
  const at = text[end - 1] === "\n" ? end : lineEnd(text, end);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const begin = at > 0 && text[at - 1] !== "\n" ? eol : "";
  return `${text.slice(0, at)}${begin}${block(name, value, columnOf(map, text), eol)}${eol}${text.slice(at)}`;
}

/** Writes a pair of a map anew, in its place. */
function replace(text: string, map: YAMLMap, pair: Pair, name: string, value: unknown): string {
  const [start, end] = [startOf(pair), endOf(pair, text)];
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const written =
    map.flow === true ? `${name}: ${flow(value)}` : block(name, value, columnOf(map, text), eol).trimStart();
  return text.slice(0, start) + written + (text[end - 1] === "\n" ? eol : "") + text.slice(end);
}

function removePair(text: string, file: string, key: string): string {
  const { pair, config } = locate(text, file, key);
  if (pair === undefined) return text;
  if (config.flow === true) throw new UsageError(`${file}: ${key} shares a line with others; take it out by hand.`);
  const end = endOf(pair, text);
  const from = text.lastIndexOf("\n", startOf(pair)) + 1;
  return text.slice(0, from) + text.slice(text[end - 1] === "\n" ? end : lineEnd(text, end));
}

/** A pair as lines of a block map: a map as a block of its own, a list of maps with one in each line. */
function block(name: string, value: unknown, column: number, eol: string): string {
  const indent = " ".repeat(column);
  if (Array.isArray(value) && value.length > 0)
    return [`${indent}${name}:`, ...value.map((item) => `${indent}  - ${flow(item)}`)].join(eol);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const lines = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([inner, given]) => block(inner, given, column + 2, eol));
    return [`${indent}${name}:`, ...lines].join(eol);
  }
  return `${indent}${name}: ${flow(value)}`;
}

/** A value in one line. A text that begins with a digit is quoted: to YAML 1.1 "18:00" is the number 1080. */
function flow(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && /^\d/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
    Collection: (_, node) => {
      node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd();
}

/** Where the text of a node or pair begins. */
function startOf(node: unknown): number {
  const own = isPair(node) ? node.key : node;
  if (!isNode(own) || !own.range) throw new Error("a node that has no place in the text");
  return own.range[0];
}

/**
 * Where the text of a node or pair ends, without the comment behind it: the ranges of block collections have that, too.
 */
function endOf(node: unknown, text: string): number {
  if (isPair(node)) {
    if (isNode(node.value)) return endOf(node.value, text);
    return text.indexOf(":", endOf(node.key, text)) + 1;
  }
  if (isCollection(node) && node.flow !== true && node.items.length > 0) return endOf(node.items.at(-1), text);
  if (!isNode(node) || !node.range) throw new Error("a node that has no place in the text");
  return node.range[1];
}

/** Behind the end of the line that a place lies in. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

/** How far the keys of a block map are indented. */
function columnOf(map: YAMLMap, text: string): number {
  const [first] = map.items;
  if (first === undefined) throw new Error("a block map without a pair");
  const start = startOf(first);
  return start - text.lastIndexOf("\n", start - 1) - 1;
}
