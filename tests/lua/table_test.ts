/** The table against a map that remembers no order: random keys, values, removals; traversal under assignment. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { LuaTable } from "../../lua/table.ts";
import type { LuaValue } from "../../lua/value.ts";
import { Random } from "../../server/random.ts";

function entries(table: LuaTable): Map<LuaValue, LuaValue> {
  const found = new Map<LuaValue, LuaValue>();
  for (let i = table.nextIndex(-1); i >= 0; i = table.nextIndex(i)) {
    assert(!found.has(table.keyAt(i)), "a key comes once");
    found.set(table.keyAt(i), table.valueAt(i));
  }
  return found;
}

Deno.test("a table holds what a map holds", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const below = (n: number) => random.u32() % n;
    const table = new LuaTable(below(4), below(4));
    const model = new Map<LuaValue, LuaValue>();
    const objects = [new LuaTable(), new LuaTable()];
    const range = 1 + below(60);
    for (let i = 0; i < 400; i++) {
      const keys: LuaValue[] = [
        1 + below(range),
        -below(5),
        below(range) / 2,
        "k" + below(range),
        below(2) === 0,
        objects[below(2)],
      ];
      const key = keys[below(keys.length)];
      const value = below(3) === 0 ? undefined : below(1000);
      table.set(key, value);
      if (value === undefined) model.delete(key);
      else model.set(key, value);
      assertEquals(table.get(key), value);
      checkBorder(table, model);
    }
    assertEquals(entries(table), model);
    for (const [key, value] of model) assertEquals(table.get(key), value);
  }
});

function checkBorder(table: LuaTable, model: Map<LuaValue, LuaValue>): void {
  const border = table.length();
  assert(border === 0 || model.has(border), `${border} is no border`);
  assert(!model.has(border + 1), `${border} is no border`);
}

Deno.test("what is assigned to during a traversal does not disturb it", () => {
  const table = new LuaTable();
  for (let i = 1; i <= 20; i++) {
    table.setNumber(i, i);
    table.setStr("k" + i, i);
  }
  const seen: LuaValue[] = [];
  let key: LuaValue;
  for (;;) {
    const i = table.nextIndex(table.indexOf(key));
    if (i < 0) break;
    key = table.keyAt(i);
    seen.push(key);
    table.set(key, undefined);
  }
  assertEquals(seen.length, 40);
  assertEquals(table.nextIndex(-1), -1);
});

Deno.test("a list that grows and shrinks keeps its length without searching", () => {
  const table = new LuaTable();
  for (let i = 1; i <= 1000; i++) {
    table.setNumber(i, i);
    assertEquals(table.length(), i);
  }
  for (let i = 1000; i >= 1; i--) {
    table.setNumber(i, undefined);
    assertEquals(table.length(), i - 1);
  }
});

Deno.test("nil and NaN are no keys, and only keys can be gone on from", () => {
  const table = new LuaTable();
  assertThrows(() => table.set(undefined, 1));
  assertThrows(() => table.set(NaN, 1));
  assertThrows(() => table.indexOf("none"));
  assertEquals(table.get(undefined), undefined);
  assertEquals(table.get(NaN), undefined);
});
