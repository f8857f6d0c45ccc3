/** Damaged files and payloads: refused, or read as something sound; never a crash, a hang or a wrong data set. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Crc64 } from "../../persistence/crc64.ts";
import { digestOfStore, digestOfValue } from "../../persistence/digest.ts";
import { dumpRecord, isPayload, readPayload } from "../../persistence/dump.ts";
import { RdbError } from "../../persistence/rdb_input.ts";
import { encodeAll, RdbEncoder } from "../../persistence/rdb_save.ts";
import { LoadedValue } from "../../persistence/values/value.ts";
import { NO_EXPIRY, type Store } from "../../store.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { isObject, type StoredObject } from "../../types/kind.ts";
import { LIMITS, LISTS, newStore } from "../helpers/data_set.ts";
import { loadFile } from "../helpers/rdb.ts";
import { legacyValues } from "../helpers/legacy_values.ts";
import { concat } from "../helpers/resp.ts";
import { type SeededRandom, seededRandom } from "../helpers/seeded.ts";

/** Payloads of every type, small enough to be changed in every place. */
function payloads(): Uint8Array[] {
  const bodies = legacyValues().map(({ type, body }) => concat([Uint8Array.of(type), body]));
  bodies.push(fromLatin1("\x00\x05hello"), fromLatin1("\x00\xc1\x00\x80"));
  bodies.push(concat([Uint8Array.of(11, 16), fromLatin1("\x02\0\0\0\x04\0\0\0\x01\0\x02\0\x03\0\x04\0")]));
  bodies.push(fromLatin1("\x02\x03\x01a\x01b\xc0\x07"), fromLatin1("\x04\x02\x01f\x01v\x01g\xc0\x09"));
  const made = bodies.filter((body) => body[0]! <= 19).map(seal);
  // What this version writes for them: the large forms as well.
  const db = newStore().databases[0]!;
  const value = new LoadedValue();
  const tight = { ...LIMITS, hashMaxListpackEntries: 1, setMaxIntsetEntries: 1, zsetMaxListpackEntries: 1 };
  for (const limits of [LIMITS, tight]) {
    for (const payload of [...made]) {
      if (!readPayload(payload, 0, payload.length, { db, limits, lists: LISTS, deep: true }, value)) continue;
      const addr = value.store(db, fromLatin1("k"), 0, 1, NO_EXPIRY);
      made.push(dumpRecord(db, addr, true), dumpRecord(db, addr, false));
    }
  }
  return made;
}

/** Adds version and checksum, so that the damage before them is what is looked at. */
function seal(body: Uint8Array): Uint8Array {
  const out = concat([body, Uint8Array.of(10, 0), new Uint8Array(8)]);
  const crc = new Crc64();
  crc.update(out, 0, out.length - 8);
  crc.writeTo(out, out.length - 8);
  return out;
}

/** Changes a body in one to three places, in the ways in which bytes get damaged. */
function mutate(body: Uint8Array, random: SeededRandom): Uint8Array {
  let out: Uint8Array = body.slice();
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(Math.max(1, out.length));
    switch (random.below(6)) {
      case 0:
        out[at]! ^= 1 << random.below(8);
        break;
      case 1:
        out[at] = [0, 1, 0x7f, 0x80, 0xc0, 0xc3, 0xf0, 0xf4, 0xfe, 0xff][random.below(10)]!;
        break;
      case 2:
        out = out.slice(0, at);
        break;
      case 3:
        out = concat([out.subarray(0, at), out.subarray(Math.min(out.length, at + 1 + random.below(8)))]);
        break;
      case 4: {
        const piece = out.slice(at, at + 1 + random.below(16));
        out = concat([out.subarray(0, at), piece, out.subarray(at)]);
        break;
      }
      default:
        out[at] = random.next();
    }
  }
  return out;
}

