/**
 * The `struct` library: numbers and strings to bytes and back, as a C compiler lays out a struct on x86-64.
 *
 * Integers pass through 64 bits whatever their size: larger ones are padded with zeros when packed, and of those read
 * the low 8 bytes count. Sizes that a format declares are compared with the data before anything is read.
 */

import { numberArg, optionalInteger, stringArg } from "./args.ts";
import { argumentError, hostError } from "./error.ts";
import { addFunctions } from "./library.ts";
import { MAX_STACK, stackOverflow } from "./limits.ts";
import { isDigit, toNumber } from "./number.ts";
import { toUint64 } from "./printf.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import { TextBuilder } from "./text_builder.ts";
import { cString } from "../types/quoting.ts";
import type { LuaResult, LuaValue } from "./value.ts";

/** Gives scripts the library `struct`. */
export function openStruct(state: LuaState): void {
  const table = new LuaTable(0, 3);
  addFunctions(table, { pack, unpack, size: fixedSize });
  state.globals.setStr("struct", table);
}

/** Bytes of the largest integer. */
const MAX_INTEGER = 32;

/** The alignment of `!` without a number: that of the largest C types. */
const NATIVE_ALIGNMENT = 8;

const MAX_INT = 0x7fffffff;

const FIXED_SIZES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  h: 2,
  H: 2,
  l: 8,
  L: 8,
  T: 8,
  f: 4,
  d: 8,
  x: 1,
};

/** Reads a format, option by option, and keeps byte order and alignment. */
class FormatReader {
  option = "";
  /** Bytes that the option takes; 0 for `s`, `c0` and what is no value. */
  size = 0;
  little = true;
  readonly #text: string;
  #at = 0;
  #alignment = 1;

  constructor(text: string) {
    this.#text = cString(text);
  }

