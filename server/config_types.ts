/**
 * The kinds of value that a directive can have: how its words are read, how CONFIG GET shows it, how CONFIG REWRITE writes
 * it. The error texts are part of the protocol (clients see them after "CONFIG SET failed (...) - "), and so are the odd
 * corners of the number syntax: an integer has no sign "+" and no leading zero, a memory size may be empty (0) and wraps
 * at 2^64, an octal number is whatever C's strtoll takes.
 */
import { type EnumName, type EnumOf, ENUMS } from "./config_enums.ts";
import { cString, quoted } from "../types/quoting.ts";

/** A value that a directive refuses. The message is the text that the client or the log shows. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** What a parser may look at besides its words. */
export interface ParseContext {
  /** The value that the directive has now: limits and save points given one by one add up. */
  readonly current: unknown;
  /** True while a configuration file (or the command line) is read, false for CONFIG SET. */
  readonly fromFile: boolean;
  /** True at the first line of a file that names this directive. */
  readonly first: boolean;
  /** Resolves a new working directory; see ConfigHost. */
  changeDirectory(path: string): string;
  /**
   * Fixes the shown text of a value that a JavaScript number cannot hold exactly (beyond 2^53).
   * The field then has the nearest number.
   */
  showAs(text: string): void;
}

/** A line for CONFIG REWRITE; without `force` it only replaces a line that the file already has. */
export interface RewrittenLine {
  readonly text: string;
  readonly force: boolean;
}

/** One kind of value. */
export interface ValueType<T> {
  /** Reads the words after the directive's name; throws ConfigError. A single-valued directive gets exactly one. */
  parse(words: readonly string[], context: ParseContext): T;
  /** The text that CONFIG GET shows. */
  format(value: T): string;
  /** The text after the directive's name in a rewritten file, from the one that CONFIG GET shows; default: the same. */
  write?(shown: string): string;
  /** All lines of a rewritten file, where one line for each directive, forced when changed, is not the rule. */
  lines?(name: string, value: T, initial: T): RewrittenLine[];
}

const INT64_MAX = (1n << 63n) - 1n;
const INT64_MIN = -(1n << 63n);
const UINT64_MAX = (1n << 64n) - 1n;

/** Limits of numbers that Redis keeps in C's types. */
export const LIMIT = {
  INT_MIN: -2147483648,
  INT_MAX: 2147483647,
  UINT_MAX: 4294967295,
  LONG_MAX: INT64_MAX,
  ULONG_MAX: UINT64_MAX,
} as const;

/** A 64-bit integer in its one canonical decimal form, or undefined. */
export function parseStrictInt(text: string): bigint | undefined {
  if (text.length > 20 || !/^(0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < INT64_MIN || value > INT64_MAX ? undefined : value;
}

/** A decimal number as C's strtoll takes it (blanks, sign, leading zeros; clamped to 64 bits), or undefined. */
export function parseLooseInt(text: string): bigint | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(text);
  if (!match) return text === "" ? 0n : undefined;
  const magnitude = BigInt(match[2]!);
  const value = match[1] === "-" ? -magnitude : magnitude;
  return value < INT64_MIN ? INT64_MIN : value > INT64_MAX ? INT64_MAX : value;
}

const UNITS: Record<string, bigint> = {
  "": 1n,
  b: 1n,
  k: 1000n,
  kb: 1n << 10n,
  m: 1000_000n,
  mb: 1n << 20n,
  g: 1000_000_000n,
  gb: 1n << 30n,
};

/** Bytes of "512", "64kb" (1024) or "64k" (1000), modulo 2^64; undefined when it is no such size. */
export function parseMemory(text: string): bigint | undefined {
  const match = /^([0-9]{0,127})([a-z]{0,2})$/i.exec(text);
  if (!match) return undefined;
  const unit = UNITS[match[2]!.toLowerCase()];
  if (unit === undefined) return undefined;
  let amount = BigInt(match[1]!);
  if (amount > UINT64_MAX) amount = UINT64_MAX;
  return BigInt.asUintN(64, amount * unit);
}

/** A size with the largest unit that divides it: 3145728 is "3mb". */
export function formatMemory(bytes: bigint): string {
  for (const unit of ["gb", "mb", "kb"]) {
    if (bytes !== 0n && bytes % UNITS[unit]! === 0n) return `${bytes / UNITS[unit]!}${unit}`;
  }
  return `${bytes}`;
}

/** The number for a field; a value that it cannot hold exactly keeps its text. */
function toField(value: bigint, context: ParseContext): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) context.showAs(`${value}`);
  return number;
}

