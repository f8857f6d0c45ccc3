/**
 * The `string` library. Patterns are in patterns.ts, `format` is in format.ts; here are the functions, which are
 * the only ones that count from 1.
 */

import { functionArg, int32Arg, integerArg, optionalInt32, optionalInteger, stringArg } from "./args.ts";
import { call } from "./call.ts";
import { argumentError, hostError, LuaError } from "./error.ts";
import { format } from "./format.ts";
import { addFunctions } from "./library.ts";
import { MAX_CHAIN, MAX_STACK, stackOverflow } from "./limits.ts";
import { toText } from "./number.ts";
import {
  captureLength,
  captureStart,
  matchAt,
  type Pattern,
  patternOf,
  POSITION,
  UNFINISHED,
} from "./patterns.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import { MAX_LENGTH, TextBuilder } from "./text_builder.ts";
import { cString } from "../types/quoting.ts";
import {
  all,
  first,
  generatorFunction,
  hostFunction,
  type LuaCall,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NOTHING,
  truthy,
  typeName,
} from "./value.ts";

/** Gives scripts the library `string`, and all strings its functions as methods. */
export function openString(state: LuaState): void {
  const table = new LuaTable(0, 15);
  addFunctions(table, { // in Lua's order, which shows in `pairs`
    byte,
    char,
    dump,
    find: (...args) => find(args, true),
    format,
    gfind: gmatch,
    gmatch,
  });
  table.setStr("gsub", generatorFunction("gsub", (...args) => gsub(state, args)));
  addFunctions(table, {
    len: (...args) => stringArg(args, 0).length,
    lower,
    match: (...args) => find(args, false),
    rep,
    reverse,
    sub,
    upper,
  });
  table.setStr("gfind", table.getStr("gmatch")); // the name in Lua 5.0, for the same function
  state.globals.setStr("string", table);
  state.stringMetatable.setStr("__index", table);
}

/** An offset from the end, -1 being the last byte, as one from the start; before the start is 0. */
function fromEnd(position: number, length: number): number {
  return position >= 0 ? position : Math.max(position + length + 1, 0);
}

function byte(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  const from = fromEnd(optionalInteger(args, 1, 1), text.length);
  const to = Math.min(fromEnd(optionalInteger(args, 2, from), text.length), text.length);
  const first = Math.max(from, 1);
  if (first === to) return text.charCodeAt(first - 1);
  if (first > to) return NOTHING;
  if (to - first + 1 + args.length > MAX_STACK) stackOverflow("string slice too long");
  const codes: number[] = [];
  for (let i = first; i <= to; i++) codes.push(text.charCodeAt(i - 1));
  return codes;
}

function char(...args: LuaValue[]): LuaResult {
  let text = "";
  for (let i = 0; i < args.length; i++) {
    const code = int32Arg(args, i);
    if (code < 0 || code > 255) throw argumentError(i + 1, "invalid value");
    text += String.fromCharCode(code);
  }
  return text;
}

function dump(...args: LuaValue[]): LuaResult {
  functionArg(args, 0);
  throw hostError("unable to dump given function"); // there is no byte code to dump, nor one that could be loaded
}

function sub(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  const from = fromEnd(integerArg(args, 1), text.length);
  const to = fromEnd(optionalInteger(args, 2, -1), text.length);
  return text.slice(Math.max(from, 1) - 1, to);
}

function rep(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  const count = int32Arg(args, 1);
  if (count <= 0 || text.length === 0) return "";
  if (text.length * count > MAX_LENGTH) throw hostError("resulting string too large");
  return text.repeat(count);
}

// Bytes above 127 have no case, as the library's locale is C.
// deno-lint-ignore no-control-regex -- the range is that of ASCII
const ONLY_ASCII = /^[\x00-\x7f]*$/;

function lower(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  return ONLY_ASCII.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (run) => run.toLowerCase());
}

function upper(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  return ONLY_ASCII.test(text) ? text.toUpperCase() : text.replace(/[a-z]+/g, (run) => run.toUpperCase());
}

function reverse(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  const pieces: string[] = [];
  const codes: number[] = [];
  for (let i = text.length - 1; i >= 0; i--) {
    codes.push(text.charCodeAt(i));
    if (codes.length === 4096 || i === 0) {
      pieces.push(String.fromCharCode(...codes));
      codes.length = 0;
    }
  }
  return pieces.join("");
}