  /** Goes on to the next option. @returns false at the end */
  next(): boolean {
    if (this.#at >= this.#text.length) return false;
    const option = this.option = this.#text.charAt(this.#at++);
    if (option === "c") this.size = this.#number(1);
    else if (option === "i" || option === "I") {
      this.size = this.#number(4);
      if (this.size > MAX_INTEGER) {
        throw hostError(`integral size ${this.size} is larger than limit of ${MAX_INTEGER}`);
      }
    } else this.size = FIXED_SIZES[option] ?? 0;
    return true;
  }

  /** Bytes to skip so that the option stands where its size and the alignment want it. @param at offset so far */
  padding(at: number): number {
    if (this.size === 0 || this.option === "c") return 0;
    const alignment = Math.min(this.size, this.#alignment);
    if (alignment === 1) return 0;
    // The arithmetic of powers of two, for sizes that are none as well; offsets may exceed 32 bits.
    const low = at % 0x100000000 | 0;
    return alignment - (low & alignment - 1) & alignment - 1;
  }

  /** Does what an option says that is no value. */
  control(): void {
    switch (this.option) {
      case " ":
        return;
      case ">":
        this.little = false;
        return;
      case "<":
        this.little = true;
        return;
      case "!": {
        const alignment = this.#number(NATIVE_ALIGNMENT);
        if (alignment === 0 || (alignment & alignment - 1) !== 0) {
          throw hostError(`alignment ${alignment} is not a power of 2`);
        }
        this.#alignment = alignment;
        return;
      }
      default:
        throw argumentError(1, `invalid format option '${this.option}'`);
    }
  }

  #number(otherwise: number): number {
    let at = this.#at;
    if (!isDigit(this.#text.charCodeAt(at))) return otherwise;
    let value = 0;
    for (; isDigit(this.#text.charCodeAt(at)); at++) {
      value = value * 10 + this.#text.charCodeAt(at) - 0x30;
      if (value > MAX_INT) throw hostError("integral size overflow");
    }
    this.#at = at;
    return value;
  }
}

function pack(...args: LuaValue[]): LuaResult {
  const format = new FormatReader(stringArg(args, 0));
  // Behind its arguments the library puts a nil, which is what a missing one is found to be.
  const values = [...args, undefined];
  let argument = 1;
  const out = new TextBuilder();
  while (format.next()) {
    const padding = format.padding(out.length);
    if (padding > 0) out.add("\0".repeat(padding));
    switch (format.option) {
      case "b":
      case "B":
      case "h":
      case "H":
      case "l":
      case "L":
      case "T":
      case "i":
      case "I":
        out.add(integerBytes(numberArg(values, argument++), format.size, format.little));
        break;
      case "f":
      case "d":
        out.add(floatBytes(numberArg(values, argument++), format.size, format.little));
        break;
      case "x":
        out.add("\0");
        break;
      case "s":
        out.add(stringArg(values, argument++) + "\0");
        break;
      case "c": {
        const text = stringArg(values, argument++);
        if (text.length < format.size) throw argumentError(argument + 1, "string too short");
        out.add(format.size === 0 ? text : text.slice(0, format.size));
        break;
      }
      default:
        format.control();
    }
  }
  return out.toString();
}

function unpack(...args: LuaValue[]): LuaResult {
  const format = new FormatReader(stringArg(args, 0));
  const data = stringArg(args, 1);
  let at = optionalInteger(args, 2, 1);
  if (at === 0) throw argumentError(3, "offset must be 1 or greater");
  at--;
  const values: LuaValue[] = [];
  while (format.next()) {
    at += format.padding(at);
    checkRoom(data, at, format.size);
    if (values.length + 4 > MAX_STACK) stackOverflow("too many results");
    let size = format.size;
    switch (format.option) {
      case "b":
      case "h":
      case "l":
      case "i":
        values.push(readInteger(data, at, size, format.little, true));
        break;
      case "B":
      case "H":
      case "L":
      case "T":
      case "I":
        values.push(readInteger(data, at, size, format.little, false));
        break;
      case "f":
      case "d":
        values.push(readFloat(data, at, size, format.little));
        break;
      case "x":
        break;
      case "c":
        if (size === 0) size = countedSize(values, data, at);
        values.push(data.slice(at, at + size));
        break;
      case "s": {
        const end = data.indexOf("\0", at);
        if (end < 0) throw hostError("unfinished string in data");
        values.push(data.slice(at, end));
        size = end + 1 - at;
        break;
      }
      default:
        format.control();
    }
    at += size;
  }
  values.push(at + 1);
  return values;
}

/** An offset before the data is one far behind it: the library counts without a sign. */
function checkRoom(data: string, at: number, size: number): void {
  if (at < 0 || at + size > data.length) throw argumentError(2, "data string too short");
}

/** The size of `c0`: the value read before, which it takes away. */
function countedSize(values: LuaValue[], data: string, at: number): number {
  const count = toNumber(values[values.length - 1]);
  if (count === undefined) throw hostError("format 'c0' needs a previous size");
  values.pop();
  const size = Number(toUint64(count));
  checkRoom(data, at, size);
  return size;
}

/** The bytes that a format always takes. */
function fixedSize(...args: LuaValue[]): LuaResult {
  const format = new FormatReader(stringArg(args, 0));
  let at = 0;
  while (format.next()) {
    at += format.padding(at);
    if (format.option === "s") throw argumentError(1, "option 's' has no fixed size");
    if (format.option === "c" && format.size === 0) throw argumentError(1, "option 'c0' has no fixed size");
    if (!/[0-9A-Za-z]/.test(format.option)) format.control(); // unknown letters are let pass
    at += format.size;
  }
  return at;
}

const scratch = new DataView(new ArrayBuffer(8));

/** The low bytes of a number cut to 64 bits. */
function integerBytes(value: number, size: number, little: boolean): string {
  if (size <= 4 && value >= -0x80000000 && value <= 0xffffffff) {
    return smallIntegerBytes(value | 0, size, little);
  }
  scratch.setBigUint64(0, BigInt(toUint64(value)), true);
  let out = "";
  for (let i = 0; i < size; i++) {
    const c = i < 8 ? String.fromCharCode(scratch.getUint8(i)) : "\0";
    out = little ? out + c : c + out;
  }
  return out;
}

/** The low bytes of 32 bits. */
function smallIntegerBytes(bits: number, size: number, little: boolean): string {
  let out = "";
  for (let i = 0; i < size; i++) {
    const shift = little ? 8 * i : 8 * (size - 1 - i);
    out += String.fromCharCode(bits >>> shift & 0xff);
  }
  return out;
}

function readInteger(data: string, at: number, size: number, little: boolean, signed: boolean): number {
  if (size >= 1 && size <= 4) return readSmallInteger(data, at, size, little, signed);
  scratch.setBigUint64(0, 0n, true);
  for (let i = 0; i < Math.min(size, 8); i++) {
    scratch.setUint8(i, data.charCodeAt(little ? at + i : at + size - 1 - i));
  }
  let value = scratch.getBigUint64(0, true);
  if (!signed) return Number(value);
  // The sign bit of sizes above 8 is looked for where an x86 shift, which counts modulo 64, puts it.
  const mask = BigInt.asUintN(64, -1n << BigInt(size * 8 - 1 & 63));
  if ((value & mask) !== 0n) value |= mask;
  return Number(BigInt.asIntN(64, value));
}

function readSmallInteger(data: string, at: number, size: number, little: boolean, signed: boolean): number {
  let bits = 0;
  for (let i = 0; i < size; i++) bits = bits << 8 | data.charCodeAt(little ? at + size - 1 - i : at + i);
  const unused = 32 - 8 * size;
  return signed ? bits << unused >> unused : bits >>> 0;
}

function floatBytes(value: number, size: number, little: boolean): string {
  if (size === 4) scratch.setFloat32(0, value, little);
  else scratch.setFloat64(0, value, little);
  // NaN as x86 computes it has its sign bit set.
  if (value !== value) scratch.setUint8(little ? size - 1 : 0, 0xff);
  let out = "";
  for (let i = 0; i < size; i++) out += String.fromCharCode(scratch.getUint8(i));
  return out;
}

function readFloat(data: string, at: number, size: number, little: boolean): number {
  for (let i = 0; i < size; i++) scratch.setUint8(i, data.charCodeAt(at + i));
  return size === 4 ? scratch.getFloat32(0, little) : scratch.getFloat64(0, little);
}
