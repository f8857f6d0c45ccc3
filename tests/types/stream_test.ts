import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "../../types/bytes.ts";
import { Stream } from "../../types/stream.ts";
import { idFromText, IdList, StreamId } from "../../types/stream_id.ts";
import { trimStream } from "../../types/stream_trim.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { nodes, type Row, rows, spans } from "./stream_model.ts";
import { pick, randomElement } from "./naive.ts";

const DEFAULTS = { maxBytes: 4096, maxEntries: 100 };

function add(stream: Stream, id: string, fields: string[], limits = DEFAULTS): boolean {
  return stream.append(idFromText(id), spans(fields), 0, fields.length / 2, limits);
}

/** A stream of `count` entries with IDs 1-0 to count-0. */
function numbered(count: number, limits = DEFAULTS): Stream {
  const stream = new Stream();
  for (let i = 1; i <= count; i++) add(stream, `${i}-0`, ["n", String(i)], limits);
  return stream;
}

function remove(stream: Stream, ...ids: string[]): number {
  const list = new IdList();
  for (const id of ids) list.add(idFromText(id));
  return stream.delete(list);
}

function trim(
  stream: Stream,
  maxLength: number | undefined,
  minId: string,
  approximate = false,
  limit = 0,
): number {
  return trimStream(stream, { maxLength, minId: idFromText(minId), approximate, limit });
}

function ids(list: Row[]): string[] {
  return list.map((row) => row[0]);
}

const asText = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** One random operation on both. */
function step(stream: Stream, model: Row[], random: SeededRandom, limits: typeof DEFAULTS): void {
  const op = random.below(20);
  if (op < 13) {
    const id = stream.lastId.clone();
    if (random.below(2) === 0) id.increment();
    else id.assign(id.msHi, id.msLo + 1 + random.below(100000), 0, random.below(3));
    const fields: string[] = [];
    for (let i = 1 + random.below(4); i > 0; i--) {
      const name = random.below(2) === 0 ? `field${i}` : asText(randomElement(random, 20));
      fields.push(name.replaceAll("|", "/"), asText(randomElement(random)).replaceAll("|", "/"));
    }
    assert(add(stream, id.toString(), fields, limits));
    model.push([id.toString(), ...fields]);
  } else if (op < 18 && model.length > 0) {
    const at = random.below(model.length);
    assertEquals(remove(stream, model[at]![0], "3-18446744073709551615"), 1);
    model.splice(at, 1);
  } else if (model.length > 0) {
    const cut = random.below(Math.min(model.length, 12));
    const byLength = random.below(2) === 0;
    const removed = trim(stream, byLength ? model.length - cut : undefined, model[cut]![0]);
    assertEquals(removed, cut);
    model.splice(0, cut);
  }
}

function check(stream: Stream, model: Row[], random: SeededRandom): void {
  assertEquals(rows(stream), model);
  assertEquals(stream.length, model.length);
  assertEquals(nodes(stream).reduce((sum, node) => sum + node[1], 0), model.length);
  assertEquals(stream.firstId.toString(), model[0]?.[0] ?? "0-0");
  if (model.length === 0) return;
  const a = random.below(model.length), b = random.below(model.length);
  const from = idFromText(model[a]![0]), to = idFromText(model[b]![0]);
  const expected = model.slice(a, b + 1);
  assertEquals(rows(stream, from, to), expected);
  assertEquals(rows(stream, from, to, true), [...expected].reverse());
  const after = from.clone();
  after.increment();
  assertEquals(stream.has(from), true);
  assertEquals(stream.has(after), model[a + 1]?.[0] === after.toString());
}

Deno.test("a stream equals an array of entries through random changes", () => {
  for (let seed = 1; seed <= 24; seed++) {
    const random = seededRandom(seed);
    const limits = { maxBytes: pick(random, 4096, 0, 300), maxEntries: pick(random, 100, 0, 1, 7) };
    const stream = new Stream();
    const model: Row[] = [];
    for (let i = 0; i < 600; i++) {
      step(stream, model, random, limits);
      if (i % 25 === 0) check(stream, model, random);
    }
    check(stream, model, random);
  }
});

Deno.test("nodes end at the number of entries or bytes that the configuration says", () => {
  assertEquals(nodes(numbered(250)), [["1-0", 100, 0], ["101-0", 100, 0], ["201-0", 50, 0]]);
  assertEquals(nodes(numbered(5, { maxBytes: 0, maxEntries: 2 })).map((node) => node[1]), [2, 2, 1]);
  assertEquals(nodes(numbered(500, { maxBytes: 0, maxEntries: 0 })).length, 1);
  const stream = new Stream();
  for (let i = 1; i <= 10; i++) add(stream, `${i}-0`, ["f", "x".repeat(1500)]);
  assertEquals(nodes(stream).map((node) => node[1]), [2, 2, 2, 2, 2]);
});

Deno.test("what was deleted in a node counts towards its size until the node goes", () => {
  const stream = numbered(150);
  assertEquals(remove(stream, "1-0", "2-0", "2-0", "150-0"), 3);
  assertEquals(nodes(stream), [["1-0", 98, 2], ["101-0", 49, 1]]);
  for (let i = 101; i < 150; i++) remove(stream, `${i}-0`);
  assertEquals(nodes(stream), [["1-0", 98, 2]]);
  // The last node is full, deleted entries included: a new one begins.
  add(stream, "151-0", ["n", "151"]);
  assertEquals(nodes(stream), [["1-0", 98, 2], ["151-0", 1, 0]]);
  assertEquals([stream.firstId.toString(), stream.maxDeletedId.toString()], ["3-0", "150-0"]);
});

