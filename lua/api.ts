/**
 * What the server sees of the engine; `LuaState` (state.ts) is it.
 *
 * A script runs as a generator: `for (const _ of ...)` is not enough, take its return value.
 *
 *     const call = engine.run(fn, args);
 *     let step = call.next();
 *     while (!step.done) { ...serve others, perhaps engine.interrupt(text)...; step = call.next(); }
 *     const results = step.value;
 *
 * It yields each time `engine.budget` steps (loop iterations and calls) are used up, and throws LuaError where the
 * script fails. A library is a table of functions that `openX(engine)` makes and puts into `engine.globals`.
 */

import type { LuaTable } from "./table.ts";
import type { LuaFunction, LuaValue } from "./value.ts";

/** See the file comment. */
export interface Engine {
  /** The table of globals: what chunks see unless another environment is given. */
  readonly globals: LuaTable;
  /** The metatable of all strings; its `__index` is the table `string`. */
  readonly stringMetatable: LuaTable;
  /** Loop iterations and calls between two yields of a running script. */
  budget: number;

  /**
   * Compiles a chunk; running the function runs the chunk.
   * @param source bytes as char codes
   * @param chunkName PUC's: "@user_script" shows as "user_script:1:" in messages, "=name" as name, others as [string "..."]
   * @param environment where its globals live; `globals` without
   * @throws LuaError with the text of the syntax error
   */
  compile(source: string, chunkName: string, environment?: LuaTable): LuaFunction;

  /** Calls a function from the host; see the file comment. @throws LuaError, LuaInterrupt */
  run(fn: LuaFunction, args: readonly LuaValue[]): Generator<void, LuaValue[], void>;

  /** `run` without stopping: for what is known to be short. */
  runToEnd(fn: LuaFunction, args: readonly LuaValue[]): LuaValue[];

  /**
   * Ends the running script, at its next step, by an error that it cannot catch: `run` throws LuaInterrupt.
   * Call it while the script is suspended, or from a host function.
   */
  interrupt(text: string): void;

  /** Starts `math.random` anew, as Redis does before each script. */
  seedRandom(): void;
}
