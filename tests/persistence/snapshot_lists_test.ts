/** Large lists that change while a snapshot writes them, node by node: the file is what they were at the cut. */
import { assert, assertEquals } from "@std/assert";
import { CommandEncoder } from "../../persistence/aof_commands.ts";
import { digestOfStore } from "../../persistence/digest.ts";
import { Snapshot } from "../../persistence/snapshot.ts";
import type { Database, Store } from "../../store.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { Kind } from "../../types/kind.ts";
import { Quicklist } from "../../types/quicklist.ts";
import { QuicklistCursor } from "../../types/quicklist_cursor.ts";
import type { QuicklistOptions } from "../../types/quicklist_node.ts";
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

const KEYS = ["a", "b", "c", "d"];

/** Bundles; many small nodes; compressed ones; long ones and elements that stand alone. */
const FORMS: readonly QuicklistOptions[] = [
  { fill: -2, compressDepth: 0, packedThreshold: 1 << 30 },
  { fill: 7, compressDepth: 0, packedThreshold: 300 },
  { fill: -1, compressDepth: 2, packedThreshold: 1 << 30 },
  { fill: -5, compressDepth: 1, packedThreshold: 40_000 },
];

/** Longer than what is written at once. */
const NOISE = new Uint8Array(90_000).map((_, i) => (i * i * 31 + (i >> 3)) & 255);

function element(random: SeededRandom): Uint8Array {
  const choice = random.below(300);
  if (choice === 0 && random.below(10) === 0) return NOISE.subarray(random.below(1000));
  if (choice < 10) return fromLatin1("long ".repeat(random.below(400)));
  return fromLatin1(choice < 100 ? `${random.below(1e6)}` : `element ${random.below(1000)}`);
}

function newList(random: SeededRandom): Quicklist {
  const list = new Quicklist(FORMS[random.below(FORMS.length)]!);
  for (let left = 3000 + random.below(4000); left > 0; left--) {
    const bytes = element(random);
    if (random.below(2) === 0) list.pushTail(bytes, 0, bytes.length);
    else list.pushHead(bytes, 0, bytes.length);
  }
  return list;
}

function filled(random: SeededRandom): Store {
  const store = newStore();
  for (const db of store.databases.slice(0, 2)) {
    for (const name of KEYS) setList(db, fromLatin1(name), newList(random));
  }
  return store;
}

function setList(db: Database, key: Uint8Array, list: Quicklist): void {
  db.setObject(key, 0, key.length, Kind.LIST, list);
}

const LISTS: Changing = {
  keys: KEYS,
  rarity: 80,
  create: (db, key, random) => setList(db, key, newList(random)),
  change(db, key, addr, _choice, random) {
    const list = db.object<Quicklist>(addr);
    for (let left = random.below(30); left > 0; left--) changeList(list, random);
    if (list.length === 0) db.delete(key, 0, key.length);
  },
};

function change(store: Store, random: SeededRandom): void {
  changeOne(store, LISTS, random);
}

const cursor = new QuicklistCursor();

function changeList(list: Quicklist, random: SeededRandom): void {
  const choice = random.below(100);
  const bytes = element(random);
  if (choice < 25) list.pushHead(bytes, 0, bytes.length);
  else if (choice < 50) list.pushTail(bytes, 0, bytes.length);
  else if (list.length === 0) return;
  else if (choice < 60) list.dropHead();
  else if (choice < 70) list.dropTail();
  else if (choice < 97) {
    cursor.seek(list, random.below(list.length));
    if (choice < 80) list.insert(cursor, choice % 2 === 0, bytes, 0, bytes.length);
    else if (choice < 88) list.replace(cursor, bytes, 0, bytes.length);
    else {for (let left = random.below(20), more = true; more && left > 0; left--) {
        more = list.removeAt(cursor);
      }}
  } else {
    const from = random.below(list.length);
    list.deleteRange(from, choice < 99 ? random.below(20) : random.below(list.length - from));
  }
}

Deno.test("lists that change while they are written are what they were at the cut", async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = seededRandom(seed);
    const store = filled(random);
    for (let round = 0; round < 3; round++) { // several snapshots, one after another
      const before = digestOfStore(store);
      const file = await writtenAmid(store, 1 + random.below(8), () => change(store, random));
      assertEquals(digestOfStore(loadFile(file)), before, `seed ${seed} round ${round}`);
    }
    for (const db of store.databases) {
      db.table.forEach((addr) => {
        const list = db.object<Quicklist>(addr);
        assertEquals(list.guard, null);
        for (let node = list.head; node !== null; node = node.next) assertEquals(node.noted, -1);
      });
    }
    while (store.releaseSome(Infinity));
  }
});

Deno.test("as commands, too", async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const lists = (file: Uint8Array) => {
      const found = new Map<string, string[]>();
      let database = "";
      for (const { value } of new FrameReader().push(file)) {
        if (!("items" in value)) throw new Error("no command");
        const [name, key, ...rest] = value.items.map((item) => "text" in item ? item.text : "?");
        if (name === "SELECT") database = key!;
        else {
          assertEquals(name, "RPUSH");
          const where = `${database} ${key}`;
          found.set(where, [...found.get(where) ?? [], ...rest]);
        }
      }
      return [...found].sort(([a], [b]) => a < b ? -1 : 1);
    };
    const random = seededRandom(seed);
    const store = filled(random);
    const expected = lists(await written(store, new CommandEncoder(null, []), () => {}));
    const found = lists(await written(store, new CommandEncoder(null, []), () => change(store, random)));
    assertEquals(found.map(([where]) => where), expected.map(([where]) => where));
    assert(found.every(([, items], i) => items.join() === expected[i]![1].join()), `seed ${seed}`);
  }
});

Deno.test("the first change of a long list neither waits for it nor copies it", () => {
  const store = newStore();
  const db = store.databases[0]!;
  const key = fromLatin1("key");
  const list = new Quicklist(FORMS[0]!);
  const bytes = fromLatin1("x".repeat(1000));
  for (let i = 0; i < 10_000; i++) list.pushTail(bytes, 0, bytes.length);
  setList(db, key, list);
  const encoder = rdbEncoder();
  const snapshot = new Snapshot(store, encoder, { write: () => Promise.resolve() }, pace(() => {}));
  const before = encoder.length;
  const blocks = [];
  for (let node = list.head; node !== null; node = node.next) blocks.push(node.buf);
  assertEquals(db.lookupWrite(key, 0, key.length), db.find(key, 0, key.length));
  list.pushHead(key, 0, key.length);
  let kept = 0;
  for (let node = list.head; node !== null; node = node.next) if (blocks.includes(node.buf)) kept++;
  assert(kept >= blocks.length - 8, `${kept} of ${blocks.length} nodes are what they were`);
  assert(encoder.length - before < 50_000, `${encoder.length - before} bytes were written`);
  snapshot.abort("enough");
  assertEquals(list.guard, null);
});

Deno.test("after a snapshot that was given up, lists are as they should be", async () => {
  const random = seededRandom(3);
  const store = filled(random);
  await giveUp(store, () => change(store, random));
  const before = digestOfStore(store);
  assertEquals(
    digestOfStore(loadFile(await written(store, rdbEncoder(), () => change(store, random)))),
    before,
  );
});
