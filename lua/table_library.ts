/** `table`. Everything here is raw, without metamethods, as in PUC; a readonly table refuses each change. */

import { functionArg, int32Arg, optionalInt32, optionalString, tableArg } from "./args.ts";
import { begin, call, end, leaveBoundary } from "./call.ts";
import { orderComplaint, sharedHandler } from "./chunk.ts";
import { hostError, LuaError } from "./error.ts";
import { addFunctions, addGenerators } from "./library.ts";
import { toText } from "./number.ts";
import { PENDING } from "./signals.ts";
import type { LuaState } from "./state.ts";
import { LuaTable } from "./table.ts";
import { Sorting } from "./table_sort.ts";
import {
  first,
  type LuaCall,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  truthy,
  typeName,
} from "./value.ts";

/** Makes the table `table`. */
export function openTable(state: LuaState): void {
  const table = new LuaTable();
  addFunctions(table, {
    concat,
    getn: (...args) => tableArg(args, 0).length(),
    insert,
    maxn: (...args) => tableArg(args, 0).largestNumber(),
    remove,
    setn: (...args) => {
      tableArg(args, 0);
      throw hostError("'setn' is obsolete");
    },
  });
  addGenerators(table, {
    foreach: (...args) => foreach(state, args),
    foreachi: (...args) => foreachi(state, args),
    sort: (...args) => sort(state, args),
  });
  state.globals.setStr("table", table);
}

function concat(...args: LuaValue[]): LuaResult {
  const separator = optionalString(args, 1, "");
  const table = tableArg(args, 0);
  const from = optionalInt32(args, 2, 1);
  const to = args[3] === undefined ? table.length() : int32Arg(args, 3);
  let text = "";
  for (let i = from; i <= to; i++) {
    const value = table.getNumber(i);
    const item = toText(value);
    if (item === undefined) {
      throw hostError(`invalid value (${typeName(value)}) at index ${i} in table for 'concat'`);
    }
    text += item;
    if (i < to) text += separator;
  }
  return text;
}

function insert(...args: LuaValue[]): LuaResult {
  const table = tableArg(args, 0);
  const end = table.length() + 1;
  if (args.length === 2) {
    table.setNumber(end, args[1]);
    return [];
  }
  if (args.length !== 3) throw hostError("wrong number of arguments to 'insert'");
  const at = int32Arg(args, 1);
  for (let i = Math.max(end, at); i > at; i--) table.setNumber(i, table.getNumber(i - 1));
  table.setNumber(at, args[2]);
  return [];
}

function remove(...args: LuaValue[]): LuaResult {
  const table = tableArg(args, 0);
  const end = table.length();
  const at = optionalInt32(args, 1, end);
  if (at < 1 || at > end) return [];
  const value = table.getNumber(at);
  for (let i = at; i < end; i++) table.setNumber(i, table.getNumber(i + 1));
  table.setNumber(end, undefined);
  return value;
}

function* foreach(state: LuaState, args: LuaValue[]): LuaCall {
  const table = tableArg(args, 0);
  const f = functionArg(args, 1);
  let key: LuaValue;
  for (;;) {
    const i = table.nextIndex(table.indexOf(key));
    if (i < 0) return [];
    key = table.keyAt(i);
    const result = first(yield* call(state, f, [key, table.valueAt(i)]));
    if (result !== undefined) return result;
  }
}

function* foreachi(state: LuaState, args: LuaValue[]): LuaCall {
  const table = tableArg(args, 0);
  const n = table.length();
  const f = functionArg(args, 1);
  for (let i = 1; i <= n; i++) {
    const result = first(yield* call(state, f, [i, table.getNumber(i)]));
    if (result !== undefined) return result;
  }
  return [];
}

function* sort(state: LuaState, args: LuaValue[]): LuaCall {
  const table = tableArg(args, 0);
  const n = table.length();
  if (args[1] !== undefined) yield* sortBy(state, new Sorting(table, n), functionArg(args, 1));
  else if (!sortPlainly(table, n)) yield* sortByOrder(state, new Sorting(table, n));
  return [];
}

function* sortBy(state: LuaState, sorting: Sorting, f: LuaFunction): LuaCall {
  begin(state, f);
  while (sorting.asking) {
    let result: unknown;
    try {
      result = f.fn(sorting.a, sorting.b);
      if (f.generator) result = yield* result as LuaCall;
      else if (result === PENDING) result = yield PENDING;
    } catch (thrown) {
      throw leaveBoundary(thrown, f);
    }
    sorting.answer(truthy(first(result as LuaResult)));
  }
  end(state);
  return [];
}

/** Numbers, or strings, alone: any way of sorting gives the same. @returns false where there is something else */
function sortPlainly(table: LuaTable, n: number): boolean {
  const values: LuaValue[] = [];
  for (let i = 1; i <= n; i++) {
    const value = table.getNumber(i);
    if (typeof value !== typeof values[0] && i > 1 || value !== value) return false;
    values.push(value);
  }
  if (typeof values[0] === "number") (values as number[]).sort((a, b) => a - b);
  else if (typeof values[0] === "string") values.sort((a, b) => a! < b! ? -1 : a! > b! ? 1 : 0);
  else return false;
  for (let i = 0; i < n; i++) table.setNumber(i + 1, values[i]);
  return true;
}

/** By the operator `<`. */
function* sortByOrder(state: LuaState, sorting: Sorting): LuaCall {
  while (sorting.asking) {
    const { a, b } = sorting;
    if (typeof a === "number" && typeof b === "number") sorting.answer(a < b);
    else if (typeof a === "string" && typeof b === "string") sorting.answer(a < b);
    else sorting.answer(truthy(first(yield* call(state, lessHandler(state, a, b), [a, b]))));
  }
  return [];
}

/** The `__lt` that both values have. */
function lessHandler(state: LuaState, a: LuaValue, b: LuaValue): LuaValue {
  const handler = typeName(a) === typeName(b)
    ? sharedHandler(state.metatableOf(a), state.metatableOf(b), "__lt")
    : undefined;
  if (handler === undefined) throw new LuaError(orderComplaint(a, b));
  return handler;
}
