/**
 * Text to tokens. One token ahead is all the parser asks for, so tokens are fields of the lexer rather than objects.
 * Errors carry the text of the token they are at, as PUC's do: what was read so far of names, strings (their escapes
 * already replaced, the quotes included) and numbers, otherwise the token's own spelling.
 */

import { LuaError } from "./error.ts";
import { isDigit, isSpace, parseNumber } from "./number.ts";
import { cString } from "../types/quoting.ts";

/** Token kinds: keywords and symbols are their own spelling. */
export const NAME = "<name>";
export const STRING = "<string>";
export const NUMBER = "<number>";
export const EOF = "<eof>";

/** Each by itself: what is cut out of a text is not the same string to V8, and slower to compare. */
const KEYWORDS: ReadonlyMap<string, string> = new Map(
  ("and break do else elseif end false for function if in local nil not or repeat return then true until while")
    .split(" ").map((word) => [word, word]),
);
const LONGEST_KEYWORD = 8;

/** What a character can be part of. */
const LETTER = 1, DIGIT = 2, SPACE = 4;
const CLASSES = Uint8Array.from({ length: 256 }, (_, c) => {
  if (isLetter(c)) return LETTER;
  return isDigit(c) ? DIGIT : isSpace(c) ? SPACE : 0;
});

/** What an escape of one letter stands for. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** More lines than this PUC does not count. */
const MAX_LINES = 0x7ffffffd;

/** The chunk's name as messages show it: of a text, its first line. */
export function displayName(chunkName: string): string {
  const limit = 59;
  if (chunkName.startsWith("=")) return chunkName.slice(1, limit + 1);
  if (chunkName.startsWith("@")) {
    const name = chunkName.slice(1);
    return name.length <= limit - 7 ? name : "..." + name.slice(name.length - (limit - 7));
  }
  const newline = chunkName.search(/[\n\r]/);
  const room = limit - ' [string "..."] '.length;
  const line = newline < 0 ? chunkName : chunkName.slice(0, newline);
  const cut = line.length > room ? line.slice(0, room) + "..." : newline >= 0 ? line + "..." : line;
  return `[string "${cut}"]`;
}

/** See the file comment. */
export class Lexer {
  /** Kind of the current token. */
  token: string = EOF;
  /** A name's or string's text, a number's digits. */
  text = "";
  /** A number's value. */
  value = 0;
  /** Line where the current token ends. */
  line = 1;
  /** Line of the token before. */
  lastLine = 1;
  /** The chunk's name as messages show it. */
  readonly source: string;

  readonly #code: string;
  #at = 0;
  /** The spelling of a name, string or number for messages. */
  #spelling = "";
  #ahead: { token: string; text: string; value: number } | undefined;

  constructor(code: string, chunkName: string) {
    this.#code = code;
    this.source = displayName(cString(chunkName));
    if (code.startsWith("#!")) this.#at = lineEnd(code, 0);
  }

  /** Moves to the next token. */
  next(): void {
    this.lastLine = this.line;
    const ahead = this.#ahead;
    if (ahead === undefined) {
      this.token = this.#scan();
      return;
    }
    this.#ahead = undefined;
    this.token = ahead.token;
    this.text = ahead.text;
    this.value = ahead.value;
  }

  /** The kind of the token after the current one, which must be a name. */
  peek(): string {
    const { token, text, value } = this;
    const next = this.#scan();
    this.#ahead = { token: next, text: this.text, value: this.value };
    this.token = token;
    this.text = text;
    this.value = value;
    return next;
  }

  /** An error at the current token. */
  error(message: string): never {
    this.fail(message, this.token);
  }

  /** An error at a line, `near` a token if one is given. */
  fail(message: string, near?: string): never {
    let text = `${this.source}:${this.line}: ${message}`;
    if (near !== undefined) text += ` near '${this.#show(near)}'`;
    throw new LuaError(text);
  }

  #show(token: string): string {
    if (token === NAME || token === STRING || token === NUMBER) return cString(this.#spelling);
    const code = token.charCodeAt(0);
    return token.length === 1 && (code < 32 || code === 127) ? `char(${code})` : token;
  }

