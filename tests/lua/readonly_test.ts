/** Redis's readonly tables: no way leads round the flag, and the texts are those that redis-server 7.0.15 gives. */

import { assertEquals } from "@std/assert";
import { LuaError } from "../../lua/error.ts";
import { LuaState } from "../../lua/state.ts";
import { LuaTable } from "../../lua/table.ts";

const REFUSAL = "Attempt to modify a readonly table";

function complaint(source: string): string {
  const state = new LuaState();
  const locked = new LuaTable();
  locked.setStr("a", 1);
  locked.setNumber(1, "one");
  locked.metatable = new LuaTable();
  locked.readonly = true;
  state.globals.setStr("locked", locked);
  const closed = new LuaTable();
  closed.setStr("x", 1);
  closed.readonly = true;
  state.globals.setStr("closed", closed);
  state.globals.readonly = true;
  try {
    state.runToEnd(state.compile(source, "@user_script"), []);
  } catch (error) {
    if (error instanceof LuaError) return error.message;
    throw error;
  }
  return "fine";
}

const REFUSED_WITH_POSITION = [
  "locked.a = 2",
  "locked.b = 2",
  "locked[1] = 2",
  "locked[5] = 2",
  "locked[1.5] = 2",
  "locked[true] = 2",
  "closed.x = nil",
  "closed[1] = nil",
  "x = 1",
  "print = nil",
  "function f() end",
  "local a a, closed.y = 1, 2",
  "for i = 1, 2 do closed[i] = i end",
];

const REFUSED_WITHOUT = [
  "rawset(locked, 'a', 2)",
  "rawset(_G, 'a', 2)",
  "setmetatable(locked, {})",
  "setmetatable(closed, nil)",
  "table.insert(locked, 2)",
  "table.insert(closed, 1, 2)",
  "table.remove(locked)",
];

Deno.test("every assignment is refused, with its position", () => {
  for (const source of REFUSED_WITH_POSITION) {
    assertEquals(complaint(source), `user_script:1: ${REFUSAL}`, source);
  }
});

Deno.test("host functions are refused too, without a position", () => {
  for (const source of REFUSED_WITHOUT) assertEquals(complaint(source), REFUSAL, source);
});

Deno.test("reading is free", () => {
  const source = "assert(locked.a == 1 and locked[1] == 'one' and #locked == 1 and next(closed) == 'x') " +
    "for k, v in pairs(locked) do local x = v end assert(table.concat(locked) == 'one')";
  assertEquals(complaint(source), "fine");
});
