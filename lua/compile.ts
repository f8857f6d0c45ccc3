/**
 * The end of the compiler: the text made from the tree becomes a function. `new Function` needs no permission in
 * Deno, neither under `deno run` nor in a compiled binary.
 */

import { type Chunk, modulo, power } from "./chunk.ts";
import { compileFunction } from "./codegen.ts";
import { Types } from "./infer.ts";
import { formatNumber } from "./number.ts";
import type { Tree } from "./parser.ts";
import { PENDING } from "./signals.ts";
import { LuaTable } from "./table.ts";
import { all, LuaFunction, NOTHING } from "./value.ts";

/** What compiled code mentions, by the names it has there. */
const NAMES = ["C", "S", "E", "P", "LF", "LT", "all", "none", "modulo", "power", "text"];

/** Makes the function of a chunk. */
export function compileChunk(tree: Tree, chunk: Chunk, environment: LuaTable): LuaFunction {
  const code = compileFunction(chunk, new Types(tree.locals), tree.main, "main chunk");
  const make = new Function(...NAMES, `"use strict"; return ${code};`);
  return make(
    chunk,
    chunk.state,
    environment,
    PENDING,
    LuaFunction,
    LuaTable,
    all,
    NOTHING,
    modulo,
    power,
    formatNumber,
  );
}
