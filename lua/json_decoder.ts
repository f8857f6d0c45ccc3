/**
 * The reader of `cjson.decode`. It takes what lua-cjson takes, which is more than JSON: numbers as C's strtod reads
 * them, control characters in strings, anything after a zero byte. It keeps the open tables on a list of its own, so
 * that nesting costs no JavaScript stack, and it reserves nothing for what a text only promises.
 */

import { hostError } from "./error.ts";
import { MAX_STACK } from "./limits.ts";
import { parseNumber } from "./number.ts";
import { LuaTable } from "./table.ts";
import { TextBuilder } from "./text_builder.ts";
import type { LuaUserdata, LuaValue } from "./value.ts";

/** Token types, named as the error messages name them. */
type Token =
  | "T_OBJ_BEGIN"
  | "T_OBJ_END"
  | "T_ARR_BEGIN"
  | "T_ARR_END"
  | "T_STRING"
  | "T_NUMBER"
  | "T_BOOLEAN"
  | "T_NULL"
  | "T_COLON"
  | "T_COMMA"
  | "T_END"
  | "T_ERROR";

/** By character code, since this is the most frequent look-up. */
const PUNCTUATION: (Token | undefined)[] = new Array(256).fill(undefined);
PUNCTUATION[0x7b] = "T_OBJ_BEGIN";
PUNCTUATION[0x7d] = "T_OBJ_END";
PUNCTUATION[0x5b] = "T_ARR_BEGIN";
PUNCTUATION[0x5d] = "T_ARR_END";
PUNCTUATION[0x3a] = "T_COLON";
PUNCTUATION[0x2c] = "T_COMMA";

const WORDS: readonly { text: string; token: Token; value: boolean }[] = [
  { text: "true", token: "T_BOOLEAN", value: true },
  { text: "false", token: "T_BOOLEAN", value: false },
  { text: "null", token: "T_NULL", value: false },
];

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** A number as strtod reads it: decimal, hexadecimal, infinite, or none. */
const NUMBER = new RegExp(
  "[+-]?(?:0x(?:[0-9a-f]+\\.?[0-9a-f]*|\\.[0-9a-f]+)(?:p[+-]?\\d+)?" +
    "|(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?" +
    "|inf(?:inity)?|nan(?:\\([0-9a-z_]*\\))?)",
  "iy",
);

/** A number that strtod reads and JSON forbids: a plus sign, a leading zero, hexadecimal, infinite, none. */
const INVALID_NUMBER = /\+|-?(?:0[x0-9]|inf|nan)/iy;

/** Whether a character may follow digits within a number: a point, "e" or "x". */
function numberGoesOn(c: number): boolean {
  return c === 0x2e || (c | 0x20) === 0x65 || (c | 0x20) === 0x78;
}

/** Settings of a decoder. */
export interface DecoderSettings {
  /** Tables within tables, the outermost counted. */
  maxDepth: number;
  /** Whether the numbers of INVALID_NUMBER are read. */
  invalidNumbers: boolean;
  /** What `null` becomes. */
  null: LuaUserdata;
}

/** Reads one text. */
export class JsonDecoder {
  readonly #text: string;
  readonly #end: number;
  readonly #settings: DecoderSettings;
  #at = 0;
  #token: Token = "T_END";
  #tokenAt = 0;
  /** The value of the token or of the table that ended; of T_ERROR, what is wrong. */
  #value: LuaValue = undefined;
  /** The open tables, and for each the key of the value that comes next: a string, or in an array its number. */
  readonly #tables: LuaTable[] = [];
  readonly #keys: (string | number)[] = [];
  /** Values that PUC Lua would have on its stack. */
  #stack = 1;

  constructor(text: string, settings: DecoderSettings) {
    if (text.length >= 2 && (text.charCodeAt(0) === 0 || text.charCodeAt(1) === 0)) {
      throw hostError("JSON parser does not support UTF-16 or UTF-32");
    }
    const zero = text.indexOf("\0");
    this.#text = text;
    this.#end = zero < 0 ? text.length : zero;
    this.#settings = settings;
  }

