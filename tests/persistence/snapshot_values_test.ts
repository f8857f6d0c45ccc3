/**
 * Large sets, hashes and sorted sets that change while a snapshot writes them, slice by slice: the file is what they were at the cut, and
 * no change has to wait for a whole value.
 */
import { assert, assertEquals } from "@std/assert";
import { CommandEncoder } from "../../persistence/aof_commands.ts";
import { digestOfStore } from "../../persistence/digest.ts";
import { Snapshot, type SnapshotEncoder } from "../../persistence/snapshot.ts";
import type { Database, Store } from "../../store.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { FieldTable } from "../../types/field_table.ts";
import { Kind } from "../../types/kind.ts";
import { SortedSet } from "../../types/zset.ts";
import { newStore } from "../helpers/data_set.ts";
import { loadFile } from "../helpers/rdb.ts";
import { FrameReader } from "../helpers/resp.ts";
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

const KEYS = ["set a", "hash a", "hash c", "sorted a", "sorted b"];

function bytesOf(random: SeededRandom, members: number): Uint8Array {
  return fromLatin1(`member ${random.below(members)}`);
}

function newValue(db: Database, random: SeededRandom, isHash: boolean, fields: number): FieldTable {
  const table = new FieldTable(db.arena, isHash);
  for (let i = 0; i < fields; i++) {
    const field = fromLatin1(`member ${i}`);
    if (isHash) table.set(field, 0, field.length, field, 0, random.below(field.length));
    else table.add(field, 0, field.length);
  }
  return table;
}

function newSortedSet(db: Database, random: SeededRandom, members: number): SortedSet {
  const set = new SortedSet(db.arena);
  for (let i = 0; i < members; i++) {
    const member = fromLatin1(`member ${i}`);
    set.add(member, 0, member.length, random.below(500) - 100);
  }
  const long = new Uint8Array(100_000).map(() => random.below(256));
  for (let i = 0; i < 3; i++) set.add(long, i, long.length, random.below(500));
  return set;
}

function filled(random: SeededRandom): Store {
  const store = newStore();
  for (const db of store.databases.slice(0, 2)) {
    for (const name of KEYS) {
      const key = fromLatin1(name);
      const isHash = name.startsWith("hash");
      if (name.startsWith("sorted")) {
        db.setObject(key, 0, key.length, Kind.ZSET, newSortedSet(db, random, 1000 + random.below(4000)));
        continue;
      }
      const expiry = random.below(2) === 0 ? -1 : 1_900_000_000_000;
      const value = newValue(db, random, isHash, (isHash ? 1000 : 10_000) + random.below(4000));
      if (name === "hash c") addLongValues(value, random);
      db.setObject(key, 0, key.length, isHash ? Kind.HASH : Kind.SET, value, expiry);
    }
  }
  return store;
}

/** Strings that are written in many slices each. */
function addLongValues(table: FieldTable, random: SeededRandom): void {
  const noise = new Uint8Array(300_000).map(() => random.below(256));
  for (let i = 0; i < 4; i++) {
    const field = fromLatin1(`member ${i}`);
    table.set(field, 0, field.length, noise, i, noise.length);
  }
}

const VALUES: Changing = {
  keys: KEYS,
  rarity: 60,
  create(db, key, random) {
    db.setObject(key, 0, key.length, Kind.SET, newValue(db, random, false, random.below(3000) + 1));
  },
  change: changeValue,
};

function change(store: Store, random: SeededRandom): void {
  changeOne(store, VALUES, random);
}

/** Some changes of one value, as a command would make them. */
function changeValue(
  db: Database,
  key: Uint8Array,
  addr: number,
  choice: number,
  random: SeededRandom,
): void {
  if (db.kind(addr) === Kind.ZSET && choice !== 8 && choice !== 9) {
    return changeSorted(db.object<SortedSet>(addr), choice, random);
  }
  const table = db.object<FieldTable>(addr);
  switch (choice) {
    case 6: // shrinks
      for (let left = table.length * 0.9; left > 0 && table.length > 1; left--) {
        table.deleteRecord(table.random(random.next));
      }
      return;
    case 7:
      return grow(table, db.kind(addr) === Kind.HASH, 2000, random);
    case 8:
      return void db.setExpiry(addr, 1_800_000_000_000 + random.below(100));
    case 9: // something else in its place
      db.set(key, 0, key.length, Kind.RAW, key, 0, key.length);
      return void db.delete(key, 0, key.length);
    default:
      grow(table, db.kind(addr) === Kind.HASH, random.below(20), random);
      for (let left = random.below(20); left > 0 && table.length > 1; left--) {
        const member = bytesOf(random, 6000);
        table.delete(member, 0, member.length);
      }
      if (table.length === 0) db.delete(key, 0, key.length);
  }
}