/** RESTOREs mutated payloads; what is accepted must be sound: readable to the end, and the same after DUMP. */
function restoreMutants(count: number, seed: number): number {
  const random = seededRandom(seed);
  const originals = payloads();
  const store = newStore();
  const db = store.databases[0]!;
  const value = new LoadedValue();
  const target = { db, limits: LIMITS, lists: LISTS, deep: true };
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const original = originals[random.below(originals.length)]!;
    const payload = seal(mutate(original.subarray(0, original.length - 10), random));
    assert(isPayload(payload, 0, payload.length));
    const before = db.arena.blockBytes;
    if (!readPayload(payload, 0, payload.length, target, value)) {
      assertEquals(db.arena.blockBytes, before, "a refused payload leaves something behind");
      continue;
    }
    accepted++;
    const addr = value.store(db, fromLatin1("k"), 0, 1, NO_EXPIRY);
    const digest = digestOfValue(db, addr);
    const again = dumpRecord(db, addr, true);
    assert(readPayload(again, 0, again.length, target, value), "what was accepted cannot be read again");
    const copy = value.store(db, fromLatin1("l"), 0, 1, NO_EXPIRY);
    assertEquals(digestOfValue(db, copy), digest);
    if (isObject(db.kind(copy))) db.object<StoredObject>(copy).cloneInto(db.arena).release(1 << 20);
    db.delete(fromLatin1("k"), 0, 1);
    db.delete(fromLatin1("l"), 0, 1);
    while (store.releaseSome(1 << 20));
  }
  return accepted;
}

Deno.test("mutated payloads are refused or read as something sound", () => {
  // TOY_REDIS_MUTANTS=100000 for the long run.
  const count = Number(Deno.env.get("TOY_REDIS_MUTANTS") ?? 10_000);
  const accepted = restoreMutants(count, Number(Deno.env.get("TOY_REDIS_SEED") ?? 1));
  assert(accepted > count / 100 && accepted < count * 0.9, `${accepted} accepted`);
});

Deno.test("payloads without a right checksum or of a newer version are no payloads", () => {
  for (const payload of payloads()) {
    for (let at = 0; at < payload.length; at++) {
      const damaged = payload.slice();
      damaged[at]! ^= 0x10;
      assert(!isPayload(damaged, 0, damaged.length));
      assert(!isPayload(payload, 0, at));
    }
  }
});

/** A file with one value of every type. */
function golden(): Uint8Array {
  const store = newStore();
  const value = new LoadedValue();
  const byType = new Map(payloads().map((payload) => [payload[0], payload]));
  let n = 0;
  for (const payload of byType.values()) {
    const db = store.databases[n === 0 ? 1 : 0]!;
    const target = { db, limits: LIMITS, lists: LISTS, deep: true };
    assert(readPayload(payload, 0, payload.length, target, value));
    const key = fromLatin1(`key ${n}`);
    value.store(db, key, 0, key.length, n++ % 4 === 0 ? 1_800_000_000_000 + n : NO_EXPIRY);
  }
  return fileOf(store);
}

function fileOf(store: Store): Uint8Array {
  const pieces: Uint8Array[] = [];
  const encoder = new RdbEncoder({
    compress: true,
    checksum: true,
    createdSeconds: 1,
    usedMemory: 1,
    aofBase: false,
    replication: null,
    access: "none",
    functions: [fromLatin1("#!lua name=lib\n")],
  });
  encodeAll(store, encoder, (piece) => pieces.push(piece));
  return concat(pieces);
}

Deno.test("a file with any byte changed is refused", () => {
  const file = golden();
  const digest = digestOfStore(loadFile(file));
  assert(digest !== "0".repeat(40));
  for (let at = 0; at < file.length; at++) {
    const damaged = file.slice();
    damaged[at]! ^= at % 2 === 0 ? 0xff : 0x01;
    assertThrows(() => loadFile(damaged), RdbError, undefined, `byte ${at} was accepted`);
  }
});

Deno.test("a file cut anywhere is refused", () => {
  const file = golden();
  for (let end = 0; end < file.length; end++) assertThrows(() => loadFile(file.subarray(0, end)), RdbError);
});

Deno.test("without checksum a changed file is refused or read as something sound", () => {
  const file = golden();
  for (let at = 0; at < file.length - 8; at++) {
    const damaged = file.slice();
    damaged[at]! ^= 0xff;
    let store: Store;
    try {
      store = loadFile(damaged, { verify: false });
    } catch (error) {
      assert(error instanceof RdbError, `byte ${at}: ${error}`);
      continue;
    }
    assertEquals(digestOfStore(loadFile(fileOf(store))), digestOfStore(store), `byte ${at}`);
  }
});