  /** @throws LuaError */
  decode(): LuaValue {
    this.#next();
    while (true) {
      let complete = this.#begin();
      while (complete && this.#tables.length > 0) complete = this.#store();
      if (!complete) continue;
      const value = this.#value;
      this.#next();
      if (this.#token !== "T_END") this.#unexpected("the end");
      return value;
    }
  }

  /** Reads the value that the token begins. @returns false where that is a table, and its first value comes next */
  #begin(): boolean {
    switch (this.#token) {
      case "T_STRING":
      case "T_NUMBER":
      case "T_BOOLEAN":
        return true;
      case "T_NULL":
        this.#value = this.#settings.null;
        return true;
      case "T_ARR_BEGIN":
        return this.#open(1, "T_ARR_END");
      case "T_OBJ_BEGIN":
        return this.#open(2, "T_OBJ_END");
      default:
        return this.#unexpected("value");
    }
  }

  /**
   * Begins a table.
   * @param room what PUC Lua keeps on its stack for it while it is open: the table, and an object's key
   * @returns whether it is empty and so complete
   */
  #open(room: number, end: Token): boolean {
    const depth = this.#tables.length + 1;
    if (depth > this.#settings.maxDepth || this.#stack + room + 1 > MAX_STACK) {
      throw hostError(`Found too many nested data structures (${depth}) at character ${this.#at}`);
    }
    this.#stack += room;
    this.#tables.push(new LuaTable());
    this.#next();
    if (this.#token === end) {
      this.#close(room);
      return true;
    }
    this.#keys.push(room === 1 ? 1 : this.#objectKey());
    return false;
  }

