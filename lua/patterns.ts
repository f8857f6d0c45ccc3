/**
 * Lua 5.1 patterns: what string.find, match, gmatch and gsub search for.
 *
 * A pattern is a straight line of items, so it compiles to a flat program and a match needs no recursion: the only
 * choices are how often a repeated item is taken, each item has at most one open choice, and all of them stand on an
 * explicit stack. No pattern can exhaust the JavaScript stack, and captures need no undoing (an item before a choice
 * is not run again, one after it writes its capture anew).
 *
 * Items are compiled when a match first reaches them, since that is when Lua finds a malformed one: `find("x", "y[")`
 * is no error. As in Lua 5.1 a zero byte ends a pattern.
 */
import { hostError } from "./error.ts";
import { isDigit, isSpace } from "./number.ts";
import { cString } from "../types/quoting.ts";

function fail(text: string): never {
  throw hostError(text);
}

/** Captures that a pattern may have. */
const MAX_CAPTURES = 32;

/** `captureLength` of a capture that `()` made: its position is the value. */
export const POSITION = -1;

/** `captureLength` of a capture that was opened and is not closed. */
export const UNFINISHED = -2;

/** Where the captures of the last successful match start, and how long they are (or one of the two above). */
export const captureStart = new Int32Array(MAX_CAPTURES);
export const captureLength = new Int32Array(MAX_CAPTURES);

// What an operation does; two operands follow.
const END = 0; // the pattern is used up
const ONE = 1; // one byte of a set
const GREEDY = 2; // as many bytes of a set as possible; second operand: the least number
const LAZY = 3; // as few bytes of a set as possible
const OPTIONAL = 4; // one byte of a set or none
const OPEN = 5; // a capture begins
const HERE = 6; // a position capture
const CLOSE = 7; // a capture ends
const BALANCE = 8; // %bxy
const FRONTIER = 9; // %f[set]
const REPEATED = 10; // %1: what a capture holds
const LAST = 11; // $: the end of the subject

/** Numbers of one operation in the program. */
const WIDTH = 3;

/** A set of bytes: 256 entries, 1 for a member. */
type ByteSet = Uint8Array;

/** A compiled pattern. */
export class Pattern {
  /** Operations of WIDTH numbers each: what it does and two operands (a set's or capture's number, a byte). */
  readonly ops: number[] = [];
  readonly sets: ByteSet[] = [];
  /** Captures opened by the operations compiled so far; all of them when a match has succeeded. */
  captures = 0;
  readonly #text: string;
  #at: number;
  /** Captures that are open, the innermost last. */
  readonly #open: number[] = [];

  /** @param from where the pattern begins: 1 after a leading `^` that the caller has seen to, else 0 */
  constructor(text: string, from: number) {
    this.#text = cString(text);
    this.#at = from;
  }

  /** Compiles one more item. Raises the error of a malformed one (again for every match that reaches it). */
  extend(): void {
    const text = this.#text;
    const at = this.#at;
    switch (text.charAt(at)) {
      case "":
        return this.#add(END, 0, 0, at);
      case "(":
        return this.#openCapture(at);
      case ")":
        return this.#closeCapture(at);
      case "$":
        if (at + 1 === text.length) return this.#add(LAST, 0, 0, at + 1);
        return this.#single(at);
      case "%":
        return this.#escaped(at);
      default:
        return this.#single(at);
    }
  }

  #add(op: number, a: number, b: number, next: number): void {
    this.ops.push(op, a, b);
    this.#at = next;
  }

  #openCapture(at: number): void {
    if (this.captures >= MAX_CAPTURES) fail("too many captures");
    const index = this.captures++;
    if (this.#text.charAt(at + 1) === ")") return this.#add(HERE, index, 0, at + 2);
    this.#open.push(index);
    this.#add(OPEN, index, 0, at + 1);
  }

  #closeCapture(at: number): void {
    const index = this.#open.pop();
    if (index === undefined) return fail("invalid pattern capture");
    this.#add(CLOSE, index, 0, at + 1);
  }

  #escaped(at: number): void {
    const text = this.#text;
    const letter = text.charAt(at + 1);
    if (letter === "b") {
      if (at + 3 >= text.length) fail("unbalanced pattern");
      return this.#add(BALANCE, text.charCodeAt(at + 2), text.charCodeAt(at + 3), at + 4);
    }
    if (letter === "f") {
      if (text.charAt(at + 2) !== "[") fail("missing '[' after '%f' in pattern");
      const end = this.#itemEnd(at + 2);
      return this.#add(FRONTIER, this.#set(at + 2, end), 0, end);
    }
    if (letter >= "0" && letter <= "9" && letter !== "") {
      const index = letter.charCodeAt(0) - 0x31;
      if (index < 0 || index >= this.captures || this.#open.includes(index)) fail("invalid capture index");
      return this.#add(REPEATED, index, 0, at + 2);
    }
    this.#single(at);
  }

  /** A byte, class or set, and how often it may be there. */
  #single(at: number): void {
    const end = this.#itemEnd(at);
    const set = this.#set(at, end);
    switch (this.#text.charAt(end)) {
      case "*":
        return this.#add(GREEDY, set, 0, end + 1);
      case "+":
        return this.#add(GREEDY, set, 1, end + 1);
      case "-":
        return this.#add(LAZY, set, 0, end + 1);
      case "?":
        return this.#add(OPTIONAL, set, 0, end + 1);
      default:
        return this.#add(ONE, set, 0, end);
    }
  }

  /** Where the byte, class or set at `at` ends. */
  #itemEnd(at: number): number {
    const text = this.#text;
    const first = text.charAt(at);
    if (first === "%") {
      if (at + 1 >= text.length) fail("malformed pattern (ends with '%')");
      return at + 2;
    }
    if (first !== "[") return at + 1;
    let i = text.charAt(at + 1) === "^" ? at + 2 : at + 1;
    // The first byte belongs to the set even where it is a bracket.
    do {
      if (i >= text.length) fail("malformed pattern (missing ']')");
      i += text.charAt(i) === "%" && i + 1 < text.length ? 2 : 1;
    } while (text.charAt(i) !== "]");
    return i + 1;
  }

  #set(at: number, end: number): number {
    this.sets.push(byteSet(this.#text.slice(at, end)));
    return this.sets.length - 1;
  }
}

