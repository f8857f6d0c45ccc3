/** Small helpers that all libraries share. */

import { LuaTable } from "./table.ts";
import {
  type GeneratorFunction,
  generatorFunction,
  hostFunction,
  LuaFunction,
  type LuaThread,
  LuaUserdata,
  type LuaValue,
  type PlainFunction,
  typeName,
} from "./value.ts";
import { formatNumber } from "./number.ts";

/** Puts functions that do not call Lua into a table. */
export function addFunctions(table: LuaTable, functions: Readonly<Record<string, PlainFunction>>): void {
  for (const [name, fn] of Object.entries(functions)) table.setStr(name, hostFunction(name, fn));
}

/** Puts functions that call Lua into a table. */
export function addGenerators(
  table: LuaTable,
  functions: Readonly<Record<string, GeneratorFunction>>,
): void {
  for (const [name, fn] of Object.entries(functions)) table.setStr(name, generatorFunction(name, fn));
}

/** The text of a value without metamethods: "table: 0x55..." for what has none. */
export function rawToString(value: LuaValue): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return formatNumber(value);
    case "boolean":
      return String(value);
    case "undefined":
      return "nil";
  }
  if (value instanceof LuaUserdata) return value.text;
  return `${typeName(value)}: 0x${(value as LuaTable | LuaFunction | LuaThread).address.toString(16)}`;
}