  #scan(): string {
    const code = this.#code;
    let c: number;
    for (;;) {
      if (this.#at >= code.length) return EOF;
      c = code.charCodeAt(this.#at);
      if (c === 10 || c === 13) this.#newline();
      else if (CLASSES[c] === SPACE) this.#at++;
      else if (c === 45 && code.charCodeAt(this.#at + 1) === 45) this.#comment();
      else break;
    }
    if (CLASSES[c] === LETTER) return this.#word();
    if (CLASSES[c] === DIGIT || c === 46 && isDigit(code.charCodeAt(this.#at + 1))) return this.#number();
    if (c === 34 || c === 39) return this.#quoted(c);
    return this.#symbol(code.charAt(this.#at));
  }

  #symbol(c: string): string {
    const code = this.#code;
    if (c === "[") {
      const level = this.#bracketLevel();
      if (level >= 0) return this.#longString(level);
      if (level < -1) {
        this.#spelling = code.slice(this.#at, this.#at - level);
        this.fail("invalid long string delimiter", STRING);
      }
    }
    let length = 1;
    const after = code.charAt(this.#at + 1);
    if (after === "=" && "=<>~".includes(c)) length = 2;
    else if (c === "." && after === ".") length = code.charAt(this.#at + 2) === "." ? 3 : 2;
    this.#at += length;
    return code.slice(this.#at - length, this.#at);
  }

  #word(): string {
    const code = this.#code;
    const start = this.#at;
    let end = start + 1;
    while ((CLASSES[code.charCodeAt(end)]! & (LETTER | DIGIT)) !== 0) end++; // undefined at the end of the text
    this.#at = end;
    const text = code.slice(start, end);
    if (end - start <= LONGEST_KEYWORD) {
      const keyword = KEYWORDS.get(text);
      if (keyword !== undefined) return keyword;
    }
    this.text = this.#spelling = text;
    return NAME;
  }

  #number(): string {
    const code = this.#code;
    const start = this.#at;
    let end = start;
    while (isDigit(code.charCodeAt(end)) || code.charAt(end) === ".") end++;
    if (/[eE]/.test(code.charAt(end))) {
      end++;
      if (/[+-]/.test(code.charAt(end))) end++;
    }
    while (isLetter(code.charCodeAt(end)) || isDigit(code.charCodeAt(end))) end++;
    this.#at = end;
    this.#spelling = code.slice(start, end);
    const value = parseNumber(this.#spelling);
    if (value === undefined) this.fail("malformed number", NUMBER);
    this.value = value;
    return NUMBER;
  }

  /** A string in quotes. `quote` is its char code. */
  #quoted(quote: number): string {
    const code = this.#code;
    const open = String.fromCharCode(quote);
    let text = "";
    let from = ++this.#at;
    for (;;) {
      if (this.#at >= code.length) this.fail("unfinished string", EOF);
      const c = code.charCodeAt(this.#at);
      if (c === quote) break;
      if (c === 10 || c === 13) {
        this.#spelling = open + text + code.slice(from, this.#at);
        this.fail("unfinished string", STRING);
      }
      if (c === 92) {
        text += code.slice(from, this.#at);
        text += this.#escape(open + text);
        from = this.#at;
      } else this.#at++;
    }
    text += code.slice(from, this.#at);
    this.#at++;
    this.text = text;
    this.#spelling = open + text + open;
    return STRING;
  }

  /** What stands after a backslash. `before`: the string so far, for the message. */
  #escape(before: string): string {
    const code = this.#code;
    const c = code.charAt(++this.#at);
    if (c === "") return ""; // the caller finds the end
    if (c === "\n" || c === "\r") {
      this.#newline();
      return "\n";
    }
    if (!isDigit(c.charCodeAt(0))) {
      this.#at++;
      return ESCAPES[c] ?? c;
    }
    const digits = /^\d{1,3}/.exec(code.slice(this.#at, this.#at + 3))![0];
    this.#at += digits.length;
    if (Number(digits) > 255) {
      this.#spelling = before;
      this.fail("escape sequence too large", STRING);
    }
    return String.fromCharCode(Number(digits));
  }

  /** The number of "=" in "[==[" here; -1 where it is a lone bracket, less where something else follows. */
  #bracketLevel(): number {
    const code = this.#code;
    let at = this.#at + 1;
    while (code.charAt(at) === "=") at++;
    const level = at - this.#at - 1;
    return code.charAt(at) === code.charAt(this.#at) ? level : -level - 1;
  }

  #longString(level: number): string {
    const text = this.#longBody(level, "unfinished long string");
    const brackets = "[" + "=".repeat(level) + "[";
    this.text = text;
    this.#spelling = brackets + text + brackets.replaceAll("[", "]");
    return STRING;
  }

  /** The text between long brackets; a line end of any kind is "\n", one right at the start does not count. */
  #longBody(level: number, unfinished: string): string {
    const code = this.#code;
    const close = "]" + "=".repeat(level) + "]";
    this.#at += level + 2;
    if (/[\n\r]/.test(code.charAt(this.#at))) this.#newline();
    let text = "";
    let from = this.#at;
    for (;;) {
      if (this.#at >= code.length) this.fail(unfinished, EOF);
      const c = code.charCodeAt(this.#at);
      if (c === 10 || c === 13) {
        text += code.slice(from, this.#at) + "\n";
        this.#newline();
        from = this.#at;
      } else if (c === 93 && code.startsWith(close, this.#at)) break;
      else if (c === 91 && level === 0 && code.charCodeAt(this.#at + 1) === 91) {
        this.fail("nesting of [[...]] is deprecated", "[");
      } else this.#at++;
    }
    text += code.slice(from, this.#at);
    this.#at += close.length;
    return text;
  }

  #comment(): void {
    this.#at += 2;
    if (this.#code.charAt(this.#at) === "[") {
      const level = this.#bracketLevel();
      if (level >= 0) {
        this.#longBody(level, "unfinished long comment");
        return;
      }
    }
    this.#at = lineEnd(this.#code, this.#at);
  }

  /** Steps over a line end: one or two characters, if they differ. */
  #newline(): void {
    const code = this.#code;
    const c = code.charCodeAt(this.#at++);
    const d = code.charCodeAt(this.#at);
    if ((d === 10 || d === 13) && d !== c) this.#at++;
    if (++this.line >= MAX_LINES) this.error("chunk has too many lines");
  }
}

function lineEnd(code: string, at: number): number {
  while (at < code.length && code.charCodeAt(at) !== 10 && code.charCodeAt(at) !== 13) at++;
  return at;
}

/** What a name may start with: in the C locale, letters of ASCII and the underscore. */
function isLetter(c: number): boolean {
  return c >= 97 && c <= 122 || c >= 65 && c <= 90 || c === 95;
}