/** Patterns that are kept; programs of long ones are not. */
const CACHED_PATTERNS = 256;
const CACHED_PATTERN_LENGTH = 256;
const anchored = new Map<string, Pattern>();
const floating = new Map<string, Pattern>();

/**
 * The program of a pattern.
 * @param skip whether the pattern's first character, `^`, is the anchor, which is not part of the program
 */
export function patternOf(text: string, skip: boolean): Pattern {
  const cache = skip ? anchored : floating;
  let pattern = cache.get(text);
  if (pattern === undefined) {
    pattern = new Pattern(text, skip ? 1 : 0);
    if (text.length <= CACHED_PATTERN_LENGTH) remember(cache, text, pattern, CACHED_PATTERNS);
  }
  return pattern;
}

/** Keeps a value for a text; a full cache starts anew, which costs little and needs no books. */
function remember<T>(cache: Map<string, T>, text: string, value: T, limit: number): void {
  if (cache.size >= limit) cache.clear();
  cache.set(text, value);
}

/** The open choices of the running match: operation, position and count of each. */
const choices: number[] = [];
let openChoices = 0;
const KEPT_CHOICES = 10_000;

/** Where in the subject the match goes on after `retreat`. */
let resumeAt = 0;

/**
 * Matches a pattern at one place.
 * @param at where in the subject the match has to begin
 * @returns where the match ends, or -1; then `captureStart` and `captureLength` hold its captures
 */
export function matchAt(pattern: Pattern, subject: string, at: number): number {
  const { ops, sets } = pattern;
  const length = subject.length;
  if (choices.length > KEPT_CHOICES) choices.length = 0; // what an enormous pattern left
  openChoices = 0;
  let pc = 0;
  let s = at;
  while (true) {
    if (pc === ops.length) pattern.extend();
    const a = ops[pc + 1]!;
    let fits = true;
    switch (ops[pc]!) {
      case END:
        return s;
      case ONE:
        fits = s < length && sets[a]![subject.charCodeAt(s)]! === 1;
        s++;
        break;
      case GREEDY: {
        const least = s + ops[pc + 2]!;
        s = runEnd(sets[a]!, subject, s);
        fits = s >= least;
        if (s > least) pushChoice(pc, least, s - least);
        break;
      }
      case LAZY:
        pushChoice(pc, s, 0);
        break;
      case OPTIONAL:
        if (s < length && sets[a]![subject.charCodeAt(s)]! === 1) pushChoice(pc, s++, 1);
        break;
      case OPEN:
      case HERE:
        captureStart[a] = s;
        captureLength[a] = ops[pc] === HERE ? POSITION : UNFINISHED;
        break;
      case CLOSE:
        captureLength[a] = s - captureStart[a]!;
        break;
      case BALANCE:
        s = balancedEnd(subject, s, a, ops[pc + 2]!);
        fits = s >= 0;
        break;
      case FRONTIER:
        fits = sets[a]![s > 0 ? subject.charCodeAt(s - 1) : 0]! === 0 &&
          sets[a]![s < length ? subject.charCodeAt(s) : 0]! === 1;
        break;
      case REPEATED:
        fits = repeats(subject, s, a);
        s += captureLength[a]!;
        break;
      default: // LAST
        fits = s === length;
    }
    if (!fits) {
      pc = retreat(pattern, subject);
      if (pc < 0) return -1;
      s = resumeAt;
    }
    pc += WIDTH;
  }
}

