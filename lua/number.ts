/**
 * Numbers as text, both ways, as PUC Lua 5.1 does it through C: `tostring` is "%.14g", and a string counts as a
 * number where `strtod` takes all of it but surrounding space, hexadecimal and "inf" included.
 */

import { generalText } from "./printf.ts";
import type { LuaValue } from "./value.ts";

/** A number as Lua prints it, "%.14g". NaN is "-nan": what x86 computes for 0/0, and printf shows its sign. */
export function formatNumber(value: number): string {
  return generalText(value, 14);
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX](?:([0-9a-fA-F]+)\.?([0-9a-fA-F]*)|\.([0-9a-fA-F]+))(?:[pP]([+-]?\d+))?$/;
const WORD = /^([+-]?)(?:(inf(?:inity)?)|nan(?:\([0-9a-zA-Z_]*\))?)$/i;

/** The number that a string stands for; undefined where it stands for none. As in C, a zero byte ends the text. */
export function parseNumber(text: string): number | undefined {
  let start = 0;
  let end = text.indexOf("\0");
  if (end < 0) end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  const bare = start === 0 && end === text.length ? text : text.slice(start, end);
  if (DECIMAL.test(bare)) return Number(bare);
  const hex = HEXADECIMAL.exec(bare);
  if (hex !== null) return hexNumber(hex);
  const word = WORD.exec(bare);
  if (word === null) return undefined;
  if (word[2] === undefined) return NaN;
  return word[1] === "-" ? -Infinity : Infinity;
}

/** A number, or the one that a string stands for; undefined for anything else. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" ? parseNumber(value) : undefined;
}

/** A string, or the text of a number; undefined for anything else. */
export function toText(value: LuaValue): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? formatNumber(value) : undefined;
}

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isSpace(code: number): boolean {
  return code === 32 || code >= 9 && code <= 13;
}

/** "0" to "9". */
export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function hexNumber(match: RegExpExecArray): number {
  const fraction = match[3] ?? match[4] ?? "";
  const digits = (match[2] ?? "") + fraction;
  const exponent = Math.max(-2200, Math.min(2200, Number(match[5] ?? 0) - 4 * fraction.length));
  let value = Number(BigInt("0x" + digits));
  // In two steps: the power alone may be out of range where the product is not.
  const half = Math.trunc(exponent / 2);
  value = value * 2 ** half * 2 ** (exponent - half);
  return match[1] === "-" ? -value : value;
}
