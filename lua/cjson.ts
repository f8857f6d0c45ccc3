/**
 * The `cjson` library, version 2.1.0: the functions and their settings. Each table that `cjson.new` makes has settings
 * of its own; those of the global `cjson` stay as a script leaves them.
 */

import { int32Arg, stringArg } from "./args.ts";
import { argumentError } from "./error.ts";
import { type DecoderSettings, JsonDecoder } from "./json_decoder.ts";
import { encodeJson, type EncoderSettings } from "./json_encoder.ts";
import { addFunctions } from "./library.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import { type LuaResult, LuaUserdata, type LuaValue, type PlainFunction } from "./value.ts";

/** `cjson.null`: what `null` becomes, the same in every script. */
const JSON_NULL = new LuaUserdata("userdata: (nil)");

type Args = readonly LuaValue[];

/** Gives scripts the library `cjson`. */
export function openCjson(state: LuaState): void {
  state.globals.setStr("cjson", newCjson());
}

/** A table of the library's functions with default settings. */
function newCjson(): LuaTable {
  const encoder: EncoderSettings = {
    maxDepth: 1000,
    precision: 14,
    invalidNumbers: "off",
    sparse: { convert: false, ratio: 2, safe: 10 },
    null: JSON_NULL,
  };
  const decoder: DecoderSettings = { maxDepth: 1000, invalidNumbers: true, null: JSON_NULL };
  const table = new LuaTable();
  addFunctions(table, {
    encode: (...args) => {
      if (args.length !== 1) throw argumentError(1, "expected 1 argument");
      return encodeJson(args[0], encoder);
    },
    decode: (...args) => {
      if (args.length !== 1) throw argumentError(1, "expected 1 argument");
      return new JsonDecoder(stringArg(args, 0), decoder).decode();
    },
    ...settingFunctions(encoder, decoder),
    new: () => newCjson(),
  });
  table.setStr("null", JSON_NULL);
  table.setStr("_NAME", "cjson");
  table.setStr("_VERSION", "2.1.0");
  return table;
}

/** The functions that change a setting, if they have an argument, and return it. */
function settingFunctions(encoder: EncoderSettings, decoder: DecoderSettings): Record<string, PlainFunction> {
  let keepBuffer = true; // a buffer that is kept is nothing that a script could see
  return {
    encode_sparse_array: (...args) => setSparse(args, encoder.sparse),
    encode_max_depth: (...args) => {
      limitArguments(args, 1);
      return encoder.maxDepth = integerOption(args, 0, encoder.maxDepth, 1, MAX_INT);
    },
    decode_max_depth: (...args) => {
      limitArguments(args, 1);
      return decoder.maxDepth = integerOption(args, 0, decoder.maxDepth, 1, MAX_INT);
    },
    encode_number_precision: (...args) => {
      limitArguments(args, 1);
      return encoder.precision = integerOption(args, 0, encoder.precision, 1, 14);
    },
    encode_keep_buffer: (...args) => {
      limitArguments(args, 1);
      return keepBuffer = switchOption(args, 0, keepBuffer);
    },
    encode_invalid_numbers: (...args) => {
      limitArguments(args, 1);
      if (args[0] === "null") encoder.invalidNumbers = "null";
      else if (args[0] !== undefined) encoder.invalidNumbers = switchOption(args, 0, false) ? "on" : "off";
      return encoder.invalidNumbers === "null" ? "null" : encoder.invalidNumbers === "on";
    },
    decode_invalid_numbers: (...args) => {
      limitArguments(args, 1);
      return decoder.invalidNumbers = switchOption(args, 0, decoder.invalidNumbers);
    },
  };
}

const MAX_INT = 0x7fffffff;

/** Whether sparse arrays become objects, and when an array is one; what precedes a wrong argument is set. */
function setSparse(args: Args, sparse: EncoderSettings["sparse"]): LuaResult {
  limitArguments(args, 3);
  sparse.convert = switchOption(args, 0, sparse.convert);
  sparse.ratio = integerOption(args, 1, sparse.ratio, 0, MAX_INT);
  sparse.safe = integerOption(args, 2, sparse.safe, 0, MAX_INT);
  return [sparse.convert, sparse.ratio, sparse.safe];
}

function limitArguments(args: Args, most: number): void {
  if (args.length > most) throw argumentError(most + 1, "found too many arguments");
}

/** An integer argument; out of range is complained of as if it were the first. */
function integerOption(args: Args, i: number, current: number, least: number, most: number): number {
  if (args[i] === undefined) return current;
  const value = int32Arg(args, i);
  if (value < least || value > most) {
    throw argumentError(1, `expected integer between ${least} and ${most}`);
  }
  return value;
}

/** A boolean argument, or "on" or "off". */
function switchOption(args: Args, i: number, current: boolean): boolean {
  const value = args[i];
  if (value === undefined) return current;
  if (typeof value === "boolean") return value;
  const word = stringArg(args, i);
  if (word !== "on" && word !== "off") throw argumentError(i + 1, `invalid option '${word}'`);
  return word === "on";
}