function changeSorted(set: SortedSet, choice: number, random: SeededRandom): void {
  if (choice === 6) { // most go
    const from = random.below(1 + (set.length >> 2));
    return set.removeRange(from, from + Math.floor((set.length - from) * 0.9));
  }
  for (let left = choice === 7 ? 2000 : random.below(20); left > 0; left--) {
    const member = bytesOf(random, 8000);
    const record = set.find(member, 0, member.length);
    const score = random.below(800) - 200;
    if (record === 0) set.add(member, 0, member.length, score);
    else if (random.below(2) === 0) set.update(record, score);
    else if (set.length > 1) set.remove(record);
  }
}

function grow(table: FieldTable, isHash: boolean, count: number, random: SeededRandom): void {
  for (let i = 0; i < count; i++) {
    const member = bytesOf(random, 8000);
    if (!isHash) table.add(member, 0, member.length);
    else table.set(member, 0, member.length, fromLatin1("changed values"), 0, random.below(14));
  }
}

Deno.test("sets, hashes and sorted sets that change while they are written are what they were at the cut", async () => {
  for (let seed = 1; seed <= 9; seed++) {
    const random = seededRandom(seed);
    const store = filled(random);
    // Several snapshots of the same values, one after another.
    for (let round = 0; round < 3; round++) {
      const before = digestOfStore(store);
      const file = await writtenAmid(store, 1 + random.below(8), () => change(store, random));
      assertEquals(digestOfStore(loadFile(file)), before, `seed ${seed} round ${round}`);
    }
    for (const db of store.databases) {
      db.table.forEach((addr) => assertEquals(db.object<FieldTable>(addr).guard, null));
    }
    while (store.releaseSome(Infinity));
    for (const db of store.databases) db.flush(false);
    assertEquals(store.databases.reduce((sum, db) => sum + db.arena.blockBytes, 0), 0);
  }
});

Deno.test("as commands, too", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const words = (file: Uint8Array) => {
      const found: string[] = [];
      let database = "";
      for (const { value } of new FrameReader().push(file)) {
        if (!("items" in value)) throw new Error("no command");
        const [name, key, ...rest] = value.items.map((item) => "text" in item ? item.text : "?");
        if (name === "SELECT") database = key!;
        else {
          const step = name === "SADD" ? 1 : 2;
          for (let i = 0; i < rest.length; i += step) {
            found.push([database, name, key, ...rest.slice(i, i + step)].join(" "));
          }
        }
      }
      return found.sort();
    };
    const random = seededRandom(seed);
    const store = filled(random);
    const expected = words(await written(store, new CommandEncoder(null, []), () => {}));
    const found = words(await written(store, new CommandEncoder(null, []), () => change(store, random)));
    assertEquals(found.length, expected.length, `seed ${seed}`);
    assert(found.every((word, i) => word === expected[i]), `seed ${seed}`);
  }
});

Deno.test("a change does not wait for the whole value", () => {
  const store = newStore();
  const db = store.databases[0]!;
  const random = seededRandom(1);
  const key = fromLatin1("key");
  db.setObject(key, 0, key.length, Kind.HASH, newValue(db, random, true, 50_000));
  const encoders: SnapshotEncoder[] = [];
  const counted = (encoder: SnapshotEncoder): SnapshotEncoder => {
    const { aside } = encoder;
    encoder.aside = () => counted(aside.call(encoder));
    encoders.push(encoder);
    return encoder;
  };
  const sink = { write: () => Promise.resolve() };
  const snapshot = new Snapshot(store, counted(rdbEncoder()), sink, pace(() => {}));
  const total = () => encoders.reduce((sum, encoder) => sum + encoder.length, 0);
  const before = total();
  const table = db.object<FieldTable>(db.lookupWrite(key, 0, key.length));
  for (let i = 0; i < 1000; i++) table.set(key, 0, key.length, key, 0, 1 + i % 3);
  assert(total() - before < 20_000, `${total() - before} bytes were written`);
  snapshot.abort("enough");
  assertEquals(table.guard, null);
});

Deno.test("what a given-up snapshot still read is given back", async () => {
  const random = seededRandom(3);
  const store = filled(random);
  await giveUp(store, () => change(store, random));
  const before = digestOfStore(store);
  assertEquals(digestOfStore(loadFile(await written(store, rdbEncoder(), () => {}))), before);
  for (const db of store.databases) {
    for (const name of KEYS) db.delete(fromLatin1(name), 0, name.length);
  }
  while (store.releaseSome(Infinity));
  assertEquals(store.databases.reduce((sum, db) => sum + db.arena.blockBytes, 0), 0);
});
