/** A file that is read while it arrives is read as one that is there as a whole, wherever its pieces are cut. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ArrivingBytes, Starved } from "../../persistence/arriving.ts";
import { digestOfStore } from "../../persistence/digest.ts";
import { RdbError, RdbInput } from "../../persistence/rdb_input.ts";
import { RdbReader } from "../../persistence/rdb_reader.ts";
import { encodeAll, RdbEncoder } from "../../persistence/rdb_save.ts";
import type { Store } from "../../store.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { FieldTable } from "../../types/field_table.ts";
import { Kind } from "../../types/kind.ts";
import { newStore } from "../helpers/data_set.ts";
import { loaderInto } from "../helpers/rdb.ts";
import { concat } from "../helpers/resp.ts";
import { seededRandom } from "../helpers/seeded.ts";

function fileOf(store: Store): Uint8Array {
  const pieces: Uint8Array[] = [];
  const options = {
    compress: true,
    checksum: true,
    createdSeconds: 0,
    usedMemory: 0,
    aofBase: false,
    replication: { db: 0, id: "a".repeat(40), offset: 7 },
    access: "none",
    functions: [],
  } as const;
  encodeAll(store, new RdbEncoder(options), (piece) => pieces.push(piece.slice()));
  return concat(pieces);
}

/** Small keys, long strings that can be compressed and such that cannot, and a large hash. */
function filled(fields: number): Store {
  const random = seededRandom(4);
  const store = newStore();
  for (let i = 0; i < 300; i++) {
    const db = store.databases[i % 3]!;
    const key = fromLatin1(`key${i}`);
    const value = i % 50 === 7
      ? Uint8Array.from({ length: 90_000 }, () => random.below(i % 100 === 7 ? 256 : 3))
      : fromLatin1(`value ${random.next()}`);
    db.set(key, 0, key.length, Kind.RAW, value, 0, value.length, i % 4 === 0 ? 1_800_000_000_000 + i : -1);
  }
  const db = store.databases[1]!;
  const table = new FieldTable(db.arena, true);
  for (let i = 0; i < fields; i++) {
    const field = fromLatin1(`field ${i} ${random.next()}`);
    table.set(field, 0, field.length, field, 0, field.length);
  }
  db.setObject(fromLatin1("hash"), 0, 4, Kind.HASH, table);
  return store;
}

/** Reads what arrives; tells how often it starved. */
async function read(bytes: ArrivingBytes, store: Store): Promise<number> {
  const load = loaderInto(store);
  const input = RdbInput.ofArriving(bytes);
  const reader = new RdbReader(input, load, { verify: true });
  try {
    for (let starved = 0;;) {
      try {
        if (reader.version === 0) reader.begin();
        if (!load.readUntil(reader, () => false)) return starved;
      } catch (error) {
        if (!(error instanceof Starved)) throw error;
        bytes.want(input.rewind(error));
        starved++;
        if (bytes.isStarved) await bytes.more();
      }
    }
  } finally {
    bytes.release();
  }
}

async function bring(bytes: ArrivingBytes, file: Uint8Array, lengths: () => number): Promise<void> {
  for (let at = 0; at < file.length;) {
    const length = Math.min(lengths(), file.length - at);
    await bytes.push(file.slice(at, at += length));
  }
  bytes.end();
}

Deno.test("pieces of any length come to the same data set", async () => {
  const random = seededRandom(11);
  for (const most of [100, 5000, 128 * 1024, Infinity]) {
    const store = filled(most * 10 > 20_000 ? 20_000 : most * 10);
    const file = fileOf(store);
    const found = newStore();
    const bytes = new ArrivingBytes();
    const [starved] = await Promise.all([
      read(bytes, found),
      bring(bytes, file, () => 1 + random.below(most)),
    ]);
    assertEquals(digestOfStore(found), digestOfStore(store), `pieces up to ${most}`);
    // A record of a megabyte is begun a few times again, and not once for each piece.
    if (most === 5000) assert(starved < file.length / 5000, `${starved}`);
  }
});

Deno.test("a file that is cut anywhere, or damaged, is refused", async () => {
  const file = fileOf(filled(10));
  for (let end = 0; end < file.length; end += 1 + Math.floor(end / 2000) * 500) {
    const bytes = new ArrivingBytes();
    const reading = assertRejects(() => read(bytes, newStore()), RdbError);
    await bring(bytes, file.subarray(0, end), () => 1000);
    await reading;
  }
  const bad = file.slice();
  bad[bad.length - 1]! ^= 1;
  const bytes = new ArrivingBytes();
  const reading = assertRejects(() => read(bytes, newStore()), RdbError, "Wrong RDB checksum");
  await bring(bytes, bad, () => 1000);
  await reading;
});

Deno.test("a length that nobody can keep waits for no more than the end", async () => {
  const bytes = new ArrivingBytes();
  const reading = assertRejects(() => read(bytes, newStore()), RdbError, "impossible");
  await bring(
    bytes,
    concat([fromLatin1("REDIS0010\xfe\0\x04\x01k\x81\0\0\xff\xff\xff\xff\xff\xff"), new Uint8Array(50)]),
    () => 9,
  );
  await reading;
});

Deno.test("a reader hears that the rest will not come", async () => {
  const file = fileOf(filled(10));
  const bytes = new ArrivingBytes();
  const reading = assertRejects(() => read(bytes, newStore()), Error, "gone");
  await bytes.push(file.slice(0, 5000));
  bytes.fail(new Error("gone"));
  await reading;
});
