/** The hash and the set as commands see them, against a Map and a Set: packed, large, and from one to the other. */
import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../types/arena.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { FieldTable } from "../../types/field_table.ts";
import { HashView } from "../../types/hash_view.ts";
import type { Entry } from "../../types/listpack.ts";
import { SetView } from "../../types/set_view.ts";
import { seededRandom } from "../helpers/seeded.ts";

function textOf(entry: Entry): string {
  return latin1(entry.buf, entry.start, entry.end);
}

function pairsOf(view: HashView): Map<string, string> {
  const pairs = new Map<string, string>();
  view.forEach(() => void pairs.set(textOf(view.field), textOf(view.value)));
  return pairs;
}

/** What the owner of a packed value does: keeps its bytes elsewhere and shows them again. */
function store(view: HashView, arena: Arena): void {
  if (view.table !== null) return;
  const kept = view.packed.slice(view.packedStart, view.packedEnd);
  view.showPacked(kept, 0, arena);
}

Deno.test("hash view: like a Map in both forms", () => {
  for (const [maxEntries, maxValueBytes] of [[8, 64], [1000, 64], [0, 64], [1000, 4]] as const) {
    const random = seededRandom(maxEntries + maxValueBytes);
    const arena = new Arena();
    const view = new HashView();
    view.maxEntries = maxEntries;
    view.maxValueBytes = maxValueBytes;
    view.showEmpty(arena);
    const model = new Map<string, string>();
    for (let i = 0; i < 20_000; i++) {
      const field = random.below(2) === 0 ? String(random.below(40) - 20) : "f\xff\0" + random.below(30);
      const key = fromLatin1(field);
      if (random.below(3) > 0) {
        const value = random.below(2) === 0 ? String(random.below(1e9)) : "v".repeat(random.below(30));
        const bytes = fromLatin1(value);
        assertEquals(view.set(key, 0, key.length, bytes, 0, bytes.length), !model.has(field));
        model.set(field, value);
      } else assertEquals(view.delete(key, 0, key.length), model.delete(field));
      store(view, arena);
      assertEquals(view.length, model.size);
      const found = view.find(key, 0, key.length);
      assertEquals(found ? textOf(view.value) : undefined, model.get(field));
    }
    assertEquals([...pairsOf(view)].sort(), [...model].sort());
  }
});

Deno.test("hash view: a long value or too many fields make it large, and nothing is lost", () => {
  const arena = new Arena();
  const view = new HashView();
  view.showEmpty(arena);
  const one = fromLatin1("1");
  for (let i = 0; i < 128; i++) {
    const field = fromLatin1("f" + i);
    view.set(field, 0, field.length, one, 0, 1);
  }
  assertEquals(view.table, null);
  const last = fromLatin1("f128");
  view.set(last, 0, last.length, one, 0, 1);
  assert(view.table !== null);
  assertEquals(view.length, 129);
  view.showEmpty(arena);
  view.set(one, 0, 1, new Uint8Array(65), 0, 65);
  assert((view as HashView).table !== null);
});

Deno.test("set view: like a Set, as integers and as a table", () => {
  for (const maxInts of [0, 16, 512]) {
    const random = seededRandom(maxInts + 1);
    const arena = new Arena();
    const view = new SetView();
    view.maxInts = maxInts;
    view.showEmpty(arena);
    const model = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const wide = random.below(50) === 0;
      const member = i > 10_000 && random.below(100) === 0
        ? "not a number"
        : wide
        ? String(9007199254740993n * BigInt(random.below(900) + 1))
        : String(random.below(400) - 200);
      const bytes = fromLatin1(member);
      if (random.below(2) === 0) {
        assertEquals(view.add(bytes, 0, bytes.length), !model.has(member));
        model.add(member);
      } else assertEquals(view.delete(bytes, 0, bytes.length), model.delete(member));
      if (view.table === null) view.showPacked(view.packed.slice(view.packedStart, view.packedEnd), 0, arena);
      assertEquals(view.has(bytes, 0, bytes.length), model.has(member));
      assertEquals(view.length, model.size);
    }
    const members: string[] = [];
    view.forEach(() => void members.push(textOf(view.member)));
    assertEquals(members.sort(), [...model].sort());
  }
});

Deno.test("field table: a copy is independent, and release gives every block back", () => {
  const arena = new Arena();
  const target = new Arena();
  const table = new FieldTable(arena, true);
  const value = fromLatin1("value");
  for (let i = 0; i < 5000; i++) {
    const field = fromLatin1("field" + i);
    table.set(field, 0, field.length, value, 0, i % 6);
  }
  const copy = table.cloneInto(target);
  let slices = 1;
  while (!table.release(500)) slices++;
  assert(slices > 5);
  assertEquals(arena.blockBytes, 0);
  const probe = fromLatin1("field4999");
  const record = copy.find(probe, 0, probe.length);
  assertEquals(copy.valueLength(record), 4999 % 6);
  assertEquals(copy.length, 5000);
  const before = copy.memoryBytes();
  copy.deleteRecord(record);
  assert(copy.memoryBytes() < before);
});
