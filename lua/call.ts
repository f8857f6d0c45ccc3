/**
 * Calling Lua from host functions, which must be generators for it: `const result = yield* call(state, f, [a, b])`.
 *
 * Such a call is a boundary, as a call through C is in PUC: a coroutine cannot yield across it, 200 of them may be
 * nested, and positions of errors do not reach beyond it. Calls that compiled code makes itself are none of that.
 */

import { hostError, LuaError, nameArgument, type Position, toLuaError } from "./error.ts";
import { PENDING } from "./signals.ts";
import type { LuaState } from "./state.ts";
import { type LuaCall, LuaFunction, type LuaResult, type LuaValue, typeName } from "./value.ts";

/** Boundaries that may be nested. */
export const MAX_BOUNDARIES = 200;

/** Where a host function is that another one called: PUC's chunk and line of its own functions. */
const IN_HOST: Position = { source: "[C]", line: -1 };

/**
 * Calls a value from a host function: a function, or what has `__call`.
 * @throws LuaError of the called function, or as it cannot be called
 */
export function* call(state: LuaState, f: LuaValue, args: readonly LuaValue[]): LuaCall {
  try {
    return yield* invoke(state, f, args);
  } catch (thrown) {
    const error = toLuaError(thrown);
    if (error instanceof LuaError && f instanceof LuaFunction && f.host) error.position ??= IN_HOST;
    // A host function has no position to put in front of the text, nor a name for what it called.
    if (error instanceof LuaError && error.level > 0 && --error.level === 0 && error.argument >= 0) {
      nameArgument(error, undefined);
    }
    throw error;
  }
}

/** Calls a metamethod: as `call`, but the caller is the function whose operator it serves. */
export function* invoke(state: LuaState, f: LuaValue, args: readonly LuaValue[]): LuaCall {
  let target = f;
  let values = args;
  if (!(target instanceof LuaFunction)) {
    target = state.metatableOf(f)?.getStr("__call");
    values = [f, ...args];
    if (!(target instanceof LuaFunction)) throw hostError(`attempt to call a ${typeName(f)} value`);
  }
  if (++state.boundaries >= MAX_BOUNDARIES) throw hostError("C stack overflow");
  state.depth++;
  let result: unknown = target.fn(...values);
  if (target.generator) result = yield* result as LuaCall;
  else if (result === PENDING) result = yield PENDING;
  state.depth--;
  state.boundaries--;
  return result as LuaResult;
}
