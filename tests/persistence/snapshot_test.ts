/** A snapshot is the data set at its cut, exactly, whatever is done to the data set while it is written. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CommandEncoder } from "../../persistence/aof_commands.ts";
import { digestOfStore } from "../../persistence/digest.ts";
import { Snapshot, SnapshotAborted, type SnapshotSink } from "../../persistence/snapshot.ts";
import { Database, type Store } from "../../store.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { FieldTable } from "../../types/field_table.ts";
import { Kind } from "../../types/kind.ts";
import { Quicklist } from "../../types/quicklist.ts";
import { SortedSet } from "../../types/zset.ts";
import { LISTS, newStore } from "../helpers/data_set.ts";
import { loadFile } from "../helpers/rdb.ts";
import { concat, FrameReader } from "../helpers/resp.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";
import { rdbEncoder } from "../helpers/snapshots.ts";

/** Changes a store at random, as commands would. */
class Writer {
  readonly #store: Store;
  readonly #random: SeededRandom;
  readonly #keys: number;

  constructor(store: Store, seed: number, keys: number) {
    this.#store = store;
    this.#random = seededRandom(seed);
    this.#keys = keys;
  }

  #key(): Uint8Array {
    return fromLatin1(`key:${this.#random.below(this.#keys)}`);
  }

  /** One change; the rare ones hit whole databases. */
  step(): void {
    const random = this.#random;
    const db = this.#store.databases[random.below(4)]!;
    const key = this.#key();
    const value = fromLatin1(`value ${random.next()}`);
    switch (random.below(12)) {
      case 0:
        return void db.delete(key, 0, key.length);
      case 1:
        return this.#table(db, key, value);
      case 2:
        return this.#list(db, key, value);
      case 3: {
        const addr = db.lookupWrite(key, 0, key.length);
        if (addr !== 0) {
          db.setExpiry(addr, random.below(2) === 0 ? -1 : 1_800_000_000_000 + random.below(1000));
        }
        return;
      }
      case 4: {
        const addr = db.lookupWrite(key, 0, key.length);
        const to = this.#key();
        if (addr !== 0 && latin1(to) !== latin1(key)) db.rename(addr, db, to, 0, to.length);
        return;
      }
      case 5: {
        const addr = db.lookupWrite(key, 0, key.length);
        if (addr !== 0 && db.kind(addr) === Kind.RAW) {
          db.resizeValue(addr, db.valueLength(addr) + random.below(40));
        }
        return;
      }
      case 6:
        if (random.below(200) === 0) db.flush(false);
        else if (random.below(100) === 0) this.#store.swap(random.below(4), random.below(4));
        return;
      default:
        db.set(key, 0, key.length, Kind.RAW, value, 0, value.length);
    }
  }

  #table(db: Database, key: Uint8Array, value: Uint8Array): void {
    const addr = db.lookupWrite(key, 0, key.length);
    if (addr !== 0 && db.kind(addr) === Kind.HASH) {
      db.object<FieldTable>(addr).set(value, 0, value.length, value, 0, value.length);
      return;
    }
    const table = new FieldTable(db.arena, true);
    table.set(value, 0, value.length, key, 0, key.length);
    db.setObject(key, 0, key.length, Kind.HASH, table);
  }

  #list(db: Database, key: Uint8Array, value: Uint8Array): void {
    const addr = db.lookupWrite(key, 0, key.length);
    if (addr !== 0 && db.kind(addr) === Kind.LIST) {
      db.object<Quicklist>(addr).pushTail(value, 0, value.length);
      return;
    }
    const list = new Quicklist(LISTS);
    list.pushTail(value, 0, value.length);
    db.setObject(key, 0, key.length, Kind.LIST, list);
  }
}

/** A key twice, or in a database where it was not, would be found here. */
function load(pieces: Uint8Array[]): Store {
  return loadFile(concat(pieces));
}

/** Time in the hands of the test: each look at the clock takes a while, so that slices are short. */
function pace(between: () => void) {
  let now = 0;
  return {
    monotonicMs: () => now += 0.3,
    pause: () => {
      between();
      return Promise.resolve();
    },
    sliceMs: () => 1,
    keyDelayMs: 0,
  };
}

function sinkInto(pieces: Uint8Array[], between: () => void): SnapshotSink {
  return {
    write: (piece) => {
      pieces.push(piece.slice());
      between();
      return Promise.resolve();
    },
  };
}

function filled(seed: number, keys: number): Store {
  const store = newStore();
  const writer = new Writer(store, seed, keys);
  for (let i = 0; i < keys * 3; i++) writer.step();
  return store;
}

