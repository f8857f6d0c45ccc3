/** The `cmsgpack` library, version 0.4.0: MessagePack, any number of values one after the other. */

import { integerArg, optionalInteger, stringArg } from "./args.ts";
import { argumentError, hostError } from "./error.ts";
import { addFunctions } from "./library.ts";
import { MAX_STACK, stackOverflow } from "./limits.ts";
import { MsgpackDecoder } from "./msgpack_decoder.ts";
import { packValue } from "./msgpack_encoder.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import { TextBuilder } from "./text_builder.ts";
import type { LuaResult, LuaValue } from "./value.ts";

/** Gives scripts the library `cmsgpack`. */
export function openCmsgpack(state: LuaState): void {
  const table = new LuaTable();
  addFunctions(table, {
    pack,
    unpack: (...args) => unpackValues(args, 0, 0),
    unpack_one: (...args) => unpackValues(args, 1, optionalInteger(args, 1, 0)),
    unpack_limit: (...args) => unpackValues(args, integerArg(args, 1), optionalInteger(args, 2, 0)),
  });
  table.setStr("_NAME", "cmsgpack");
  table.setStr("_VERSION", "lua-cmsgpack 0.4.0");
  table.setStr("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo");
  table.setStr("_DESCRIPTION", "MessagePack C implementation for Lua");
  state.globals.setStr("cmsgpack", table);
}

function pack(...args: LuaValue[]): LuaResult {
  if (args.length === 0) throw argumentError(0, "MessagePack pack needs input.");
  if (args.length * 2 > MAX_STACK) throw argumentError(0, "Too many arguments for MessagePack pack.");
  const out = new TextBuilder();
  for (let i = 0; i < args.length; i++) packValue(args[i], out);
  return out.toString();
}

/**
 * Reads values. Unless it is all of them, the offset where they end comes first, -1 at the end of the text.
 * @param limit the most values; with no offset, 0 is all of them
 */
function unpackValues(args: readonly LuaValue[], limit: number, offset: number): LuaResult {
  const text = stringArg(args, 0);
  if (offset < 0 || limit < 0) {
    throw hostError(
      `Invalid request to unpack with offset of ${printedInt(offset)} and limit of ${text.length}.`,
    );
  }
  if (offset > text.length) {
    throw hostError(`Start offset ${printedInt(offset)} greater than input length ${text.length}.`);
  }
  const everything = limit === 0 && offset === 0;
  const decoder = new MsgpackDecoder(text, offset);
  const values: LuaValue[] = everything ? [] : [0];
  for (let count = 0; decoder.at < text.length && (everything || count < limit); count++) {
    values.push(decoder.next());
  }
  if (!everything) {
    if (values.length + 1 > MAX_STACK) stackOverflow("in function mp_unpack_full");
    values[0] = decoder.at < text.length ? decoder.at : -1;
  }
  return values;
}

/** The library's messages print 64-bit integers as if they had 32 bits. */
function printedInt(value: number): number {
  return value | 0;
}
