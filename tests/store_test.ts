/** The keyspace against a Map: values of every size, expiry, renaming, flushing, through growth and reuse. */
import { assert, assertEquals } from "@std/assert";
import { ExpiryMode, NO_EXPIRY, Store } from "../store.ts";
import { fromLatin1, latin1 } from "../types/bytes.ts";
import { FieldTable } from "../types/field_table.ts";
import { Kind } from "../types/kind.ts";
import { SortedSet } from "../types/zset.ts";
import { seededRandom } from "./helpers/seeded.ts";

interface Clock {
  ms: number;
}

function newStore(clock: Clock): Store {
  return new Store(4, () => clock.ms, seededRandom(1).next);
}

function valueOf(store: Store, name: string, db = 0): string | undefined {
  const key = fromLatin1(name);
  const database = store.databases[db]!;
  const addr = database.find(key, 0, key.length);
  if (addr === 0) return undefined;
  const start = database.valueStart(addr);
  return latin1(database.bytes(addr), start, start + database.valueLength(addr));
}

Deno.test("store: like a Map of values and times", () => {
  const random = seededRandom(21);
  const clock = { ms: 1_000_000 };
  const store = newStore(clock);
  const db = store.databases[0]!;
  const model = new Map<string, { value: string; expiry: number }>();
  const alive = (name: string): string | undefined => {
    const entry = model.get(name);
    if (entry === undefined || (entry.expiry !== NO_EXPIRY && entry.expiry < clock.ms)) return undefined;
    return entry.value;
  };
  for (let i = 0; i < 120_000; i++) {
    const name = "k\0\xff" + random.below(3000);
    const key = fromLatin1(name);
    const choice = random.below(10);
    if (choice < 5) {
      const value = String.fromCharCode(random.below(256)).repeat(sizeOf(random.below(1000)));
      const bytes = fromLatin1(value);
      const expiry = random.below(3) === 0 ? clock.ms + random.below(5000) : NO_EXPIRY;
      db.set(key, 0, key.length, Kind.RAW, bytes, 0, bytes.length, expiry);
      model.set(name, { value, expiry });
    } else if (choice < 7) {
      assertEquals(db.delete(key, 0, key.length), alive(name) !== undefined);
      model.delete(name);
    } else if (choice < 8 && alive(name) !== undefined) {
      const expiry = random.below(2) === 0 ? NO_EXPIRY : clock.ms + random.below(5000);
      db.setExpiry(db.find(key, 0, key.length), expiry);
      model.get(name)!.expiry = expiry;
    } else if (choice < 9 && alive(name) !== undefined) {
      const old = model.get(name)!;
      const length = old.value.length + random.below(50);
      db.resizeValue(db.find(key, 0, key.length), length);
      old.value += "\0".repeat(length - old.value.length);
    } else clock.ms += random.below(20);
    assertEquals(valueOf(store, name), alive(name));
  }
  let volatile = 0;
  for (const [name] of model) {
    assertEquals(valueOf(store, name), alive(name));
    if (alive(name) !== undefined && model.get(name)!.expiry !== NO_EXPIRY) volatile++;
  }
  assertEquals(db.volatileSize, volatile);
  assertEquals(db.size, [...model.keys()].filter((name) => alive(name) !== undefined).length);
});

/** Mostly small, at times empty, long, or larger than any size class. */
function sizeOf(choice: number): number {
  if (choice === 0) return 1_000_000;
  if (choice < 10) return 20_000;
  return choice < 60 ? 0 : choice % 300;
}

Deno.test("store: an expiry is exact to the millisecond, and modes say what happens then", () => {
  const clock = { ms: 5000 };
  const store = newStore(clock);
  const db = store.databases[0]!;
  const key = fromLatin1("k");
  const gone: string[] = [];
  store.events = {
    ...store.events,
    expired: (_db, buf, start, end) => void gone.push(latin1(buf, start, end)),
  };
  db.set(key, 0, 1, Kind.RAW, key, 0, 1, 5100);
  clock.ms = 5100;
  assertEquals(valueOf(store, "k"), "k");
  clock.ms = 5101;
  store.expiryMode = ExpiryMode.IGNORE;
  assertEquals(valueOf(store, "k"), "k");
  store.expiryMode = ExpiryMode.HIDE;
  assertEquals(valueOf(store, "k"), undefined);
  assertEquals(db.size, 1);
  store.expiryMode = ExpiryMode.DELETE;
  assertEquals(valueOf(store, "k"), undefined);
  assertEquals(db.size, 0);
  assertEquals(gone, ["k"]);
});