Deno.test("entries go on being appended to a node that has become the last one again", () => {
  const stream = numbered(3, { maxBytes: 0, maxEntries: 2 });
  remove(stream, "3-0");
  add(stream, "4-0", ["n", "4"], { maxBytes: 0, maxEntries: 3 });
  assertEquals(nodes(stream), [["1-0", 3, 0]]);
  assertEquals(ids(rows(stream)), ["1-0", "2-0", "4-0"]);
});

Deno.test("approximate trimming takes whole nodes only and stops before its limit", () => {
  const stream = numbered(350);
  assertEquals(trim(stream, 351, "0-0", true), 0);
  assertEquals(trim(stream, 251, "0-0", true), 0);
  assertEquals(trim(stream, 249, "0-0", true), 100);
  assertEquals(trim(stream, 0, "0-0", true, 99), 0);
  assertEquals(trim(stream, 0, "0-0", true, 199), 100);
  assertEquals(trim(stream, undefined, "300-0", true), 0);
  assertEquals(trim(stream, undefined, "301-0", true), 100);
  assertEquals([stream.length, stream.firstId.toString()], [50, "301-0"]);
  assertEquals(trim(stream, 0, "0-0", true), 50);
  assertEquals([stream.length, stream.firstId.toString(), stream.lastId.toString()], [0, "0-0", "350-0"]);
});

Deno.test("exact trimming by ID compares with a node's last entry even when that is deleted", () => {
  const stream = numbered(3);
  remove(stream, "3-0");
  assertEquals(trim(stream, undefined, "3-0"), 2);
  assertEquals(nodes(stream), [["1-0", 0, 3]]);
  assertEquals([rows(stream), stream.length, stream.firstId.toString()], [[], 0, "0-0"]);
});

Deno.test("IDs use all 128 bits, whatever their distance to the node's key", () => {
  const stream = new Stream();
  const texts = [
    "0-1",
    "1-18446744073709551615",
    "2-0",
    "4294967296-4294967296",
    "9007199254740993-1",
    "9223372036854775808-9223372036854775807",
    "18446744073709551615-0",
    "18446744073709551615-18446744073709551615",
  ];
  for (const text of texts) add(stream, text, ["f", "v"]);
  assertEquals(ids(rows(stream)), texts);
  const from = idFromText("4294967296-4294967297");
  assertEquals(ids(rows(stream, from)), texts.slice(4));
  assertEquals(stream.nextId(Date.UTC(2024, 0), new StreamId()), false);
});

Deno.test("automatic IDs are the time, and never go back", () => {
  const stream = new Stream();
  const id = new StreamId();
  assert(stream.nextId(1700000000000, id));
  assertEquals(id.toString(), "1700000000000-0");
  add(stream, "1700000000000-0", ["f", "v"]);
  for (const now of [1700000000000, 5]) {
    assert(stream.nextId(now, id));
    assertEquals(id.toString(), "1700000000000-1");
  }
  id.copy(idFromText("1700000000000-0"));
  assert(stream.nextSequence(id));
  assertEquals(id.toString(), "1700000000000-1");
  id.copy(idFromText("1700000000001-0"));
  assert(stream.nextSequence(id));
  assertEquals(id.toString(), "1700000000001-0");
  add(stream, "1700000000001-18446744073709551615", ["f", "v"]);
  id.copy(idFromText("1700000000001-0"));
  assertEquals(stream.nextSequence(id), false);
});

Deno.test("a group's lag is known while no deletion lies ahead of it", () => {
  const stream = numbered(5);
  const group = stream.createGroup(fromLatin1("g"), idFromText("0-0"), -1)!;
  assertEquals(stream.createGroup(fromLatin1("g"), idFromText("0-0"), -1), undefined);
  assertEquals(stream.lag(group), 5);
  for (let i = 1; i <= 3; i++) stream.advanceGroup(group, idFromText(`${i}-0`));
  assertEquals([group.entriesRead, stream.lag(group)], [3, 2]);
  remove(stream, "5-0");
  assertEquals(stream.lag(group), undefined);
  stream.advanceGroup(group, idFromText("4-0"));
  assertEquals([group.entriesRead, stream.lag(group)], [-1, undefined]);
  add(stream, "6-0", ["n", "6"]);
  stream.advanceGroup(group, idFromText("6-0"));
  assertEquals([group.entriesRead, stream.lag(group)], [6, 0]);
});

Deno.test("memory is what the entries take, and comes back", () => {
  const stream = new Stream();
  const empty = stream.memoryBytes();
  for (let i = 1; i <= 20000; i++) add(stream, `${i}-0`, ["a", "1234", "b", "text", "c", "5"]);
  const bytes = (stream.memoryBytes() - empty) / 20000;
  assert(bytes > 17 && bytes < 22, `${bytes} bytes an entry`);
  for (let i = 1; i <= 20000; i++) if (i % 100 !== 1) remove(stream, `${i}-0`);
  assertEquals(stream.length, 200);
  const group = stream.createGroup(fromLatin1("group"), idFromText("0-0"), 0)!;
  group.createConsumer(fromLatin1("someone"), 5);
  stream.destroyGroup(group);
  trim(stream, 0, "0-0");
  assertEquals(stream.memoryBytes(), empty);
});
