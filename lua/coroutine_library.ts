/**
 * Coroutines. The driver (driver.ts) switches between them; here are the checks, and the shape of the results. A
 * resumed coroutine hands back true and its values, or false and the error.
 */

import { argumentError, hostError, LuaError } from "./error.ts";
import { addFunctions, addGenerators } from "./library.ts";
import { RESUME, YIELD } from "./signals.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import { all, generatorFunction, type LuaCall, LuaFunction, LuaThread, type LuaValue } from "./value.ts";

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
      state.transfer = { thread: undefined, values };
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

function* resume(state: LuaState, thread: LuaThread, values: readonly LuaValue[]): LuaCall {
  if (thread.status !== "suspended") return [false, `cannot resume ${thread.status} coroutine`];
  state.transfer = { thread, values };
  return yield RESUME;
}

/** As `resume`, but an error is raised again, after the position of the caller. */
function* resumeWrapped(state: LuaState, thread: LuaThread, values: readonly LuaValue[]): LuaCall {
  const [ok, ...results] = all(yield* resume(state, thread, values));
  if (ok === true) return results;
  const [failure] = results;
  throw typeof failure === "string" ? hostError(failure) : new LuaError(failure);
}
