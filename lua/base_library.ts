/**
 * The basic functions, those that Redis leaves to its scripts: no `print`, no files, no environments. Order and texts
 * of the checks are PUC's.
 */

import {
  anyArg,
  functionArg,
  int32Arg,
  numberArg,
  optionalInt32,
  optionalString,
  stringArg,
  tableArg,
} from "./args.ts";
import { begin, call, end, leaveBoundary } from "./call.ts";
import { argumentError, hostError, LuaError, LuaInterrupt, toLuaError } from "./error.ts";
import { addFunctions, addGenerators, rawToString } from "./library.ts";
import { MAX_STACK } from "./limits.ts";
import { isSpace, toNumber, toText } from "./number.ts";
import { PENDING } from "./signals.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import {
  all,
  first,
  hostFunction,
  type LuaCall,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  truthy,
  typeName,
} from "./value.ts";

/** An error handler that fails is given its own error, so often at most. */
const MAX_HANDLER_ERRORS = 10;

/** Puts the basic functions into the globals of a state. */
export function openBase(state: LuaState): void {
  const { globals } = state;
  globals.setStr("_G", globals);
  globals.setStr("_VERSION", "Lua 5.1");
  addFunctions(globals, {
    assert,
    error,
    getmetatable: (...args) => getmetatable(state, args),
    ipairs: (...args) => [state.ipairsStep, tableArg(args, 0), 0],
    loadstring: (...args) => load(state, stringArg(args, 0), optionalString(args, 1, stringArg(args, 0))),
    next,
    pairs: (...args) => [state.nextFunction, tableArg(args, 0), undefined],
    rawequal: (...args) => anyArg(args, 0) === anyArg(args, 1),
    rawget: (...args) => tableArg(args, 0).get(anyArg(args, 1)),
    rawset,
    select,
    setmetatable,
    tonumber,
    type: (...args) => typeName(anyArg(args, 0)),
    unpack,
  });
  state.nextFunction = globals.getStr("next") as LuaFunction;
  state.ipairsStep = hostFunction("ipairs_aux", (...args) => {
    const i = numberArg(args, 1) + 1;
    const value = tableArg(args, 0).getNumber(i);
    return value === undefined ? [] : [i, value];
  });
  addGenerators(globals, {
    load: (...args) => loadPieces(state, args),
    pcall: (...args) => pcall(state, args),
    tostring: (...args) => tostring(state, args),
    xpcall: (...args) => xpcall(state, args),
  });
  openCollector(globals);
}

/** There is no collector of ours to steer: settings are kept, and the count is the memory that a script sees. */
function openCollector(globals: LuaTable): void {
  const settings: Record<string, number> = { setpause: 200, setstepmul: 200 };
  addFunctions(globals, {
    gcinfo: () => COUNTED_KILOBYTES,
    collectgarbage: (...args) => {
      const option = optionalString(args, 0, "collect");
      const value = optionalInt32(args, 1, 0);
      switch (option) {
        case "collect":
        case "stop":
        case "restart":
          return 0;
        case "count":
          return COUNTED_KILOBYTES;
        case "step":
          return false;
        case "setpause":
        case "setstepmul": {
          const before = settings[option];
          settings[option] = value;
          return before;
        }
      }
      throw argumentError(1, `invalid option '${option}'`);
    },
  });
}

/** What `collectgarbage("count")` says: JavaScript tells nobody, so it is a constant near what Redis starts with. */
const COUNTED_KILOBYTES = 64;

function assert(...args: LuaValue[]): LuaResult {
  if (truthy(anyArg(args, 0))) return args.length === 1 ? args[0] : args;
  throw hostError(optionalString(args, 1, "assertion failed!"));
}

function error(...args: LuaValue[]): LuaResult {
  throw new LuaError(args[0], Math.max(0, optionalInt32(args, 1, 1)));
}

function getmetatable(state: LuaState, args: LuaValue[]): LuaResult {
  const metatable = state.metatableOf(anyArg(args, 0));
  return metatable?.getStr("__metatable") ?? metatable;
}

function setmetatable(...args: LuaValue[]): LuaResult {
  const table = tableArg(args, 0);
  const metatable = args[1];
  if (args.length < 2 || metatable !== undefined && !(metatable instanceof LuaTable)) {
    throw argumentError(2, "nil or table expected");
  }
  if (table.metatable?.getStr("__metatable") !== undefined) {
    throw hostError("cannot change a protected metatable");
  }
  if (table.readonly) table.refuse();
  table.metatable = metatable;
  return table;
}

function next(...args: LuaValue[]): LuaResult {
  const table = tableArg(args, 0);
  const i = table.nextIndex(table.indexOf(args[1]));
  return i < 0 ? undefined : [table.keyAt(i), table.valueAt(i)];
}

function rawset(...args: LuaValue[]): LuaResult {
  const table = tableArg(args, 0);
  anyArg(args, 1);
  anyArg(args, 2);
  table.set(args[1], args[2]);
  return table;
}

function select(...args: LuaValue[]): LuaResult {
  const [which] = args;
  if (typeof which === "string" && which.startsWith("#")) return args.length - 1;
  let n = int32Arg(args, 0);
  if (n < 0) n = args.length + n;
  else if (n > args.length) n = args.length;
  if (n < 1) throw argumentError(1, "index out of range");
  return args.slice(n);
}