  /** Ends the innermost table. */
  #close(room: number): void {
    this.#stack -= room;
    this.#value = this.#tables.pop();
  }

  /** Puts the value into the innermost table. @returns whether that ends there, and is the value now */
  #store(): boolean {
    const last = this.#keys.length - 1;
    const key = this.#keys[last]!;
    const array = typeof key === "number";
    this.#tables[last]!.set(key, this.#value);
    this.#next();
    if (this.#token === (array ? "T_ARR_END" : "T_OBJ_END")) {
      this.#keys.pop();
      this.#close(array ? 1 : 2);
      return true;
    }
    if (this.#token !== "T_COMMA") this.#unexpected(array ? "comma or array end" : "comma or object end");
    this.#next();
    this.#keys[last] = array ? key + 1 : this.#objectKey();
    return false;
  }

  /** The key that the token is, read on to the first token of its value. */
  #objectKey(): string {
    if (this.#token !== "T_STRING") this.#unexpected("object key string");
    const key = this.#value as string;
    if (this.#next() !== "T_COLON") this.#unexpected("colon");
    this.#next();
    return key;
  }

  #unexpected(expected: string): never {
    const found = this.#token === "T_ERROR" ? this.#value : this.#token;
    throw hostError(`Expected ${expected} but found ${found} at character ${this.#tokenAt + 1}`);
  }

  /** Reads a token. One that is malformed is T_ERROR: what was expected there only its reader can say. */
  #next(): Token {
    this.#scan();
    return this.#token;
  }

  #scan(): void {
    const text = this.#text;
    let at = this.#at;
    while (at < this.#end && isBlank(text.charCodeAt(at))) at++;
    this.#at = this.#tokenAt = at;
    if (at === this.#end) {
      this.#token = "T_END";
      return;
    }
    const c = text.charCodeAt(at);
    const punctuation = PUNCTUATION[c];
    if (punctuation !== undefined) {
      this.#token = punctuation;
      this.#at++;
    } else if (c === QUOTE) this.#string();
    else if (c === MINUS || (c >= 0x30 && c <= 0x39)) {
      if (!this.#settings.invalidNumbers && this.#matches(INVALID_NUMBER)) this.#fail("invalid number", at);
      else this.#number();
    } else this.#word();
  }

  #fail(what: string, at: number): void {
    this.#token = "T_ERROR";
    this.#value = what;
    this.#tokenAt = at;
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #number(): void {
    const at = this.#at;
    this.#token = "T_NUMBER";
    if (this.#smallInteger()) return;
    NUMBER.lastIndex = at;
    if (!NUMBER.test(this.#text)) return this.#fail("invalid number", at);
    this.#at = NUMBER.lastIndex;
    this.#value = parseNumber(this.#text.slice(at, this.#at));
  }

  /** Reads up to 15 digits where nothing follows that belongs to a number: by far the most numbers are such. */
  #smallInteger(): boolean {
    const text = this.#text;
    const negative = text.charCodeAt(this.#at) === MINUS;
    const from = negative ? this.#at + 1 : this.#at;
    let at = from;
    let value = 0;
    for (; at < this.#end && at - from < 16; at++) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === from || at - from > 15 || (at < this.#end && numberGoesOn(text.charCodeAt(at)))) {
      return false;
    }
    this.#value = negative ? -value : value;
    this.#at = at;
    return true;
  }

  /** Reads a string. Runs without an escape are copied whole. */
  #string(): void {
    const text = this.#text;
    let unescaped: TextBuilder | undefined;
    let from = this.#at + 1;
    let at = from;
    while (true) {
      const c = at < this.#end ? text.charCodeAt(at) : -1;
      if (c === QUOTE) break;
      if (c < 0) return this.#fail("unexpected end of string", at);
      if (c !== BACKSLASH) {
        at++;
        continue;
      }
      unescaped ??= new TextBuilder();
      unescaped.add(text.slice(from, at));
      const size = this.#escape(at, unescaped);
      if (size === 0) return;
      at = from = at + size;
    }
    const rest = text.slice(from, at);
    unescaped?.add(rest);
    this.#token = "T_STRING";
    this.#value = unescaped?.toString() ?? rest;
    this.#at = at + 1;
  }

  /** Adds what an escape stands for. @returns its length, 0 where it is malformed */
  #escape(at: number, out: TextBuilder): number {
    const letter = at + 1 < this.#end ? this.#text.charAt(at + 1) : "";
    const plain = ESCAPES[letter];
    if (plain !== undefined) {
      out.add(plain);
      return 2;
    }
    const code = letter === "u" ? this.#codePoint(at) : -1;
    if (code < 0) {
      this.#fail(letter === "u" ? "invalid unicode escape code" : "invalid escape code", at);
      return 0;
    }
    out.add(utf8(code));
    return code > 0xffff ? 12 : 6;
  }

  /** The code point of the escape at `at`, in two escapes where it is a pair of surrogates; -1: malformed. */
  #codePoint(at: number): number {
    const first = this.#hex4(at + 2);
    if ((first & 0xf800) !== 0xd800 || first < 0) return first;
    if (first >= 0xdc00 || !this.#text.startsWith("\\u", at + 6)) return -1;
    const second = this.#hex4(at + 8);
    if (second < 0 || (second & 0xfc00) !== 0xdc00) return -1;
    return ((first & 0x3ff) << 10 | (second & 0x3ff)) + 0x10000;
  }

  /** The number that four hexadecimal digits stand for; -1: there are none. */
  #hex4(at: number): number {
    const digits = this.#text.slice(at, at + 4);
    return /^[0-9a-fA-F]{4}$/.test(digits) ? parseInt(digits, 16) : -1;
  }

  #word(): void {
    const at = this.#at;
    for (const word of WORDS) {
      if (!this.#text.startsWith(word.text, at)) continue;
      this.#token = word.token;
      this.#value = word.value;
      this.#at = at + word.text.length;
      return;
    }
    if (this.#settings.invalidNumbers && this.#matches(INVALID_NUMBER)) this.#number();
    else this.#fail("invalid token", at);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d;
}

/** The bytes of a code point. */
function utf8(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  const last = 0x80 | code & 0x3f;
  if (code < 0x800) return String.fromCharCode(0xc0 | code >> 6, last);
  const middle = 0x80 | code >> 6 & 0x3f;
  if (code < 0x10000) return String.fromCharCode(0xe0 | code >> 12, middle, last);
  return String.fromCharCode(0xf0 | code >> 18, 0x80 | code >> 12 & 0x3f, middle, last);
}