function checkRange(value: bigint, min: number | bigint, max: number | bigint, base = 10): void {
  if (value < min || value > max) {
    throw new ConfigError(
      `argument must be between ${min.toString(base)} and ${max.toString(base)} inclusive`,
    );
  }
}

/** "yes" or "no". */
export const boolType: ValueType<boolean> = {
  parse([word]) {
    const text = cString(word!).toLowerCase();
    if (text !== "yes" && text !== "no") throw new ConfigError("argument must be 'yes' or 'no'");
    return text === "yes";
  },
  format: (value) => value ? "yes" : "no",
};

/** A whole number from `min` to `max`. */
export function intType(min: number | bigint, max: number | bigint): ValueType<number> {
  return {
    parse([word], context) {
      const value = parseStrictInt(word!);
      if (value === undefined) throw new ConfigError("argument couldn't be parsed into an integer");
      checkRange(value, min, max);
      return toField(value, context);
    },
    format: (value) => `${value}`,
  };
}

/** Mode bits, written in octal. */
export function octalType(max: number): ValueType<number> {
  return {
    parse([word]) {
      const match = /^(?:[ \t\n\v\f\r]*([+-]?)([0-7]+))?$/.exec(cString(word!));
      if (!match) throw new ConfigError("argument couldn't be parsed as an octal number");
      const magnitude = BigInt(`0o${match[2] ?? "0"}`);
      if (magnitude > INT64_MAX) throw new ConfigError("argument couldn't be parsed as an octal number");
      const value = match[1] === "-" ? -magnitude : magnitude;
      checkRange(value, 0, max, 8);
      return Number(value);
    },
    format: (value) => value.toString(8),
  };
}

/** A number of bytes. */
export function memoryType(min: number | bigint, max: number | bigint): ValueType<number> {
  return {
    parse([word], context) {
      const value = parseMemory(cString(word!));
      if (value === undefined) throw new ConfigError("argument must be a memory value");
      checkRange(value, min, max);
      return toField(value, context);
    },
    format: (value) => `${value}`,
    write: (shown) => formatMemory(BigInt(shown)),
  };
}

/**
 * A number of bytes, or a percentage (1% to 100%), kept as a negative number. As with Redis, a size of 2^63 and more wraps
 * to a negative number and is then taken for a percentage.
 */
export function memoryOrPercentType(): ValueType<number> {
  return {
    parse([word], context) {
      const text = cString(word!);
      const percent = text.endsWith("%") ? parseStrictInt(text.slice(0, -1)) : undefined;
      let value: bigint | undefined;
      if (percent !== undefined && percent >= 0n) value = -percent;
      else value = parseMemory(text);
      if (value === undefined) throw new ConfigError("argument must be a memory or percent value");
      value = BigInt.asIntN(64, value);
      if (value < -100n) throw new ConfigError("percentage argument must be less or equal to 100");
      return toField(value, context);
    },
    format: (value) => value < 0 ? `${-value}%` : `${value}`,
    write: (shown) => shown.endsWith("%") ? shown : formatMemory(BigInt(shown)),
  };
}

/** Throws the error that lists an enumeration's words. */
export function refuseWord(words: readonly string[]): never {
  throw new ConfigError(`argument(s) must be one of the following: ${words.join(", ")}`);
}

/** One of an enumeration's words. `sameAs` maps a word to another one of the same meaning, which is shown instead. */
export function enumType<N extends EnumName>(
  name: N,
  sameAs: Partial<Record<EnumOf<N>, EnumOf<N>>> = {},
): ValueType<EnumOf<N>> {
  const words: readonly EnumOf<N>[] = ENUMS[name];
  return {
    parse([word]) {
      const text = cString(word!).toLowerCase();
      const found = words.find((candidate) => candidate === text);
      if (found === undefined) refuseWord(words);
      return sameAs[found] ?? found;
    },
    format: (value) => value,
  };
}

/** How a text directive differs from the plain one. */
export interface TextRules {
  /** Keeps all 256 byte values; without it the text ends at a NUL. */
  binary?: boolean;
  /** An empty text means "not set": a rewritten file has no line for it. */
  emptyIsUnset?: boolean;
  /** Throws ConfigError on a text that the directive refuses. */
  check?(text: string): void;
}

/** Any text. */
export function textType(rules: TextRules = {}): ValueType<string> {
  return {
    parse([word]) {
      const text = rules.binary ? word! : cString(word!);
      rules.check?.(text);
      return text;
    },
    format: (value) => value,
    write: quoted,
    ...(rules.emptyIsUnset && {
      lines: (name: string, value: string) =>
        value === "" ? [] : [{ text: `${name} ${quoted(value)}`, force: true }],
    }),
  };
}
