/**
 * Streams with groups that change while a snapshot writes them: the file is what they were at the cut, counters, consumers and
 * pending entries included (which DEBUG DIGEST leaves out, so that values are compared as DUMP writes them).
 */
import { assert, assertEquals } from "@std/assert";
import { CommandEncoder } from "../../persistence/aof_commands.ts";
import { dumpRecord } from "../../persistence/dump.ts";
import { Snapshot } from "../../persistence/snapshot.ts";
import type { Database, Store } from "../../store.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { IdCursor } from "../../types/id_table.ts";
import { Kind } from "../../types/kind.ts";
import { Stream } from "../../types/stream.ts";
import type { ConsumerGroup } from "../../types/stream_groups.ts";
import { IdList, StreamId } from "../../types/stream_id.ts";
import { trimStream } from "../../types/stream_trim.ts";
import { newStore } from "../helpers/data_set.ts";
import { loadFile } from "../helpers/rdb.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import {
  changeOne,
  type Changing,
  giveUp,
  pace,
  rdbEncoder,
  written,
  writtenAmid,
} from "../helpers/snapshots.ts";
import { spans } from "../types/stream_model.ts";

const KEYS = ["a", "b", "c"];
/** Many small nodes, and those of the default settings. */
const LIMITS = [{ maxBytes: 400, maxEntries: 7 }, { maxBytes: 4096, maxEntries: 100 }];

const cursor = new IdCursor();

function add(stream: Stream, random: SeededRandom, limits = LIMITS[0]!): void {
  const id = stream.lastId.clone();
  if (random.below(3) === 0) id.increment();
  else id.assign(id.msHi, id.msLo + 1 + random.below(5), 0, random.below(3));
  const fields = ["field", `${random.below(1e6)}`];
  if (random.below(4) === 0) fields.push("another", "value ".repeat(random.below(10)));
  if (random.below(2000) === 0) fields.push("long", "\xaa\x01".repeat(50_000));
  stream.append(id, spans(fields), 0, fields.length / 2, limits);
}

/** An ID that is likely to be there. */
function anyId(stream: Stream, random: SeededRandom): StreamId {
  return StreamId.of(random.below(stream.lastId.msLo + 2), random.below(4));
}

function newStream(random: SeededRandom): Stream {
  const stream = new Stream();
  const limits = LIMITS[random.below(2)]!;
  for (let left = 2000 + random.below(4000); left > 0; left--) add(stream, random, limits);
  for (let i = random.below(4); i > 0; i--) newGroup(stream, `group ${i}`, random);
  return stream;
}

function newGroup(stream: Stream, name: string, random: SeededRandom): void {
  const group = stream.createGroup(fromLatin1(name), anyId(stream, random), random.below(100));
  if (group === undefined) return;
  for (let i = random.below(5); i > 0; i--) group.createConsumer(fromLatin1(`consumer ${i}`), i * 1000);
  for (let left = random.below(2500); left > 0; left--) deliver(stream, group, random);
}

function deliver(stream: Stream, group: ConsumerGroup, random: SeededRandom): void {
  if (group.consumers.size === 0) return;
  const consumer = group.consumers.at(random.below(group.consumers.size));
  group.deliver(anyId(stream, random), consumer, random.below(1e9), cursor);
}

function setStream(db: Database, key: Uint8Array, stream: Stream): void {
  db.setObject(key, 0, key.length, Kind.STREAM, stream);
}

function filled(random: SeededRandom): Store {
  const store = newStore();
  for (const db of store.databases.slice(0, 2)) {
    for (const name of KEYS) setStream(db, fromLatin1(name), newStream(random));
  }
  return store;
}

/** All values as DUMP writes them, by database and key. */
function valuesOf(store: Store): Map<string, string> {
  const values = new Map<string, string>();
  for (const db of store.databases) {
    db.table.forEach((addr) => {
      const start = db.keyStart(addr);
      const key = latin1(db.bytes(addr), start, start + db.keyLength(addr));
      values.set(`${db.index} ${key}`, latin1(dumpRecord(db, addr, false)));
    });
  }
  return new Map([...values].sort(([a], [b]) => a < b ? -1 : 1));
}

const STREAMS: Changing = {
  keys: KEYS,
  rarity: 100,
  create: (db, key, random) => setStream(db, key, newStream(random)),
  change(db, _key, addr, _choice, random) {
    const stream = db.object<Stream>(addr);
    for (let left = random.below(20); left > 0; left--) changeStream(stream, random);
  },
};

function change(store: Store, random: SeededRandom): void {
  changeOne(store, STREAMS, random);
}

