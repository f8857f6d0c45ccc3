/**
 * The two Lua worlds of a server, of EVAL and of functions: what a script finds there, and what it must not touch.
 *
 * Everything is read-only, so that no script can leave anything behind or change what the next one finds. A global that is
 * not there is an error instead of nil, since it is most often a misspelt local.
 */

import { call } from "../../lua/call.ts";
import { openBit } from "../../lua/bit.ts";
import { openCjson } from "../../lua/cjson.ts";
import { openCmsgpack } from "../../lua/cmsgpack.ts";
import { hostError } from "../../lua/error.ts";
import { rawToString } from "../../lua/library.ts";
import type { Random48 } from "../../lua/random48.ts";
import { LuaState } from "../../lua/state.ts";
import { openStruct } from "../../lua/struct.ts";
import { LuaTable } from "../../lua/table.ts";
import { all, generatorFunction, hostFunction, LuaFunction, type LuaValue } from "../../lua/value.ts";
import type { RedisServer } from "../server.ts";
import { commonApi, evalApi, scriptApi, tableOf } from "./api.ts";
import type { ScriptCaller } from "./caller.ts";

/** The globals of scripts. */
const GLOBALS = new Set([
  ..."_G _VERSION assert bit cjson cmsgpack collectgarbage coroutine error gcinfo getmetatable ipairs load"
    .split(" "),
  ..."loadstring math next pairs pcall rawequal rawget rawset select setmetatable string struct table".split(
    " ",
  ),
  ..."tonumber tostring type unpack xpcall".split(" "),
]);

/** Steps of a script between two looks at the clock: well below a millisecond, unless each does a lot. */
const STEPS_PER_LOOK = 10_000;

/** The world of EVAL: KEYS and ARGV are globals there. */
export function evalWorld(server: RedisServer, caller: ScriptCaller, random: Random48): LuaState {
  const state = newWorld(random);
  const { globals } = state;
  globals.setStr("redis", tableOf({ ...scriptApi(caller), ...commonApi(server), ...evalApi() }));
  globals.setStr(
    "__redis__err__handler",
    hostFunction("__redis__err__handler", (error) => errorHandler(state, error)),
  );
  protect(state);
  state.changing = new Set(["KEYS", "ARGV"]);
  return state;
}

/** Sets KEYS or ARGV, which no script can. */
export function setGlobal(state: LuaState, name: string, value: LuaValue): void {
  const { globals } = state;
  globals.readonly = false;
  globals.setStr(name, value);
  globals.readonly = true;
}

/** The world of functions. Libraries are loaded with one set of globals and run with another. */
export class FunctionWorld {
  readonly state: LuaState;
  /** What a library sees as its globals: an empty table in front of one of the two sets. */
  readonly environment = new LuaTable();
  readonly #lookup = new LuaTable();
  readonly #loading = new LuaTable();

  /** `register` is redis.register_function. */
  constructor(server: RedisServer, caller: ScriptCaller, random: Random48, register: LuaFunction) {
    this.state = newWorld(random);
    const { globals } = this.state;
    globals.setStr("redis", tableOf({ ...scriptApi(caller), ...commonApi(server) }));
    protect(this.state);
    const api = tableOf({ ...commonApi(server), register_function: register });
    for (const table of [api, this.#loading]) {
      table.metatable = missingGlobals();
      table.readonly = false;
    }
    this.#loading.setStr("redis", api);
    api.readonly = this.#loading.readonly = true;
    this.environment.metatable = this.#lookup;
    this.environment.readonly = true;
    this.loading = false;
  }

  /** Whether a library is being loaded, and not one of its functions run. */
  set loading(loading: boolean) {
    this.#lookup.readonly = false;
    this.#lookup.setStr("__index", loading ? this.#loading : this.state.globals);
    this.#lookup.readonly = true;
  }
}

function newWorld(random: Random48): LuaState {
  const state = new LuaState(random);
  state.budget = STEPS_PER_LOOK;
  const { globals } = state;
  openCjson(state);
  openCmsgpack(state);
  openStruct(state);
  openBit(state);
  const names: LuaValue[] = [];
  for (let i = globals.nextIndex(-1); i >= 0; i = globals.nextIndex(i)) names.push(globals.keyAt(i));
  for (const name of names) if (!GLOBALS.has(String(name))) globals.set(name, undefined);
  const original = globals.getStr("pcall");
  if (!(original instanceof LuaFunction)) throw new Error("a Lua without pcall");
  globals.setStr("pcall", unwrappingPcall(state, original));
  return state;
}

/** pcall, which gives the text of an error that was raised as a table with `err`. */
function unwrappingPcall(state: LuaState, original: LuaFunction): LuaFunction {
  return generatorFunction("pcall", function* (...args) {
    // Redis's own pcall puts its result's place before the arguments, and calls that where there are none.
    if (args.length === 0) return [false, "attempt to call a boolean value"];
    const results = all(yield* call(state, original, args));
    const [ok, error] = results;
    if (ok !== false || !(error instanceof LuaTable)) return results;
    const text = error.getStr("err");
    return typeof text === "string" || typeof text === "number" ? [false, text] : results;
  });
}

/** What xpcall of old scripts may name: makes a table of an error, as uncaught ones are, and notes where it was raised. */
function errorHandler(state: LuaState, error: LuaValue): LuaValue {
  const table = error instanceof LuaTable ? error : tableOf({ err: `ERR ${rawToString(error)}` });
  const { failedAt } = state;
  if (failedAt !== undefined) {
    table.setStr("source", failedAt.source);
    table.setStr("line", failedAt.line);
  }
  return table;
}

/** The metatable of a set of globals. */
function missingGlobals(): LuaTable {
  const missing = hostFunction("__index", (_table, name) => {
    throw hostError(`Script attempted to access nonexistent global variable '${String(name)}'`);
  });
  const metatable = tableOf({ __index: missing });
  metatable.readonly = true;
  return metatable;
}

function protect(state: LuaState): void {
  const { globals, stringMetatable } = state;
  globals.metatable = missingGlobals();
  protectTable(globals);
  protectTable(stringMetatable);
}

/** Makes a table read-only, and all that can be reached from it. */
function protectTable(table: LuaTable): void {
  if (table.readonly) return;
  table.readonly = true;
  for (let i = table.nextIndex(-1); i >= 0; i = table.nextIndex(i)) {
    const value = table.valueAt(i);
    if (value instanceof LuaTable) protectTable(value);
  }
  if (table.metatable !== undefined) protectTable(table.metatable);
}
