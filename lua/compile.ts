/**
 * The end of the compiler: the text made from the tree becomes a function. `new Function` needs no permission in
 * Deno, neither under `deno run` nor in a compiled binary.
 *
 * Nothing is compiled before it is called. A chunk that is over after one pass is interpreted the first few times: for
 * `return redis.call('get', KEYS[1])` that takes 10 us where compiling it takes 300.
 */

import { type Chunk, modulo, power } from "./chunk.ts";
import { compileMain } from "./codegen.ts";
import { Types } from "./infer.ts";
import { Interpreter } from "./interpreter.ts";
import { formatNumber } from "./number.ts";
import type { Tree } from "./parser.ts";
import { PENDING } from "./signals.ts";
import { isStraight } from "./straight.ts";
import { LuaTable } from "./table.ts";
import {
  all,
  type GeneratorFunction,
  type LuaCall,
  LuaChunkFunction,
  LuaFunction,
  NOTHING,
} from "./value.ts";

/** What compiled code mentions, by the names it has there. */
const NAMES = ["C", "S", "E", "P", "LF", "LT", "all", "none", "modulo", "power", "text"];

/** Makes the function of a chunk. */
export function compileChunk(tree: Tree, chunk: Chunk, environment: LuaTable): LuaFunction {
  let waiting: Tree | undefined = tree;
  let runs = isStraight(tree.main.body) ? chunk.state.interpretedRuns : 0;
  const made = new LuaChunkFunction((...args): LuaCall => {
    if (waiting !== undefined) {
      if (runs-- > 0) return new Interpreter(chunk, environment, args).run(waiting.main);
      made.fn = compileNow(waiting, chunk, environment);
      waiting = undefined; // whoever kept this function as it was must not keep the tree
    }
    return made.fn(...args);
  });
  return made;
}

/** The main function of a chunk, as a generator. */
function compileNow(tree: Tree, chunk: Chunk, environment: LuaTable): GeneratorFunction {
  const code = compileMain(chunk, new Types(tree.locals), tree.main);
  // What stands in parentheses V8 compiles at once, instead of looking over it first: a third of the time.
  const { constants } = chunk;
  const make = new Function(...NAMES, ...constants.map((_, i) => "k" + i), `"use strict"; return (${code});`);
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
    ...constants,
  );
}
