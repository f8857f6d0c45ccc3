/**
 * Calling Lua from host functions, which must be generators for it: `const result = yield* call(state, f, [a, b])`.
 *
 * Such a call is a boundary, as a call through C is in PUC: a coroutine cannot yield across it, 200 of them may be
 * nested, and positions of errors do not reach beyond it. Calls that compiled code makes itself are none of that.
 *
 * Where the generator of `call` would cost too much (pcall, the comparison of sort), a host function does its steps
 * itself: `begin`, the call, `end`; `leaveBoundary` with an error.
 */

import { hostError, LuaError, nameArgument, type Position, toLuaError } from "./error.ts";
import { PENDING } from "./signals.ts";
import type { LuaState } from "./state.ts";
import {
  type LuaCall,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  type PlainFunction,
  typeName,
} from "./value.ts";

/** Boundaries that may be nested. */
export const MAX_BOUNDARIES = 200;

/** Where a host function is that another one called: PUC's chunk and line of its own functions. */
const IN_HOST: Position = { source: "=[C]", line: -1 };

/**
 * Calls a value: a function, or what has `__call`.
 * @param serves the call is of a metamethod: its caller is no host function but the one whose operator it serves
 * @throws LuaError of the called function, or as it cannot be called
 */
export function* call(state: LuaState, f: LuaValue, args: readonly LuaValue[], serves = false): LuaCall {
  try {
    const target = begin(state, f);
    let result: unknown = target.fn(...args);
    if (target.generator) result = yield* result as LuaCall;
    else if (result === PENDING) result = yield PENDING;
    end(state);
    return result as LuaResult;
  } catch (thrown) {
    throw serves ? thrown : leaveBoundary(thrown, f);
  }
}

/** Counts a boundary. @returns the function to call for `f`. @throws LuaError */
export function begin(state: LuaState, f: LuaValue): LuaFunction {
  const target = f instanceof LuaFunction ? f : bound(state.metatableOf(f)?.getStr("__call"), f);
  if (target === undefined) throw hostError(`attempt to call a ${typeName(f)} value`);
  if (++state.boundaries >= MAX_BOUNDARIES) throw hostError("C stack overflow");
  state.depth++;
  return target;
}

/** The call that `begin` started has returned. (Whoever catches an error restores the counts himself.) */
export function end(state: LuaState): void {
  state.depth--;
  state.boundaries--;
}

/** An error of `f` on its way out of a boundary: no position for its text here, nor a name for what was called. */
export function leaveBoundary(thrown: unknown, f: LuaValue): unknown {
  const error = toLuaError(thrown);
  if (error instanceof LuaError && f instanceof LuaFunction && f.host) error.position ??= IN_HOST;
  if (error instanceof LuaError && error.level > 0 && --error.level === 0 && error.argument >= 0) {
    nameArgument(error, undefined);
  }
  return error;
}

/** A `__call` handler with its object as first argument; undefined where it is no function. */
export function bound(handler: LuaValue, object: LuaValue): LuaFunction | undefined {
  if (!(handler instanceof LuaFunction)) return undefined;
  const { fn } = handler;
  const withObject = ((...args) => fn(object, ...args)) as PlainFunction;
  return new LuaFunction(withObject, handler.generator, handler.name, handler.host);
}