/** Goes back to the innermost choice that has something left. @returns its operation, -1 for none */
function retreat(pattern: Pattern, subject: string): number {
  while (openChoices > 0) {
    const last = openChoices - WIDTH;
    const pc = choices[last]!;
    const s = choices[last + 1]!;
    if (pattern.ops[pc] !== LAZY) {
      const count = choices[last + 2]! - 1;
      choices[last + 2] = count;
      if (count === 0) openChoices = last;
      resumeAt = s + count;
      return pc;
    }
    if (s < subject.length && pattern.sets[pattern.ops[pc + 1]!]![subject.charCodeAt(s)]! === 1) {
      resumeAt = choices[last + 1] = s + 1;
      return pc;
    }
    openChoices = last;
  }
  return -1;
}

function pushChoice(pc: number, s: number, count: number): void {
  choices[openChoices] = pc;
  choices[openChoices + 1] = s;
  choices[openChoices + 2] = count;
  openChoices += WIDTH;
}

/** Where the run of a set's bytes that begins at `s` ends. */
function runEnd(set: ByteSet, subject: string, s: number): number {
  while (s < subject.length && set[subject.charCodeAt(s)]! === 1) s++;
  return s;
}

/** Where the text between `begin` and its `end` that starts at `s` is over, or -1. */
function balancedEnd(subject: string, s: number, begin: number, end: number): number {
  if (s >= subject.length || subject.charCodeAt(s) !== begin) return -1;
  let depth = 1;
  for (let i = s + 1; i < subject.length; i++) {
    const c = subject.charCodeAt(i);
    if (c === end) {
      if (--depth === 0) return i + 1;
    } else if (c === begin) depth++;
  }
  return -1;
}

/** Whether the text of a capture is at `s` once more. A position has none. */
function repeats(subject: string, s: number, capture: number): boolean {
  const count = captureLength[capture]!;
  const start = captureStart[capture]!;
  if (count < 0 || subject.length - s < count) return false;
  for (let i = 0; i < count; i++) {
    if (subject.charCodeAt(start + i) !== subject.charCodeAt(s + i)) return false;
  }
  return true;
}

const CACHED_SETS = 1024;
const sets = new Map<string, ByteSet>();

/** The set that an item (a byte, `.`, `%a`, `[...]`) stands for. */
function byteSet(item: string): ByteSet {
  let set = sets.get(item);
  if (set === undefined) {
    set = buildSet(item);
    remember(sets, item, set, CACHED_SETS);
  }
  return set;
}

function buildSet(item: string): ByteSet {
  const set = new Uint8Array(256);
  const first = item.charAt(0);
  if (first === "[") bracketSet(set, item);
  else if (first === ".") set.fill(1);
  else if (first === "%") addClass(set, item.charCodeAt(1));
  else set[item.charCodeAt(0)] = 1;
  return set;
}

/** `[a-z%d_]`, `[^...]`: bytes, ranges and classes between the brackets. */
function bracketSet(set: ByteSet, item: string): void {
  const end = item.length - 1;
  const complement = item.charAt(1) === "^";
  let i = complement ? 2 : 1;
  while (i < end) {
    if (item.charAt(i) === "%") {
      addClass(set, item.charCodeAt(i + 1));
      i += 2;
    } else if (item.charAt(i + 1) === "-" && i + 2 < end) {
      set.fill(1, item.charCodeAt(i), Math.max(item.charCodeAt(i), item.charCodeAt(i + 2) + 1));
      i += 3;
    } else {
      set[item.charCodeAt(i)] = 1;
      i++;
    }
  }
  if (complement) { for (let c = 0; c < 256; c++) set[c] = 1 - set[c]!; }
}

/** What a class letter means for a byte, in the C locale. */
const CLASSES: Readonly<Record<string, (c: number) => boolean>> = {
  a: (c) => isLower(c) || isUpper(c),
  c: (c) => c < 0x20 || c === 0x7f,
  d: (c) => isDigit(c),
  l: (c) => isLower(c),
  p: (c) => c > 0x20 && c < 0x7f && !isLower(c) && !isUpper(c) && !isDigit(c),
  s: (c) => isSpace(c),
  u: (c) => isUpper(c),
  w: (c) => isLower(c) || isUpper(c) || isDigit(c),
  x: (c) => isDigit(c) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66),
  z: (c) => c === 0,
};

/** `%` and a letter: a class, its complement for a capital; any other byte is itself. */
function addClass(set: ByteSet, letter: number): void {
  const holds = isUpper(letter) || isLower(letter) ? CLASSES[String.fromCharCode(letter | 0x20)] : undefined;
  if (holds === undefined) {
    set[letter] = 1;
    return;
  }
  const wanted = isLower(letter);
  for (let c = 0; c < 256; c++) if (holds(c) === wanted) set[c] = 1;
}

function isLower(c: number): boolean {
  return c >= 0x61 && c <= 0x7a;
}

function isUpper(c: number): boolean {
  return c >= 0x41 && c <= 0x5a;
}
