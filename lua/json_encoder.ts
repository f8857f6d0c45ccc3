/**
 * The writer of `cjson.encode`. Open tables stand on a list of its own: nesting costs no JavaScript stack, and a table
 * that holds itself ends at the depth limit.
 */

import { hostError } from "./error.ts";
import { MAX_STACK } from "./limits.ts";
import { generalText } from "./printf.ts";
import { LuaTable } from "./table.ts";
import { TextBuilder } from "./text_builder.ts";
import { type LuaUserdata, type LuaValue, typeName } from "./value.ts";

/** Settings of an encoder. */
export interface EncoderSettings {
  /** Tables within tables, the outermost counted. */
  maxDepth: number;
  /** Significant digits of a number. */
  precision: number;
  /** Infinite numbers and NaN: refused, written as C prints them, or as null. */
  invalidNumbers: "off" | "on" | "null";
  /** An array is excessively sparse when its largest index exceeds both `ratio` x its elements and `safe`. */
  sparse: { convert: boolean; ratio: number; safe: number };
  /** What is written as `null`, besides nil. */
  null: LuaUserdata;
}

/** A table that is being written. */
interface Frame {
  table: LuaTable;
  /** The last index of an array; -1: an object. */
  length: number;
  /** The index written last, or the place in the table. */
  at: number;
}

/** The JSON text of a value. @throws LuaError */
export function encodeJson(value: LuaValue, settings: EncoderSettings): string {
  const frames: Frame[] = [];
  let stack = 1; // values that PUC Lua would have on its stack
  const out = new TextBuilder();
  let next = value;
  while (true) {
    if (next instanceof LuaTable) {
      const depth = frames.length + 1;
      if (depth > settings.maxDepth || stack + 3 > MAX_STACK) {
        throw hostError(`Cannot serialise, excessive nesting (${depth})`);
      }
      const length = arrayLength(next, settings);
      frames.push({ table: next, length, at: length > 0 ? 0 : -1 });
      stack += length > 0 ? 1 : 2;
      out.add(length > 0 ? "[" : "{");
    } else {
      out.add(scalarText(next, settings));
    }
    // On to the next element; tables without one are complete.
    while (true) {
      const frame = frames[frames.length - 1];
      if (frame === undefined) return out.toString();
      if (frame.length > 0) {
        if (frame.at < frame.length) {
          if (frame.at > 0) out.add(",");
          next = frame.table.getNumber(++frame.at);
          break;
        }
        out.add("]");
        stack--;
      } else {
        const comma = frame.at >= 0;
        frame.at = frame.table.nextIndex(frame.at);
        if (frame.at >= 0) {
          out.add((comma ? "," : "") + keyText(frame.table.keyAt(frame.at), settings) + ":");
          next = frame.table.valueAt(frame.at);
          break;
        }
        out.add("}");
        stack -= 2;
      }
      frames.pop();
    }
  }
}

/**
 * The largest index of a table that is written as an array: one whose keys are all positive integers. Not above 0 for
 * an object. lua-cjson keeps it in a C int, in which an index out of range becomes the least one.
 */
function arrayLength(table: LuaTable, settings: EncoderSettings): number {
  let largest = 0;
  let items = 0;
  for (let i = table.nextIndex(-1); i >= 0; i = table.nextIndex(i)) {
    const key = table.keyAt(i);
    if (typeof key !== "number" || key < 1 || Math.floor(key) !== key) return -1;
    if (key > largest) largest = key <= 0x7fffffff ? key : -0x80000000;
    items++;
  }
  const { convert, ratio, safe } = settings.sparse;
  if (ratio > 0 && largest > items * ratio && largest > safe) {
    if (!convert) throw unserialisable(table, "excessively sparse array");
    return -1;
  }
  return largest;
}

function scalarText(value: LuaValue, settings: EncoderSettings): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      return numberText(value, settings);
    case "boolean":
      return value ? "true" : "false";
    case "undefined":
      return "null";
    default:
      if (value === settings.null) return "null";
      throw unserialisable(value, "type not supported");
  }
}

function keyText(key: LuaValue, settings: EncoderSettings): string {
  if (typeof key === "string") return quoted(key);
  if (typeof key === "number") return '"' + numberText(key, settings) + '"';
  throw unserialisable(key, "table key must be a number or string");
}

function numberText(value: number, settings: EncoderSettings): string {
  if (!Number.isFinite(value)) {
    if (settings.invalidNumbers === "off") throw unserialisable(value, "must not be NaN or Inf");
    if (settings.invalidNumbers === "null") return "null";
    // The sign of NaN, which tostring shows, is left out here.
    if (value !== value) return "nan";
  }
  return generalText(value, settings.precision);
}

function unserialisable(value: LuaValue, reason: string) {
  return hostError(`Cannot serialise ${typeName(value)}: ${reason}`);
}

// deno-lint-ignore no-control-regex -- control characters are what has to be escaped
const ESCAPED = /["\\/\x00-\x1f\x7f]/g;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quoted(text: string): string {
  return '"' + (hasEscaped(text) ? text.replace(ESCAPED, escape) : text) + '"';
}

/** Short strings are looked at here: starting the engine of regular expressions takes longer. */
function hasEscaped(text: string): boolean {
  if (text.length > SHORT_LENGTH) return text.search(ESCAPED) >= 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c === 0x22 || c === 0x2f || c === 0x5c || c === 0x7f) return true;
  }
  return false;
}

const SHORT_LENGTH = 32;

function escape(c: string): string {
  return SHORT_ESCAPES[c] ?? "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0");
}