function changeStream(stream: Stream, random: SeededRandom): void {
  const choice = random.below(100);
  if (choice < 35) return add(stream, random, LIMITS[random.below(2)]);
  if (choice < 55) {
    const ids = new IdList();
    for (let left = random.below(5); left > 0; left--) ids.add(anyId(stream, random));
    return void stream.delete(ids);
  }
  if (choice < 60) {
    const maxLength = stream.length - random.below(random.below(20) === 0 ? stream.length + 1 : 30);
    const rule = { maxLength, minId: stream.firstId, approximate: random.below(2) === 0, limit: 0 };
    return void trimStream(stream, { ...rule, maxLength: Math.max(0, maxLength) });
  }
  if (choice < 62) return void stream.maxDeletedId.copy(anyId(stream, random));
  if (choice < 64) return newGroup(stream, `group ${random.below(6)}`, random);
  if (stream.groups.size === 0) return;
  const group = stream.groups.at(random.below(stream.groups.size));
  if (choice < 65) return stream.destroyGroup(group);
  changeGroup(stream, group, choice, random);
}

function changeGroup(stream: Stream, group: ConsumerGroup, choice: number, random: SeededRandom): void {
  if (choice < 75) return deliver(stream, group, random);
  if (choice < 77) return void group.lastId.copy(anyId(stream, random));
  if (choice < 79) return void group.createConsumer(fromLatin1(`consumer ${random.below(20)}`), choice);
  const id = anyId(stream, random);
  if (choice < 90) return void group.acknowledge(id, cursor);
  if (group.consumers.size === 0) return;
  const consumer = group.consumers.at(random.below(group.consumers.size));
  if (choice < 92) consumer.seenTime = random.below(1e9);
  else if (choice < 93) group.deleteConsumer(consumer);
  else if (group.pending.seek(id, cursor)) { // XCLAIM
    group.assign(cursor.readId(id), consumer, cursor);
    if (random.below(2) === 0) group.countDelivery(cursor);
    else group.setDeliveryTime(cursor, random.below(1e9));
  }
}

Deno.test("streams that change while they are written are what they were at the cut", async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seededRandom(seed);
    const store = filled(random);
    for (let round = 0; round < 3; round++) { // several snapshots, one after another
      const before = valuesOf(store);
      const file = await writtenAmid(store, 1 + random.below(4), () => change(store, random));
      const loaded = valuesOf(loadFile(file));
      assertEquals([...loaded.keys()], [...before.keys()], `seed ${seed} round ${round}`);
      for (const [key, value] of before) {
        assert(loaded.get(key) === value, `seed ${seed} round ${round}: ${key}`);
      }
    }
    for (const db of store.databases) {
      db.table.forEach((addr) => assertEquals(db.object<Stream>(addr).guard, null));
    }
    while (store.releaseSome(Infinity));
  }
});

Deno.test("as commands, too", async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = seededRandom(seed);
    const store = filled(random);
    const lines = (file: Uint8Array) =>
      latin1(file).split(/(?=\*\d+\r\n\$(?:6\r\nSELECT|4\r\nXADD|6\r\nXSETID|6\r\nXGROUP|6\r\nXCLAIM)\r\n)/);
    const expected = lines(await written(store, new CommandEncoder(null, []), () => {}));
    const found = lines(await written(store, new CommandEncoder(null, []), () => change(store, random)));
    // Values come in another order where some were begun early, and SELECT with them.
    const sorted = (all: string[]) => all.filter((line) => !line.includes("SELECT")).sort().join("");
    assert(sorted(found) === sorted(expected), `seed ${seed}`);
  }
});

Deno.test("the first change of a long stream neither waits for it nor copies it", () => {
  const store = newStore();
  const db = store.databases[0]!;
  const key = fromLatin1("key");
  const stream = new Stream();
  const random = seededRandom(1);
  for (let i = 0; i < 50_000; i++) add(stream, random, LIMITS[1]);
  newGroup(stream, "group", random);
  setStream(db, key, stream);
  const encoder = rdbEncoder();
  const snapshot = new Snapshot(store, encoder, { write: () => Promise.resolve() }, pace(() => {}));
  const before = encoder.length;
  assertEquals(db.lookupWrite(key, 0, key.length), db.find(key, 0, key.length));
  assert(stream.guard !== null && stream.guard.stream !== stream);
  add(stream, random);
  assert(encoder.length - before < 20_000, `${encoder.length - before} bytes were written`);
  snapshot.abort("enough");
  assertEquals(stream.guard, null);
});

Deno.test("after a snapshot that was given up, streams are as they should be", async () => {
  const random = seededRandom(3);
  const store = filled(random);
  await giveUp(store, () => change(store, random));
  const before = valuesOf(store);
  const after = valuesOf(loadFile(await written(store, rdbEncoder(), () => change(store, random))));
  assertEquals([...after.keys()], [...before.keys()]);
  for (const [key, value] of before) assert(after.get(key) === value, key);
});