function unpack(...args: LuaValue[]): LuaResult {
  const table = tableArg(args, 0);
  const from = optionalInt32(args, 1, 1);
  const to = args[2] === undefined ? table.length() : int32Arg(args, 2);
  const n = to - from + 1;
  if (n <= 0) return [];
  if (n + args.length > MAX_STACK) throw hostError("too many results to unpack");
  const values: LuaValue[] = [];
  for (let i = from; i <= to; i++) values.push(table.getNumber(i));
  return values;
}

function tonumber(...args: LuaValue[]): LuaResult {
  const base = optionalInt32(args, 1, 10);
  if (base === 10) return toNumber(anyArg(args, 0));
  const text = stringArg(args, 0);
  if (base < 2 || base > 36) throw argumentError(2, "base out of range");
  return parseUnsigned(text, base);
}

/** C's `strtoul` with nothing but space after it: 64 bits, a sign wraps round, what is too large is the largest. */
function parseUnsigned(text: string, base: number): number | undefined {
  let i = 0;
  while (isSpace(text.charCodeAt(i))) i++;
  const negative = text.charAt(i) === "-";
  if (negative || text.charAt(i) === "+") i++;
  if (base === 16 && /^0[xX][0-9a-fA-F]/.test(text.slice(i, i + 3))) i += 2;
  const start = i;
  let value = 0n;
  for (; i < text.length; i++) {
    const digit = parseInt(text.charAt(i), 36);
    if (!(digit < base)) break;
    if (value < 1n << 64n) value = value * BigInt(base) + BigInt(digit);
  }
  if (i === start) return undefined;
  while (isSpace(text.charCodeAt(i))) i++;
  if (i < text.length && text.charCodeAt(i) !== 0) return undefined;
  if (value >= 1n << 64n) value = (1n << 64n) - 1n;
  else if (negative) value = BigInt.asUintN(64, -value);
  return Number(value);
}

/** Compiles: the function, or nil and what is wrong. */
function load(state: LuaState, source: string, name: string): LuaResult {
  try {
    return state.compile(source, name);
  } catch (thrown) {
    if (!(thrown instanceof LuaError)) throw thrown;
    return [undefined, thrown.value];
  }
}

/** `load(reader, name)`: the source comes in pieces, until the reader gives none. */
function* loadPieces(state: LuaState, args: LuaValue[]): LuaCall {
  const reader = functionArg(args, 0);
  const name = optionalString(args, 1, "=(load)");
  let source = "";
  const { depth, boundaries } = state;
  try {
    for (;;) {
      const piece = first(yield* call(state, reader, []));
      if (piece === undefined || piece === "") break;
      const text = toText(piece);
      if (text === undefined) return [undefined, "reader function must return a string"];
      source += text;
    }
  } catch (thrown) {
    const error = caught(thrown);
    state.depth = depth;
    state.boundaries = boundaries;
    return [undefined, error.value];
  }
  return load(state, source, name);
}

/** What a protected call may catch: errors of the script, not the end of it, and no defect of ours. */
function caught(thrown: unknown): LuaError {
  const error = toLuaError(thrown);
  if (!(error instanceof LuaError) || error instanceof LuaInterrupt) throw error;
  return error;
}

/** What most scripts call most; so it makes the call itself. */
function* pcall(state: LuaState, args: LuaValue[]): LuaCall {
  const f = anyArg(args, 0);
  const { depth, boundaries } = state;
  try {
    const target = begin(state, f);
    let result: unknown = target.fn(...args.slice(1));
    if (target.generator) result = yield* result as LuaCall;
    else if (result === PENDING) result = yield PENDING;
    end(state);
    return result instanceof Array ? [true, ...result] : [true, result as LuaValue];
  } catch (thrown) {
    const error = caught(leaveBoundary(thrown, f));
    state.depth = depth;
    state.boundaries = boundaries;
    return [false, error.value];
  }
}

function* xpcall(state: LuaState, args: LuaValue[]): LuaCall {
  anyArg(args, 1);
  const { depth, boundaries } = state;
  let failure: LuaError;
  try {
    return [true, ...all(yield* call(state, args[0], []))];
  } catch (thrown) {
    failure = caught(thrown);
  }
  for (let i = 0; i < MAX_HANDLER_ERRORS; i++) {
    state.depth = depth;
    state.boundaries = boundaries;
    state.failedAt = failure.position;
    try {
      const result = first(yield* call(state, args[1], [failure.value]));
      state.failedAt = undefined;
      return [false, result];
    } catch (thrown) {
      failure = caught(thrown);
    }
  }
  state.depth = depth;
  state.boundaries = boundaries;
  return [false, "error in error handling"];
}

function* tostring(state: LuaState, args: LuaValue[]): LuaCall {
  const value = anyArg(args, 0);
  const handler = typeof value === "object" ? state.metatableOf(value)?.getStr("__tostring") : undefined;
  if (handler === undefined) return rawToString(value);
  return first(yield* call(state, handler, [value]));
}
