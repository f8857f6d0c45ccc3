/**
 * `string.format`: finds the conversions in a format and has printf.ts print each. Lua hands them to C's sprintf, so
 * C shows through: a converted text ends at its first zero byte, and numbers are cut to 64 bits.
 */

import { numberArg, stringArg } from "./args.ts";
import { argumentError, hostError } from "./error.ts";
import { plainSpec, printDouble, printInteger, type PrintSpec, printText, printUnsigned } from "./printf.ts";
import { cString } from "../types/quoting.ts";
import type { LuaResult, LuaValue } from "./value.ts";

/** More flags than there are kinds of them are refused. */
const MAX_FLAGS = 5;

/** From here on `%s` without a precision copies a string as it is, zero bytes included. */
const COPIED_LENGTH = 100;

/** The function of the library. */
export function format(...args: LuaValue[]): LuaResult {
  const text = stringArg(args, 0);
  let out = "";
  let argument = 0;
  let at = 0;
  while (true) {
    const percent = text.indexOf("%", at);
    if (percent < 0) return out + text.slice(at);
    out += text.slice(at, percent);
    if (text.charAt(percent + 1) === "%") {
      out += "%";
      at = percent + 2;
      continue;
    }
    if (++argument >= args.length) throw argumentError(argument + 1, "no value");
    const spec = plainSpec();
    at = parseSpec(text, percent + 1, spec);
    out += convert(text.charAt(at), spec, args, argument);
    at++;
  }
}

/** Reads flags, width and precision into `spec`. @returns where the conversion's letter is */
function parseSpec(text: string, from: number, spec: PrintSpec): number {
  let at = from;
  while (setFlag(spec, text.charAt(at))) at++;
  if (at - from > MAX_FLAGS) throw hostError("invalid format (repeated flags)");
  let digits = digitsAt(text, at);
  spec.width = Number(text.slice(at, at + digits));
  at += digits;
  if (text.charAt(at) === ".") {
    at++;
    digits = digitsAt(text, at);
    spec.precision = Number(text.slice(at, at + digits));
    at += digits;
  }
  if (isDigit(text.charAt(at))) throw hostError("invalid format (width or precision too long)");
  return at;
}

function setFlag(spec: PrintSpec, flag: string): boolean {
  if (flag === "-") return spec.left = true;
  if (flag === "+") return spec.plus = true;
  if (flag === " ") return spec.space = true;
  if (flag === "#") return spec.alternate = true;
  if (flag === "0") return spec.zero = true;
  return false;
}

/** Number of digits at a place, of which no more than two count. */
function digitsAt(text: string, at: number): number {
  if (!isDigit(text.charAt(at))) return 0;
  return isDigit(text.charAt(at + 1)) ? 2 : 1;
}

function isDigit(c: string): boolean {
  return c >= "0" && c <= "9" && c !== "";
}

/** @param i which of `args` (0 is the format) */
function convert(letter: string, spec: PrintSpec, args: readonly LuaValue[], i: number): string {
  switch (letter) {
    case "c":
      spec.precision = -1;
      return cString(printText(spec, String.fromCharCode(toCharCode(numberArg(args, i)))));
    case "d":
    case "i":
      return printInteger(spec, numberArg(args, i));
    case "o":
    case "u":
    case "x":
    case "X":
      return printUnsigned(spec, letter, numberArg(args, i));
    case "e":
    case "E":
    case "f":
    case "g":
    case "G":
      return printDouble(spec, letter, numberArg(args, i));
    case "q":
      return quoted(stringArg(args, i));
    case "s": {
      const text = stringArg(args, i);
      return text.length >= COPIED_LENGTH && spec.precision < 0 ? text : printText(spec, cString(text));
    }
    default:
      throw hostError(`invalid option '%${letter === "\0" ? "" : letter}' to 'format'`);
  }
}

/** A double cut to C's int and then to a byte; what is out of range becomes -2^31. */
function toCharCode(value: number): number {
  const whole = Math.trunc(value);
  return whole >= -2147483648 && whole <= 2147483647 ? whole & 255 : 0;
}

const QUOTED: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\\n",
  "\r": "\\r",
  "\0": "\\000",
};

/** `%q`: a Lua literal that reads back as the same string. */
function quoted(text: string): string {
  return '"' + text.replace(/["\\\n\r\0]/g, (c) => QUOTED[c]!) + '"';
}
