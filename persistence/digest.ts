/**
 * The fingerprint of a data set or a value that DEBUG DIGEST and DEBUG DIGEST-VALUE answer: equal here and in
 * redis-server where the data are equal, whatever the encodings and the order of what has none.
 *
 * Two ways of adding bytes to a digest make it so: *mixing* depends on what was there before (the elements of a list
 * in their order), *xoring* does not (the members of a set).
 */
import { type Database, NO_EXPIRY, type Store } from "../store.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { formatDouble } from "../types/double.ts";
import type { FieldTable } from "../types/field_table.ts";
import { intsetGet, intsetLength } from "../types/intset.ts";
import { Kind } from "../types/kind.ts";
import { Entry, LP_END, LP_HEADER, lpSkip } from "../types/listpack.ts";
import type { Quicklist } from "../types/quicklist.ts";
import { QuicklistCursor } from "../types/quicklist_cursor.ts";
import type { Stream } from "../types/stream.ts";
import { MAX_ID, MIN_ID } from "../types/stream_id.ts";
import { StreamReader } from "../types/stream_reader.ts";
import { sha1, SHA1_BYTES } from "../types/sha1.ts";
import { TreePosition } from "../types/score_tree.ts";
import type { SortedSet } from "../types/zset.ts";
import { zpScore } from "../types/zset_packed.ts";

const EXPIRE_MARK = fromLatin1("!!expire!!");

/** The type's number in redis-server, by kind. */
const TYPE_NUMBERS: Record<number, number> = {
  [Kind.EMBSTR]: 0,
  [Kind.RAW]: 0,
  [Kind.INT]: 0,
  [Kind.LIST_PACKED]: 1,
  [Kind.LIST]: 1,
  [Kind.SET_INTS]: 2,
  [Kind.SET]: 2,
  [Kind.ZSET_PACKED]: 3,
  [Kind.ZSET]: 3,
  [Kind.HASH_PACKED]: 4,
  [Kind.HASH]: 4,
  [Kind.STREAM]: 6,
};

const scratch = new Uint8Array(SHA1_BYTES);

/** A digest that is being made. */
class Digest {
  readonly bytes = new Uint8Array(SHA1_BYTES);

  xor(buf: Uint8Array, start = 0, end: number = buf.length): void {
    sha1(buf, start, end, scratch, 0);
    for (let i = 0; i < SHA1_BYTES; i++) this.bytes[i]! ^= scratch[i]!;
  }

  mix(buf: Uint8Array, start = 0, end: number = buf.length): void {
    this.xor(buf, start, end);
    sha1(this.bytes, 0, SHA1_BYTES, this.bytes, 0);
  }

  mixEntry(entry: Entry): void {
    entry.text();
    this.mix(entry.buf, entry.start, entry.end);
  }