Deno.test("store: time stands still between freeze and thaw", () => {
  const clock = { ms: 10 };
  const store = newStore(clock);
  store.freeze();
  assertEquals(store.now(), 10);
  clock.ms = 20;
  assertEquals(store.now(), 10);
  store.thaw();
  assertEquals(store.now(), 20);
});

Deno.test("store: times beyond 2^53 are kept exactly", () => {
  const store = newStore({ ms: 1 });
  const db = store.databases[0]!;
  const key = fromLatin1("k");
  const addr = db.set(key, 0, 1, Kind.RAW, key, 0, 1, 9223372036854775807n);
  assertEquals(db.exactExpiryOf(addr), 9223372036854775807n);
  assertEquals(valueOf(store, "k"), "k");
});

Deno.test("store: renaming across databases, exchanging and flushing", () => {
  const store = newStore({ ms: 1 });
  const [first, second] = [store.databases[0]!, store.databases[1]!];
  const key = fromLatin1("from");
  const to = fromLatin1("to");
  const value = fromLatin1("value");
  const addr = first.set(key, 0, key.length, Kind.EMBSTR, value, 0, value.length, 99);
  const target = first.rename(addr, second, to, 0, to.length);
  assertEquals(second.expiryOf(target), 99);
  assertEquals(valueOf(store, "to", 1), "value");
  assertEquals(valueOf(store, "from"), undefined);
  store.swap(0, 1);
  assertEquals(valueOf(store, "to", 0), "value");
  assertEquals(first.flush(false), 1);
  assertEquals(first.size, 0);
  assertEquals(first.volatileSize, 0);
});

Deno.test("store: deleted keys give their memory back", () => {
  const store = newStore({ ms: 1 });
  const db = store.databases[0]!;
  for (let i = 0; i < 100_000; i++) {
    const key = fromLatin1("key:" + i);
    db.set(key, 0, key.length, Kind.RAW, key, 0, key.length);
  }
  const held = db.arena.chunkBytes + db.table.indexBytes;
  for (let i = 0; i < 100_000; i++) {
    const key = fromLatin1("key:" + i);
    assert(db.delete(key, 0, key.length));
  }
  assertEquals(db.arena.blockBytes, 0);
  assert(db.arena.chunkBytes + db.table.indexBytes < held / 4);
});

Deno.test("store: what is still to be released does not reach into an arena that was flushed", () => {
  const store = newStore({ ms: 1_000_000 });
  const db = store.databases[0]!;
  const key = fromLatin1("large");
  for (let round = 0; round < 3; round++) {
    const set = new SortedSet(db.arena);
    const table = new FieldTable(db.arena, true);
    for (let i = 0; i < 2000; i++) {
      const member = fromLatin1(`member ${i}`);
      set.add(member, 0, member.length, i);
      table.set(member, 0, member.length, member, 0, member.length);
    }
    for (const [kind, object] of [[Kind.ZSET, set], [Kind.HASH, table]] as const) {
      db.setObject(key, 0, key.length, kind, object);
      assert(db.delete(key, 0, key.length));
    }
    assertEquals(store.lazyfreePending, 2);
    db.flush(false);
    assertEquals(store.lazyfreePending, 0);
    // New keys take the chunks that the flushed arena gave back.
    for (let i = 0; i < 5000; i++) {
      const name = fromLatin1(`k${i}`);
      db.set(name, 0, name.length, Kind.RAW, name, 0, name.length, NO_EXPIRY);
    }
    store.compact();
    for (let i = 0; i < 5000; i++) assertEquals(valueOf(store, `k${i}`), `k${i}`);
  }
});

Deno.test("store: a value in the place of another counts as an access", () => {
  const store = newStore({ ms: 1_000_000 });
  const db = store.databases[0]!;
  const key = fromLatin1("k");
  const write = () => db.set(key, 0, 1, Kind.RAW, key, 0, 1);
  const replace = () => db.setObject(key, 0, 1, Kind.SET, new FieldTable(db.arena, false));
  store.lruClock = 1;
  write();
  for (const [clock, change] of [[2, write], [3, replace], [4, write]] as const) {
    store.lruClock = clock;
    assertEquals(db.accessOf(change()), clock);
  }
  store.lfu = true;
  store.lfuLogFactor = 0;
  store.lfuDecayTime = 0;
  db.delete(key, 0, 1);
  write();
  replace();
  write();
  assertEquals(db.accessOf(db.find(key, 0, 1)), 7);
});
