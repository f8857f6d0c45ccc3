/**
 * Errors of Lua programs. They are no `Error`s: a script may raise thousands inside pcall, and a JavaScript stack
 * trace would cost more than the rest of the call.
 *
 * The position that starts a message ("user_script:3: ") is only known to the function that was running, and the
 * name in "bad argument #1 to 'insert'" only to the call. So an error thrown by a host function leaves both open;
 * the Lua function it passes through on its way up fills them in (see `settle`), and pcall, which has neither,
 * leaves them empty, just as PUC Lua answers there.
 */

import { type LuaValue, typeName } from "./value.ts";

/** Where a Lua function was: the name that its chunk was compiled with ("@user_script") and the line. */
export type Position = { readonly source: string; readonly line: number };

/** How a value is called in the text: kind ("global", "local", "field", "method", "upvalue") and name. */
export type Name = { readonly kind: string; readonly name: string };

/** A Lua error on its way to the pcall, or to the host. */
export class LuaError {
  /** What pcall returns: for most a string with its position in front, but any value can be raised. */
  value: LuaValue;
  /** The innermost Lua function when the error was raised, if any; Redis reports it as `source` and `line`. */
  position: Position | undefined = undefined;
  /** How many Lua functions up the one is whose position belongs in front of `value`; 0: done, or none wanted. */
  level: number;
  /** For "bad argument": its number, and `value` is the complaint without its frame; -1 for other errors. */
  argument: number;

  constructor(value: LuaValue, level = 0, argument = -1) {
    this.value = value;
    this.level = level;
    this.argument = argument;
  }

  /** The text of a string error (or number), or what PUC's interpreter would print for another value. */
  get message(): string {
    const value = this.value;
    if (typeof value === "string") return value;
    return typeof value === "number" ? String(value) : `(error object is a ${typeName(value)} value)`;
  }
}

/**
 * A kill from outside (SCRIPT KILL, shutdown): no pcall of the script catches it.
 * `value` is the text that the host gave.
 */
export class LuaInterrupt extends LuaError {}

/** An error of a host function: the caller's position is put in front of `text`, as `luaL_error` does. */
export function hostError(text: string): LuaError {
  return new LuaError(text, 1);
}

/** "bad argument #n to 'name' (complaint)": the name is filled in by the call. */
export function argumentError(n: number, complaint: string): LuaError {
  return new LuaError(complaint, 1, n);
}

/** "bad argument #n to 'name' (expected expected, got type)"; `got` undefined and absent is "no value". */
export function typeError(n: number, expected: string, got: LuaValue, absent = false): LuaError {
  return argumentError(n, `${expected} expected, got ${absent ? "no value" : typeName(got)}`);
}

/** Writes out "bad argument", when the name of the function is known or known to be unknown. */
export function nameArgument(error: LuaError, name: Name | undefined): void {
  let n = error.argument;
  error.argument = -1;
  if (name?.kind === "method" && --n === 0) {
    error.value = `calling '${name.name}' on bad self (${error.value as string})`;
  } else error.value = `bad argument #${n} to '${name?.name ?? "?"}' (${error.value as string})`;
}

/** The JavaScript errors that a Lua program can bring about, as the errors that it would see. */
export function toLuaError(thrown: unknown): unknown {
  if (!(thrown instanceof RangeError)) return thrown;
  if (thrown.message.endsWith("call stack size exceeded")) return new LuaError("stack overflow", 1);
  return new LuaError("not enough memory");
}
