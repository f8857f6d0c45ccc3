import { assert, assertEquals } from "@std/assert";
import { ID_WORDS, IdCursor, IdTable } from "../../types/id_table.ts";
import { idFromText, StreamId } from "../../types/stream_id.ts";
import { seededRandom } from "../helpers/seeded.ts";
import type { SeededRandom } from "../helpers/seeded.ts";

const cursor = new IdCursor();

/** Every row as [sequence, payload], by walking the table. */
function dump(table: IdTable): number[][] {
  const rows: number[][] = [];
  const id = new StreamId();
  for (let ok = table.seekFirst(cursor); ok; ok = table.next(cursor)) {
    rows.push([cursor.readId(id).seqLo, cursor.words[cursor.base + ID_WORDS]!]);
  }
  return rows;
}

function sorted(model: Map<number, number>): number[][] {
  return [...model].sort((a, b) => a[0] - b[0]);
}

function step(
  table: IdTable,
  model: Map<number, number>,
  random: SeededRandom,
  range: number,
  growing: boolean,
): void {
  const key = random.below(range);
  const id = StreamId.of(5, key);
  if (random.below(10) < (growing ? 7 : 3)) {
    const payload = random.next();
    assertEquals(table.insert(id, cursor), !model.has(key));
    assertEquals(cursor.readId(new StreamId()).seqLo, key);
    if (!model.has(key)) assertEquals(cursor.words[cursor.base + ID_WORDS], 0);
    cursor.words[cursor.base + ID_WORDS] = payload;
    model.set(key, payload);
  } else {
    assertEquals(table.delete(id, cursor), model.delete(key));
  }
  assertEquals(table.size, model.size);
}

Deno.test("a table equals a sorted map through random insertions and deletions", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = seededRandom(seed);
    const meter = { bytes: 0 };
    const table = new IdTable(1 + seed % 3, meter);
    const model = new Map<number, number>();
    const range = seed % 2 === 0 ? 300 : 5000;
    for (let i = 0; i < 8000; i++) {
      step(table, model, random, range, i % 4000 < 2000);
      if (i % 500 === 0) assertEquals(dump(table), sorted(model));
    }
    assertEquals(dump(table), sorted(model));
    table.clear();
    assertEquals([meter.bytes, table.size, table.seekFirst(cursor)], [0, 0, false]);
  }
});

Deno.test("seek finds the first row at or after an ID, find only the ID itself", () => {
  const table = new IdTable(0, { bytes: 0 });
  for (let i = 0; i < 1000; i++) table.insert(StreamId.of(1, i * 2), cursor);
  for (let i = 0; i < 1998; i++) {
    assert(table.seek(StreamId.of(1, i), cursor));
    assertEquals(cursor.readId(new StreamId()).seqLo, i + (i % 2));
    assertEquals(table.find(StreamId.of(1, i), cursor), i % 2 === 0);
  }
  assertEquals(table.seek(StreamId.of(1, 1999), cursor), false);
  assert(table.seek(StreamId.of(0, 7), cursor));
  assertEquals(cursor.readId(new StreamId()).seqLo, 0);
  assert(table.seekLast(cursor));
  assertEquals(cursor.readId(new StreamId()).seqLo, 1998);
});

Deno.test("deleting through the cursor walks on, whatever leaves are joined on the way", () => {
  for (const keep of [2, 3, 50, 129]) {
    const table = new IdTable(1, { bytes: 0 });
    for (let i = 0; i < 5000; i++) table.insert(StreamId.of(0, i), cursor);
    const id = new StreamId();
    let expected = 0;
    for (let ok = table.seekFirst(cursor); ok; expected++) {
      assertEquals(cursor.readId(id).seqLo, expected);
      ok = expected % keep === 0 ? table.next(cursor) : table.deleteAt(cursor);
    }
    assertEquals(expected, 5000);
    assertEquals(
      dump(table).map((row) => row[0]),
      Array.from({ length: Math.ceil(5000 / keep) }, (_, i) => i * keep),
    );
  }
});

Deno.test("scattered deletions give the memory back", () => {
  const meter = { bytes: 0 };
  const table = new IdTable(5, meter);
  for (let i = 0; i < 50000; i++) table.insert(StreamId.of(0, i), cursor);
  const full = meter.bytes;
  assert(full < 50000 * 42);
  for (let i = 0; i < 50000; i++) if (i % 50 !== 0) table.delete(StreamId.of(0, i), cursor);
  assert(meter.bytes < full / 10, `${meter.bytes} of ${full}`);
});

Deno.test("IDs of all 128 bits keep their order", () => {
  const table = new IdTable(0, { bytes: 0 });
  const texts = [
    "18446744073709551615-18446744073709551615",
    "4294967296-0",
    "4294967295-7",
    "0-4294967296",
    "0-1",
  ];
  for (const text of texts) table.insert(idFromText(text), cursor);
  const found: string[] = [];
  for (let ok = table.seekFirst(cursor); ok; ok = table.next(cursor)) {
    found.push(cursor.readId(new StreamId()).toString());
  }
  assertEquals(found, texts.reverse());
});