  mixNumber(value: number): void {
    this.mix(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
  }

  toString(): string {
    return Array.from(this.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

/** Fingerprint of all databases, 40 hexadecimal digits; zeros where there are no keys. */
export function digestOfStore(store: Store): string {
  const all = new Digest();
  for (const db of store.databases) {
    if (db.size === 0) continue;
    all.mixNumber(db.index);
    db.table.forEach((addr) => {
      const one = new Digest();
      const start = db.keyStart(addr);
      one.mix(db.bytes(addr), start, start + db.keyLength(addr));
      addRecord(one, db, addr);
      all.xor(one.bytes);
    });
  }
  return all.toString();
}

/** Fingerprint of one record's value; of `addr` 0, of no value. */
export function digestOfValue(db: Database, addr: number): string {
  const digest = new Digest();
  if (addr !== 0) addRecord(digest, db, addr);
  return digest.toString();
}

function addRecord(digest: Digest, db: Database, addr: number): void {
  const kind = db.kind(addr);
  digest.mixNumber(TYPE_NUMBERS[kind]!);
  addValue(digest, db, addr);
  if (db.expiryOf(addr) !== NO_EXPIRY) digest.xor(EXPIRE_MARK);
}

function addValue(digest: Digest, db: Database, addr: number): void {
  const buf = db.bytes(addr);
  const start = db.valueStart(addr);
  switch (db.kind(addr)) {
    case Kind.EMBSTR:
    case Kind.RAW:
    case Kind.INT:
      return digest.mix(buf, start, start + db.valueLength(addr));
    case Kind.LIST_PACKED:
      return eachEntry(buf, start, (entry) => digest.mixEntry(entry));
    case Kind.LIST: {
      const cursor = new QuicklistCursor();
      const list = db.object<Quicklist>(addr);
      for (let more = cursor.seek(list, 0); more; more = cursor.next()) digest.mixEntry(cursor.entry);
      return;
    }
    case Kind.HASH_PACKED:
      return addPackedHash(digest, buf, start);
    case Kind.HASH:
    case Kind.SET:
      return addTable(digest, db.object<FieldTable>(addr), db.kind(addr) === Kind.HASH);
    case Kind.SET_INTS:
      for (let i = 0; i < intsetLength(buf, start); i++) {
        digest.xor(fromLatin1(String(intsetGet(buf, start, i))));
      }
      return;
    case Kind.ZSET_PACKED:
    case Kind.ZSET:
      return addSortedSet(digest, db, addr);
    case Kind.STREAM:
      return addStream(digest, db.object<Stream>(addr));
  }
}

function eachEntry(buf: Uint8Array, start: number, visit: (entry: Entry, p: number) => void): void {
  const entry = new Entry();
  for (let p = start + LP_HEADER; buf[p] !== LP_END; p = lpSkip(buf, p)) visit(entry.readText(buf, p), p);
}

/** Adds a member or field with what belongs to it, as one unit whose place does not matter. */
function addPair(digest: Digest, first: Entry, second: Uint8Array, start: number, end: number): void {
  const pair = new Digest();
  pair.mixEntry(first);
  pair.mix(second, start, end);
  digest.xor(pair.bytes);
}

function addPackedHash(digest: Digest, buf: Uint8Array, start: number): void {
  const field = new Entry();
  let isValue = false;
  eachEntry(buf, start, (entry, p) => {
    if (isValue) addPair(digest, field, entry.buf, entry.start, entry.end);
    else field.readText(buf, p);
    isValue = !isValue;
  });
}

function addTable(digest: Digest, table: FieldTable, withValues: boolean): void {
  const field = new Entry();
  table.forEach((record) => {
    const bytes = table.bytes(record);
    const start = table.fieldStart(record);
    const end = start + table.fieldLength(record);
    if (withValues) {
      addPair(digest, field.set(bytes, start, end), bytes, end, end + table.valueLength(record));
    } else digest.xor(bytes, start, end);
  });
}

function addSortedSet(digest: Digest, db: Database, addr: number): void {
  const member = new Entry();
  const add = (score: number) => {
    const text = fromLatin1(formatDouble(score));
    addPair(digest, member, text, 0, text.length);
  };
  if (db.kind(addr) === Kind.ZSET_PACKED) {
    const buf = db.bytes(addr);
    let isScore = false;
    eachEntry(buf, db.valueStart(addr), (_, p) => {
      if (!isScore) {
        member.readText(buf, p);
        add(zpScore(buf, p));
      }
      isScore = !isScore;
    });
    return;
  }
  const set = db.object<SortedSet>(addr);
  const position = new TreePosition();
  for (let record = set.seek(0, position); record !== 0; record = set.next(position)) {
    set.readMember(record, member);
    add(set.score(record));
  }
}

function addStream(digest: Digest, stream: Stream): void {
  const entry = new Entry();
  const reader = new StreamReader().start(stream.nodes, MIN_ID, MAX_ID, false);
  while (reader.next()) {
    digest.mix(fromLatin1(reader.id.toString().replace("-", ".")));
    while (reader.nextField()) {
      digest.mixEntry(entry.readText(reader.buf, reader.field));
      digest.mixEntry(entry.readText(reader.buf, reader.value));
    }
  }
}