Deno.test("under changes all the time the file is the data set at the cut", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const store = filled(seed, 3000);
    const writer = new Writer(store, seed + 1000, 4000);
    const before = digestOfStore(store);
    const pieces: Uint8Array[] = [];
    const between = () => {
      for (let i = 0; i < 150; i++) writer.step();
    };
    const snapshot = new Snapshot(store, rdbEncoder(), sinkInto(pieces, between), pace(between));
    for (let i = 0; i < 500; i++) writer.step(); // changes between the cut and the first slice
    await snapshot.run();
    assertEquals(store.snapshot, null);
    assert(digestOfStore(store) !== before, "nothing was changed meanwhile");
    const found = load(pieces);
    assertEquals(digestOfStore(found), before, `seed ${seed}`);
    assertEquals(snapshot.saved, snapshot.total);
    assertEquals(found.size, snapshot.total);
  }
});

/** Values that take many slices, among small ones; the same for the same seed. */
function withLargeValues(seed: number): Store {
  const store = filled(seed, 300);
  const random = seededRandom(seed);
  const member = (): Uint8Array => fromLatin1(`member ${random.next()}`);
  for (const db of store.databases.slice(0, 2)) {
    const name = (text: string) => fromLatin1(text + db.index);
    const hash = new FieldTable(db.arena, true), set = new FieldTable(db.arena, false);
    const list = new Quicklist(LISTS), sorted = new SortedSet(db.arena);
    for (let i = 0; i < 3000; i++) {
      const value = member();
      set.add(value, 0, value.length);
      hash.set(value, 0, value.length, value, 0, value.length);
      list.pushTail(value, 0, value.length);
      sorted.add(value, 0, value.length, i % 100);
    }
    const noise = new Uint8Array(200_000).map(() => random.below(256));
    const repetitive = new Uint8Array(700_000).map((_, i) => (i >> 9) ^ i);
    hash.set(noise, 0, 9, noise, 0, noise.length);
    list.pushTail(repetitive, 0, repetitive.length);
    const objects = [[Kind.HASH, hash], [Kind.SET, set], [Kind.LIST, list], [Kind.ZSET, sorted]] as const;
    for (const [kind, object] of objects) {
      const key = name(`large ${kind} `);
      db.setObject(key, 0, key.length, kind, object);
    }
    for (const [key, value] of [[name("noise"), noise], [name("repetitive"), repetitive]] as const) {
      db.set(key, 0, key.length, Kind.RAW, value, 0, value.length);
    }
  }
  return store;
}

/** Changes one of the large values of a store, whatever it is. */
function changeLarge(store: Store, random: SeededRandom): void {
  const db = store.databases[random.below(2)]!;
  const names = [
    "noise",
    "repetitive",
    ...[Kind.HASH, Kind.SET, Kind.LIST, Kind.ZSET].map((k) => `large ${k} `),
  ];
  const key = fromLatin1(names[random.below(names.length)]! + db.index);
  const value = fromLatin1(`new ${random.next()}`);
  const addr = db.lookupWrite(key, 0, key.length);
  if (addr === 0) return;
  switch (random.below(5) === 0 ? -1 : db.kind(addr)) {
    case -1:
      return void db.delete(key, 0, key.length);
    case Kind.HASH:
      return void db.object<FieldTable>(addr).set(value, 0, value.length, value, 0, value.length);
    case Kind.SET:
      return void db.object<FieldTable>(addr).add(value, 0, value.length);
    case Kind.LIST:
      return void db.object<Quicklist>(addr).pushHead(value, 0, value.length);
    case Kind.ZSET:
      return void db.object<SortedSet>(addr).add(value, 0, value.length, 7);
    default:
      db.bytes(addr)[db.valueStart(addr)] = 0;
      db.resizeValue(addr, db.valueLength(addr) - 1);
  }
}

Deno.test("large values are written in slices, exactly, also where they change half written", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const store = withLargeValues(seed);
    const writer = new Writer(store, seed, 600);
    const random = seededRandom(seed);
    const before = digestOfStore(store);
    const encoder = rdbEncoder();
    const pieces: Uint8Array[] = [];
    let most = 0, largest = 0, last = 0;
    const between = () => {
      largest = Math.max(largest, encoder.length - last);
      for (let i = 0; i < 5; i++) writer.step();
      // With every other seed the large ones are changed, too: then what is left of them is written at once.
      if (seed % 2 === 0 && random.below(30) === 0) changeLarge(store, random);
      last = encoder.length;
    };
    const sink: SnapshotSink = {
      write: (piece) => {
        pieces.push(piece.slice());
        most = Math.max(most, piece.length);
        last = encoder.length; // what was set aside follows
        return Promise.resolve();
      },
    };
    const snapshot = new Snapshot(store, encoder, sink, { ...pace(between), sliceMs: () => 0 });
    await snapshot.run();
    assertEquals(digestOfStore(load(pieces)), before, `seed ${seed}`);
    assertEquals(snapshot.saved, snapshot.total);
    if (seed % 2 === 1) {
      assert(largest < 40_000 && most < 150_000, `${largest} bytes in one slice, a piece of ${most}`);
    }
  }
});

