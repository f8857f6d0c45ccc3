/**
 * One Lua world: its globals, and what runs in it. All scripts of a server share one, as in Redis.
 *
 * The counters here are read and written by compiled code at each call and loop; that is why they are plain fields.
 */

import type { Engine } from "./api.ts";
import { openBase } from "./base_library.ts";
import { Chunk } from "./chunk.ts";
import { compileChunk } from "./compile.ts";
import { Driver, MAX_DEPTH, SEGMENT_DEPTH, start, TailCall } from "./driver.ts";
import { hostError, LuaInterrupt, toLuaError } from "./error.ts";
import { displayName } from "./lexer.ts";
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

/** See the file comment. */
export class LuaState implements Engine {
  readonly globals = new LuaTable();
  readonly stringMetatable = new LuaTable();
  budget = DEFAULT_BUDGET;

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

  /** `next`, and what `ipairs` steps with: loops by them need no call. */
  nextFunction: LuaFunction | undefined = undefined;
  ipairsStep: LuaFunction | undefined = undefined;

  /** What `math.random` draws from. */
  readonly random = new Random48();

  /** A state with the libraries of the language; the host adds its own to `globals`. */
  constructor() {
    openBase(this);
    openCoroutine(this);
    openTable(this);
    openMath(this);
    openString(this);
  }

  /** See `Engine`. */
  seedRandom(): void {
    this.random.seed(0);
  }

  /** The metatable of any value: strings share one. */
  metatableOf(value: LuaValue): LuaTable | undefined {
    if (value instanceof LuaTable || value instanceof LuaUserdata) return value.metatable;
    return typeof value === "string" ? this.stringMetatable : undefined;
  }

  /** See `Engine`. */
  compile(source: string, chunkName: string, environment: LuaTable = this.globals): LuaFunction {
    try {
      const tree = parseChunk(source, chunkName);
      return compileChunk(tree, new Chunk(this, displayName(chunkName)), environment);
    } catch (thrown) {
      throw toLuaError(thrown);
    }
  }

  /** See `Engine`. A state runs one script at a time. */
  *run(fn: LuaFunction, args: readonly LuaValue[]): Generator<void, LuaValue[], void> {
    this.depth = this.base = 0;
    this.limit = SEGMENT_DEPTH;
    this.boundaries = 1; // this call is one
    this.thread = undefined;
    this.killed = undefined;
    this.steps = this.budget;
    try {
      return [...all(yield* new Driver(this).drive(start(fn, args)))];
    } catch (thrown) {
      throw toLuaError(thrown);
    }
  }

  /** See `Engine`. */
  runToEnd(fn: LuaFunction, args: readonly LuaValue[]): LuaValue[] {
    const call = this.run(fn, args);
    for (;;) {
      const step = call.next();
      if (step.done) return step.value;
    }
  }

  /** See `Engine`. */
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
