/**
 * Arguments of host functions: conversions and their errors, in the texts of PUC's auxiliary library. `args` is the
 * rest parameter of the function, so that an absent argument ("no value") differs from nil; `i` counts from 0.
 */

import { argumentError, LuaError, typeError } from "./error.ts";
import { toNumber, toText } from "./number.ts";
import { LuaTable } from "./table.ts";
import { LuaFunction, type LuaValue } from "./value.ts";

type Args = readonly LuaValue[];

function wrongType(args: Args, i: number, expected: string): LuaError {
  return typeError(i + 1, expected, args[i], i >= args.length);
}

/** Any value, nil too, but there must be one. */
export function anyArg(args: Args, i: number): LuaValue {
  if (i >= args.length) throw argumentError(i + 1, "value expected");
  return args[i];
}

/** A number, or a string that stands for one. */
export function numberArg(args: Args, i: number): number {
  const value = toNumber(args[i]);
  if (value === undefined) throw wrongType(args, i, "number");
  return value;
}

/** A number cut to an integer, as C converts to 64 bits: what does not fit becomes -2^63. */
export function integerArg(args: Args, i: number): number {
  const value = Math.trunc(numberArg(args, i));
  return value >= -9223372036854775808 && value < 9223372036854775808 ? value : -9223372036854775808;
}

/** An integer of which only the low 32 bits count, signed (C's `int`). */
export function int32Arg(args: Args, i: number): number {
  return integerArg(args, i) | 0;
}

/** A string; numbers are converted. */
export function stringArg(args: Args, i: number): string {
  const value = toText(args[i]);
  if (value === undefined) throw wrongType(args, i, "string");
  return value;
}

/** A table. */
export function tableArg(args: Args, i: number): LuaTable {
  const value = args[i];
  if (value instanceof LuaTable) return value;
  throw wrongType(args, i, "table");
}

/** A function. */
export function functionArg(args: Args, i: number): LuaFunction {
  const value = args[i];
  if (value instanceof LuaFunction) return value;
  throw wrongType(args, i, "function");
}

/** `integerArg`, or `otherwise` for nil and none. */
export function optionalInteger(args: Args, i: number, otherwise: number): number {
  return args[i] === undefined ? otherwise : integerArg(args, i);
}

/** `int32Arg`, or `otherwise` for nil and none. */
export function optionalInt32(args: Args, i: number, otherwise: number): number {
  return args[i] === undefined ? otherwise : int32Arg(args, i);
}

/** `stringArg`, or `otherwise` for nil and none. */
export function optionalString(args: Args, i: number, otherwise: string): string {
  return args[i] === undefined ? otherwise : stringArg(args, i);
}
