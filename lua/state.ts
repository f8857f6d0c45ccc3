/**
 * One Lua world: its globals, and what runs in it; what the server sees of the engine. All scripts of a server share
 * one, as in Redis.
 *
 * A script runs as a generator: `for (const _ of ...)` is not enough, take its return value.
 *
 *     const call = state.run(fn, args);
 *     let step = call.next();
 *     while (!step.done) { ...serve others, perhaps state.interrupt(text)...; step = call.next(); }
 *     const results = step.value;
 *
 * It yields each time `budget` steps (loop iterations and calls) are used up, and throws LuaError where the script
 * fails. A library is a table of functions that `openX(state)` makes and puts into `state.globals`.
 *
 * The counters here are read and written by compiled code at each call and loop; that is why they are plain fields.
 */

import { openBase } from "./base_library.ts";
import { Chunk } from "./chunk.ts";
import { compileChunk } from "./compile.ts";
import { Driver, MAX_DEPTH, SEGMENT_DEPTH, start, TailCall } from "./driver.ts";
import { hostError, LuaInterrupt, type Position, toLuaError } from "./error.ts";
import { openCoroutine } from "./coroutine_library.ts";
import { openMath } from "./math_library.ts";
import { openTable } from "./table_library.ts";
import { Random48 } from "./random48.ts";
import { parseChunk } from "./parser.ts";
import { PENDING, type Pending } from "./signals.ts";
import { openString } from "./string_library.ts";
import { LuaTable } from "./table.ts";
import { all, type LuaCall, LuaFunction, type LuaThread, LuaUserdata, type LuaValue } from "./value.ts";

/** Steps between two yields of a running script: some milliseconds. */
const DEFAULT_BUDGET = 100_000;

/** How often a short chunk is interpreted before it is worth to be compiled. */
const INTERPRETED_RUNS = 12;

/** See the file comment. */
export class LuaState {
  /** The table of globals: what chunks see unless another environment is given. */
  readonly globals = new LuaTable();
  /** The metatable of all strings; its `__index` is the table `string`. */
  readonly stringMetatable = new LuaTable();
  /** Loop iterations and calls between two yields of a running script. */
  budget = DEFAULT_BUDGET;

  /** How often a short chunk is interpreted before it is compiled; for tests of either. */
  interpretedRuns = INTERPRETED_RUNS;

  /**
   * Where the host has made the globals read-only for good, and all that is in them: the names of those that only it
   * changes. Code is compiled with the values of the others. Undefined: any global may change.
   */
  changing: ReadonlySet<string> | undefined = undefined;

  /** Steps left until the script yields. */
  steps = DEFAULT_BUDGET;
  /** Nested calls of Lua functions in the running segment, and in those below it. */
  depth = 0;
  base = 0;
  /** Depth at which a function has to ask for a new segment. */
  limit = SEGMENT_DEPTH;
  /** Nested calls through host functions. */
  boundaries = 0;
  /** The call that PENDING asks for. */
  pending: LuaCall = start(new LuaFunction(() => [], false, ""), []);
  /** The running coroutine; undefined: the script itself. */
  thread: LuaThread | undefined = undefined;
  /** What RESUME and YIELD carry there, and whether what comes back is no error. */
  readonly transfer: { thread: LuaThread | undefined; values: readonly LuaValue[]; ok: boolean } = {
    thread: undefined,
    values: [],
    ok: true,
  };
  /** The error that ends the script. */
  killed: LuaInterrupt | undefined = undefined;

  /** Where the error was raised that an xpcall's handler is looking at: the handler itself runs after the fact. */
  failedAt: Position | undefined = undefined;

  /** `next`, and what `ipairs` steps with: loops by them need no call. */
  nextFunction: LuaFunction | undefined = undefined;
  ipairsStep: LuaFunction | undefined = undefined;

  /**
   * A state with the libraries of the language; the host adds its own to `globals`.
   * @param random what `math.random` draws from; several states may share one
   */
  constructor(readonly random = new Random48()) {
    openBase(this);
    openCoroutine(this);
    openTable(this);
    openMath(this);
    openString(this);
  }

  /** The metatable of any value: strings share one. */
  metatableOf(value: LuaValue): LuaTable | undefined {
    if (value instanceof LuaTable || value instanceof LuaUserdata) return value.metatable;
    return typeof value === "string" ? this.stringMetatable : undefined;
  }

  /**
   * Compiles a chunk; running the function runs the chunk.
   * @param source bytes as char codes
   * @param chunkName PUC's: "@user_script" shows as "user_script:1:" in messages, "=name" as name, others as [string "..."]
   * @param environment where its globals live; `globals` without
   * @throws LuaError with the text of the syntax error
   */
  compile(source: string, chunkName: string, environment: LuaTable = this.globals): LuaFunction {
    try {
      const tree = parseChunk(source, chunkName);
      return compileChunk(tree, new Chunk(this, chunkName, environment), environment);
    } catch (thrown) {
      throw toLuaError(thrown);
    }
  }

  /**
   * Calls a function from the host; see the file comment. A state runs one script at a time.
   * @throws LuaError, LuaInterrupt
   */
  *run(fn: LuaFunction, args: readonly LuaValue[]): Generator<void, LuaValue[], void> {
    this.depth = this.base = 0;
    this.limit = SEGMENT_DEPTH;
    this.boundaries = 1; // this call is one
    this.thread = undefined;
    this.failedAt = undefined;
    this.killed = undefined;
    this.steps = this.budget;
    try {
      return [...all(yield* new Driver(this).drive(start(fn, args)))];
    } catch (thrown) {
      throw toLuaError(thrown);
    }
  }

  /** `run` without stopping: for what is known to be short. */
  runToEnd(fn: LuaFunction, args: readonly LuaValue[]): LuaValue[] {
    const call = this.run(fn, args);
    for (;;) {
      const step = call.next();
      if (step.done) return step.value;
    }
  }

  /**
   * Ends the running script, at its next step, by an error that it cannot catch: `run` throws LuaInterrupt.
   * Call it while the script is suspended, or from a host function.
   */
  interrupt(text: string): void {
    this.killed = new LuaInterrupt(text, 1);
    this.steps = 0;
  }

  /** Asks the driver to make a call in a new segment, as this one is deep. For compiled code. */
  deep(fn: (...args: LuaValue[]) => LuaCall, args: LuaValue[]): Pending {
    if (this.base + this.depth >= MAX_DEPTH) throw hostError("stack overflow");
    this.pending = fn(...args);
    return PENDING;
  }

  /** A tail call of a segment's first function. For compiled code. */
  tail(target: LuaFunction, args: LuaValue[]): TailCall {
    this.depth = 0;
    return new TailCall(target, args);
  }
}
