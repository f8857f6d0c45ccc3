/**
 * Calls of library functions, made by the real redis-server and by our own function directly: the libraries are
 * compared without the engine between them. Results are compared as one text, which tells apart what a script can.
 */
import { openBit } from "../../lua/bit.ts";
import { openCjson } from "../../lua/cjson.ts";
import { openCmsgpack } from "../../lua/cmsgpack.ts";
import { LuaError } from "../../lua/error.ts";
import { openStruct } from "../../lua/struct.ts";
import { LuaState } from "../../lua/state.ts";
import { LuaTable } from "../../lua/table.ts";
import { all, LuaFunction, type LuaResult, LuaUserdata, type LuaValue } from "../../lua/value.ts";
import type { RawClient } from "../helpers/client.ts";

/** One call: `library.name(...args)`. */
export interface Call {
  readonly library: string;
  readonly name: string;
  readonly args: readonly LuaValue[];
}

/** A world with every library. */
export function newWorld(): LuaState {
  const state = new LuaState();
  for (const open of [openBit, openCjson, openCmsgpack, openStruct]) open(state);
  return state;
}

const { globals } = newWorld();

/** The function of a library. */
export function libraryFunction(library: string, name: string): LuaFunction {
  const table = globals.get(library);
  const fn = table instanceof LuaTable ? table.get(name) : undefined;
  if (!(fn instanceof LuaFunction)) throw new Error(`there is no ${library}.${name}`);
  return fn;
}

/** What our function returns or raises, as text. */
export function callOurs(call: Call): string {
  const { fn, generator } = libraryFunction(call.library, call.name);
  try {
    let result = fn(...call.args) as LuaResult | Generator<unknown, LuaResult>;
    if (generator) result = finish(result as Generator<unknown, LuaResult>);
    return all(result as LuaResult).map((value) => "|" + dump(value)).join("");
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    if (error.argument < 0) return `!${error.message}`;
    return `!bad argument #${error.argument} to '?' (${error.message})`;
  }
}

function finish(steps: Generator<unknown, LuaResult>): LuaResult {
  const step = steps.next();
  if (!step.done) throw new Error("the function calls Lua, which needs the engine");
  return step.value;
}

/** What the real server's functions return or raise, as text; the calls of one batch share a script. */
export async function callReal(client: RawClient, calls: readonly Call[]): Promise<string[]> {
  const chunks = calls.map((call) =>
    `return pcall(${call.library}.${call.name}${call.args.map(literalArg).join("")})`
  );
  const reply = await client.call("EVAL", DRIVER, 0, ...chunks);
  if (reply.type !== "array") throw new Error("the driver failed: " + JSON.stringify(reply));
  return reply.items.map((item) => item.type === "bulk" ? item.text : item.type);
}

/** A Lua script: runs each chunk of ARGV, whose results must be those of pcall, and describes them as `dump` does. */
export const DRIVER = `
local function dump(v)
  local kind = type(v)
  if kind == 'number' then return v ~= v and 'nan' or string.format('%.17g', v) end
  if kind == 'string' then return #v .. ':' .. v end
  if kind ~= 'table' then return (kind == 'nil' or kind == 'boolean') and tostring(v) or kind end
  local parts = {}
  for k, x in pairs(v) do
    if type(k) == 'table' then return '{by address}' end
    parts[#parts + 1] = dump(k) .. '=' .. dump(x)
  end
  return '{' .. table.concat(parts, ',') .. '}'
end
local function describe(ok, ...)
  if not ok then return '!' .. tostring((...)) end
  local parts = {}
  for i = 1, select('#', ...) do parts[i] = '|' .. dump((select(i, ...))) end
  return table.concat(parts)
end
local out = {}
for i = 1, #ARGV do out[i] = describe(loadstring(ARGV[i])()) end
return out`;

/** See DRIVER. */
export function dump(value: LuaValue): string {
  if (typeof value === "number") return value !== value ? "nan" : libraryFormat(value);
  if (typeof value === "string") return value.length + ":" + value;
  if (value === undefined) return "nil";
  if (typeof value === "boolean") return String(value);
  if (value instanceof LuaUserdata) return "userdata";
  if (!(value instanceof LuaTable)) return "function";
  const parts: string[] = [];
  for (let i = value.nextIndex(-1); i >= 0; i = value.nextIndex(i)) {
    const key = value.keyAt(i);
    if (key instanceof LuaTable) return "{by address}"; // these stand where the memory allocator put them
    parts.push(dump(key) + "=" + dump(value.valueAt(i)));
  }
  return "{" + parts.join(",") + "}";
}

function libraryFormat(value: number): string {
  return libraryFunction("string", "format").fn("%.17g", value) as string;
}

function literalArg(value: LuaValue): string {
  return "," + literal(value);
}

/** Lua source of a value. */
export function literal(value: LuaValue): string {
  if (typeof value === "string") {
    return '"' + value.replace(/[^ !#-\[\]-~]/g, (c) => "\\" + String(c.charCodeAt(0)).padStart(3, "0")) +
      '"';
  }
  if (typeof value === "number") return numberLiteral(value);
  if (value === undefined) return "nil";
  if (typeof value === "boolean") return String(value);
  if (value instanceof LuaUserdata) return "cjson.null";
  if (!(value instanceof LuaTable)) return "function() end";
  const { list, pairs } = contents.get(value) ?? { list: [], pairs: [] };
  return "{" + [...pairs.map(([k, v]) => `[${literal(k)}]=${literal(v)}`), ...list.map(literal)].join(",") +
    "}";
}

function numberLiteral(value: number): string {
  if (value !== value) return "(0/0)";
  if (!Number.isFinite(value)) return value > 0 ? "(1/0)" : "(-1/0)";
  if (value === 0 && 1 / value < 0) return "(-1/(1/0))"; // PUC Lua keeps one constant for 0 and -0
  return value < 0 ? `(${value})` : String(value);
}

type Pairs = readonly (readonly [LuaValue, LuaValue])[];

/** How tables were made: the order in which keys came shows in `pairs`. */
const contents = new WeakMap<LuaTable, { list: readonly LuaValue[]; pairs: Pairs }>();

/** A table as the constructor in its literal makes it: `list` in the array part, `pairs` in the hash. */
export function tableOf(list: readonly LuaValue[], pairs: Pairs = []): LuaTable {
  const table = new LuaTable(list.length, pairs.length);
  for (const [key, value] of pairs) table.set(key, value);
  list.forEach((value, i) => table.set(i + 1, value));
  contents.set(table, { list, pairs });
  return table;
}
