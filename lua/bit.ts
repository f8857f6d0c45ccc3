/**
 * The `bit` library: operations on 32-bit integers. Numbers are taken modulo 2^32, results are signed; both are what
 * JavaScript's own operators do, once fractions are rounded (to even) where those cut.
 */

import { numberArg } from "./args.ts";
import { addFunctions } from "./library.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import type { LuaValue, PlainFunction } from "./value.ts";

type Args = readonly LuaValue[];

/** In the order in which the library registers them: it shows in `pairs`. */
const FUNCTIONS: Readonly<Record<string, PlainFunction>> = {
  tobit: (...args) => bits(args, 0),
  bnot: (...args) => ~bits(args, 0),
  band: (...args) => fold(args, (a, b) => a & b),
  bor: (...args) => fold(args, (a, b) => a | b),
  bxor: (...args) => fold(args, (a, b) => a ^ b),
  lshift: (...args) => bits(args, 0) << bits(args, 1),
  rshift: (...args) => bits(args, 0) >>> bits(args, 1) | 0,
  arshift: (...args) => bits(args, 0) >> bits(args, 1),
  rol: (...args) => rotate(bits(args, 0), bits(args, 1)),
  ror: (...args) => rotate(bits(args, 0), -bits(args, 1)),
  bswap: (...args) => swap(bits(args, 0)),
  tohex: (...args) => toHex(args),
};

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** 1.5 x 2^52: a double near it has a last binary place of 1. */
const ROUNDING = 6755399441055744;

/** An argument as a signed 32-bit integer. */
function bits(args: Args, i: number): number {
  const value = numberArg(args, i);
  if ((value | 0) === value) return value | 0;
  // The library reads the low half of the sum, so this is exact for |value| < 2^51 and the same noise beyond.
  double[0] = value + ROUNDING;
  return value - value === 0 ? words[LOW]! : 0;
}

function fold(args: Args, operation: (a: number, b: number) => number): number {
  let result = bits(args, 0);
  for (let i = 1; i < args.length; i++) result = operation(result, bits(args, i));
  return result;
}

/** Turns to the left; to the right by a negative count, since counts are modulo 32. */
function rotate(value: number, count: number): number {
  return value << count | value >>> -count;
}

function swap(value: number): number {
  return value << 24 | (value & 0xff00) << 8 | value >>> 8 & 0xff00 | value >>> 24;
}

/** Hexadecimal digits, 8 of them or as many as the second argument says; in capitals where that is negative. */
function toHex(args: Args): string {
  const value = bits(args, 0);
  const wanted = args.length > 1 ? bits(args, 1) : 8;
  const digits = Math.min(Math.abs(wanted), 8);
  const text = (value >>> 0).toString(16).padStart(8, "0").slice(8 - digits);
  return wanted < 0 ? text.toUpperCase() : text;
}

/** Gives scripts the library `bit`. */
export function openBit(state: LuaState): void {
  const table = new LuaTable(0, Object.keys(FUNCTIONS).length);
  addFunctions(table, FUNCTIONS);
  state.globals.setStr("bit", table);
}