/** The commands of a rewritten file in their order, by database and key. */
async function commandsByKey(store: Store, between: () => void): Promise<Map<string, string[]>> {
  const pieces: Uint8Array[] = [];
  const encoder = new CommandEncoder(null, []);
  await new Snapshot(store, encoder, sinkInto(pieces, between), { ...pace(between), sliceMs: () => 0 }).run();
  const commands = new Map<string, string[]>();
  let database = "";
  for (const { value } of new FrameReader().push(concat(pieces))) {
    if (!("items" in value)) throw new Error("no command");
    const words = value.items.map((item) => "text" in item ? item.text : "?");
    if (words[0] === "SELECT") database = words[1]!;
    else {
      const key = `${database} ${words[1]}`;
      if (!commands.has(key)) commands.set(key, []);
      commands.get(key)!.push(words.join(" "));
    }
  }
  return commands;
}

Deno.test("as commands, too: large values keep their order, and nothing comes in between", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const expected = await commandsByKey(withLargeValues(seed), () => {});
    const store = withLargeValues(seed);
    const writer = new Writer(store, seed, 600);
    const random = seededRandom(seed);
    const found = await commandsByKey(store, () => {
      for (let i = 0; i < 5; i++) writer.step();
      if (random.below(30) === 0) changeLarge(store, random);
    });
    assertEquals([...found.keys()].sort(), [...expected.keys()].sort());
    for (const [key, commands] of expected) {
      // Tables have no order of their own: a hash or set may come in another one.
      assertEquals(found.get(key)!.join(" ").split(" ").sort(), commands.join(" ").split(" ").sort(), key);
    }
  }
});

Deno.test("one snapshot after the other, some given up: every complete one is exact", async () => {
  const store = filled(77, 800);
  const writer = new Writer(store, 78, 1000);
  let complete = 0;
  for (let round = 0; round < 60; round++) {
    const before = digestOfStore(store);
    const pieces: Uint8Array[] = [];
    let slices = 0;
    const between = () => {
      for (let i = 0; i < 30; i++) writer.step();
      if (++slices === 2 && round % 20 !== 19) snapshot.abort("enough");
    };
    const snapshot: Snapshot = new Snapshot(store, rdbEncoder(), sinkInto(pieces, between), pace(between));
    if (round % 20 === 19) {
      await snapshot.run();
      assertEquals(digestOfStore(load(pieces)), before, `round ${round}`);
      complete++;
    } else await assertRejects(() => snapshot.run(), SnapshotAborted);
  }
  assertEquals(complete, 3);
});

Deno.test("a sink that fails ends the snapshot; the next one is exact again", async () => {
  const store = filled(5, 2000);
  const failing: SnapshotSink = { write: () => Promise.reject(new Error("no space")) };
  const snapshot = new Snapshot(store, rdbEncoder(), failing, pace(() => {}));
  await assertRejects(() => snapshot.run(), Error, "no space");
  assertEquals(store.snapshot, null);
  const pieces: Uint8Array[] = [];
  const writer = new Writer(store, 6, 2000);
  const before = digestOfStore(store);
  const between = () => writer.step();
  await new Snapshot(store, rdbEncoder(), sinkInto(pieces, between), pace(between)).run();
  assertEquals(digestOfStore(load(pieces)), before);
});

Deno.test("there is one snapshot at a time", () => {
  const store = newStore();
  new Snapshot(store, rdbEncoder(), sinkInto([], () => {}), pace(() => {}));
  let failed = false;
  try {
    new Snapshot(store, new CommandEncoder(null, []), sinkInto([], () => {}), pace(() => {}));
  } catch {
    failed = true;
  }
  assert(failed);
});

Deno.test("a data set that was begun many snapshots ago is saved as a whole when it has come", async () => {
  for (let before = 0; before < 40; before++) {
    const store = filled(7, 50);
    const beside = new Database(store, 0);
    const key = fromLatin1("beside");
    beside.set(key, 0, key.length, Kind.RAW, key, 0, key.length);
    for (let i = 0; i < before; i++) {
      await new Snapshot(store, rdbEncoder(), sinkInto([], () => {}), pace(() => {})).run();
    }
    store.exchangeWith(beside);
    const pieces: Uint8Array[] = [];
    await new Snapshot(store, rdbEncoder(), sinkInto(pieces, () => {}), pace(() => {})).run();
    assertEquals(digestOfStore(load(pieces)), digestOfStore(store), `after ${before} snapshots`);
  }
});
