/**
 * Coroutines. The driver (driver.ts) switches between them; here are the checks, and the shape of the results. A
 * resumed coroutine hands back true and its values, or false and the error.
 */

import { argumentError, hostError, LuaError } from "./error.ts";
import { addFunctions, addGenerators } from "./library.ts";
import { RESUME, YIELD } from "./signals.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import {
  all,
  first,
  generatorFunction,
  type LuaCall,
  LuaFunction,
  LuaThread,
  type LuaValue,
} from "./value.ts";

/** Makes the table `coroutine`. */
export function openCoroutine(state: LuaState): void {
  const table = new LuaTable();
  addFunctions(table, {
    create: (...args) => create(args),
    running: () => state.thread,
    status: (...args) => threadArg(args).status,
    wrap: (...args) => {
      const thread = create(args);
      return generatorFunction("wrap", (...values) => resumeWrapped(state, thread, values));
    },
  });
  addGenerators(table, {
    resume: (...args) => resume(state, threadArg(args), args.slice(1)),
    yield: function* (...values): LuaCall {
      state.transfer.values = values;
      return yield YIELD;
    },
  });
  state.globals.setStr("coroutine", table);
}

function create(args: readonly LuaValue[]): LuaThread {
  const [body] = args;
  if (!(body instanceof LuaFunction) || body.host) throw argumentError(1, "Lua function expected");
  return new LuaThread(body);
}

function threadArg(args: readonly LuaValue[]): LuaThread {
  const [thread] = args;
  if (thread instanceof LuaThread) return thread;
  throw argumentError(1, "coroutine expected");
}

/** Hands values to a coroutine and waits: the result is what it yields or returns, or its error. */
function* resume(state: LuaState, thread: LuaThread, values: readonly LuaValue[]): LuaCall {
  if (thread.status !== "suspended") return [false, `cannot resume ${thread.status} coroutine`];
  state.transfer.thread = thread;
  state.transfer.values = values;
  const result = yield RESUME;
  return [state.transfer.ok, ...all(result)];
}

/** As `resume`, but an error is raised again, after the position of the caller. */
function* resumeWrapped(state: LuaState, thread: LuaThread, values: readonly LuaValue[]): LuaCall {
  if (thread.status !== "suspended") throw hostError(`cannot resume ${thread.status} coroutine`);
  state.transfer.thread = thread;
  state.transfer.values = values;
  const result = yield RESUME;
  if (state.transfer.ok) return result;
  const failure = first(result);
  throw typeof failure === "string" ? hostError(failure) : new LuaError(failure);
}