/** What makes a pattern more than a text to look for. */
const SPECIAL = /[\^$*+?.([%-]/;

/** A text without a special character (as in C, before its first zero byte) is looked for as it is. */
function isPlain(pattern: string): boolean {
  return !SPECIAL.test(cString(pattern));
}

/** `string.find` (positions and captures) and `string.match` (captures, or the whole match where there are none). */
function find(args: readonly LuaValue[], positions: boolean): LuaResult {
  const text = stringArg(args, 0);
  const pattern = stringArg(args, 1);
  const begin = Math.max(fromEnd(optionalInteger(args, 2, 1), text.length), 1) - 1;
  const from = Math.min(begin, text.length);
  if (positions && ((args[3] !== undefined && args[3] !== false) || isPlain(pattern))) {
    const at = text.indexOf(pattern, from);
    return at < 0 ? undefined : [at + 1, at + pattern.length];
  }
  const anchor = pattern.charAt(0) === "^";
  const program = patternOf(pattern, anchor);
  for (let at = from; at <= text.length; at++) {
    const end = matchAt(program, text, at);
    if (end >= 0) {
      if (!positions) return captures(program, text, at, end);
      const found: LuaValue[] = [at + 1, end];
      for (let i = 0; i < program.captures; i++) found.push(capture(text, i));
      return found;
    }
    if (anchor) break;
  }
  return undefined;
}

/** A capture of the last match: a text, or a position from 1. */
function capture(text: string, i: number): LuaValue {
  const start = captureStart[i]!;
  const length = captureLength[i]!;
  if (length === POSITION) return start + 1;
  if (length === UNFINISHED) throw hostError("unfinished capture");
  return text.slice(start, start + length);
}

/** All captures of the last match; the whole match where the pattern has none. */
function captures(pattern: Pattern, text: string, at: number, end: number): LuaResult {
  if (pattern.captures === 0) return text.slice(at, end);
  if (pattern.captures === 1) return capture(text, 0);
  const values: LuaValue[] = [];
  for (let i = 0; i < pattern.captures; i++) values.push(capture(text, i));
  return values;
}

function gmatch(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  const program = patternOf(stringArg(args, 1), false); // a ^ is no anchor here
  let from = 0;
  return hostFunction("gmatch_iterator", () => {
    for (let at = from; at <= text.length; at++) {
      const end = matchAt(program, text, at);
      if (end < 0) continue;
      from = end === at ? end + 1 : end;
      return captures(program, text, at, end);
    }
    return NOTHING;
  });
}

/** The most replacements where the caller gives no number. */
const ALL_REPLACEMENTS = Infinity;

function* gsub(state: LuaState, args: readonly LuaValue[]): LuaCall {
  const text = stringArg(args, 0);
  const pattern = stringArg(args, 1);
  const anchor = pattern.charAt(0) === "^";
  const most = optionalInt32(args, 3, ALL_REPLACEMENTS);
  const replacement = toText(args[2]) ?? args[2];
  if (
    typeof replacement !== "string" && !(replacement instanceof LuaTable) &&
    !(replacement instanceof LuaFunction)
  ) {
    throw argumentError(3, "string/function/table expected");
  }
  const program = patternOf(pattern, anchor);
  const constant = typeof replacement === "string" && !replacement.includes("%");
  const out = new TextBuilder();
  let copied = 0; // the subject up to here is in `out`
  let count = 0;
  let at = 0;
  while (count < most) {
    const end = matchAt(program, text, at);
    if (end >= 0) {
      count++;
      out.add(text.slice(copied, at));
      copied = end;
      if (constant) out.add(replacement);
      else if (typeof replacement === "string") out.add(expand(replacement, program, text, at, end));
      else {
        // A table is asked for the first capture, a function is given all of them.
        const value = replacement instanceof LuaTable
          ? yield* index(state, replacement, program.captures > 0 ? capture(text, 0) : text.slice(at, end))
          : yield* call(state, replacement, all(captures(program, text, at, end)));
        out.add(replacementText(first(value), text, at, end));
      }
    }
    if (end > at) at = end;
    else if (at < text.length) at++;
    else break;
    if (anchor) break;
  }
  if (count === 0) return [text, 0];
  out.add(text.slice(copied));
  return [out.toString(), count];
}

/** A replacement text with captures in place of `%0` to `%9`; `%` before anything else stands for that. */
function expand(replacement: string, program: Pattern, text: string, at: number, end: number): string {
  let out = "";
  let from = 0;
  while (true) {
    const percent = replacement.indexOf("%", from);
    if (percent < 0) return out + replacement.slice(from);
    const digit = replacement.charCodeAt(percent + 1) - 0x30;
    out += replacement.slice(from, percent);
    if (digit >= 0 && digit <= 9) out += numberedCapture(digit, program, text, at, end);
    else out += replacement.charAt(percent + 1) || "\0"; // at the end it stands for C's terminating zero
    from = percent + 2;
  }
}

/** `%0` is the whole match, and so is `%1` where there are no captures. */
function numberedCapture(digit: number, program: Pattern, text: string, at: number, end: number): string {
  if (digit === 0 || (digit === 1 && program.captures === 0)) return text.slice(at, end);
  if (digit > program.captures) throw hostError("invalid capture index");
  return String(capture(text, digit - 1));
}

/** `table[key]`, which may call a metamethod. */
function* index(state: LuaState, table: LuaTable, key: LuaValue): LuaCall {
  let object: LuaValue = table;
  for (let i = 0; i < MAX_CHAIN; i++) {
    const value: LuaValue = object instanceof LuaTable ? object.get(key) : undefined;
    const handler: LuaValue = value === undefined ? state.metatableOf(object)?.getStr("__index") : undefined;
    if (handler instanceof LuaFunction) return yield* call(state, handler, [object, key]);
    if (handler === undefined) {
      if (object instanceof LuaTable) return value;
      throw new LuaError(`attempt to index a ${typeName(object)} value`);
    }
    object = handler;
  }
  throw new LuaError("loop in gettable");
}

/** What is put in place of a match for the value that a table or function gave: the match itself for nil and false. */
function replacementText(value: LuaValue, text: string, at: number, end: number): string {
  if (!truthy(value)) return text.slice(at, end);
  const replacement = toText(value);
  if (replacement === undefined) throw hostError(`invalid replacement value (a ${typeName(value)})`);
  return replacement;
}
