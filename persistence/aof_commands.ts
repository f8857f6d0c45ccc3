/**
 * A data set as commands: the base of the append-only file where aof-use-rdb-preamble is off.
 *
 * Large collections are split into commands of a limited number of elements, so that neither the writer nor the
 * loader ever has to hold one whole.
 */
import type { Database, Expiry } from "../store.ts";
import { NO_EXPIRY } from "../store.ts";
import { copyBytes, EMPTY_BYTES, formatInt, MAX_INT64_DIGITS, writeLatin1 } from "../types/bytes.ts";
import { Entry, LP_END, LP_HEADER, lpCount, lpSkip } from "../types/listpack.ts";
import { intsetGet, intsetLength } from "../types/intset.ts";
import { formatDouble } from "../types/double.ts";
import type { FieldTable } from "../types/field_table.ts";
import { IdCursor } from "../types/id_table.ts";
import { isObject, Kind } from "../types/kind.ts";
import type { Quicklist } from "../types/quicklist.ts";
import { QuicklistCursor } from "../types/quicklist_cursor.ts";
import { QuicklistWalk } from "../types/quicklist_walk.ts";
import type { Stream } from "../types/stream.ts";
import type { ConsumerGroup } from "../types/stream_groups.ts";
import { MAX_ID, MIN_ID, StreamId } from "../types/stream_id.ts";
import { StreamReader } from "../types/stream_reader.ts";
import { ScoreWalk } from "../types/score_walk.ts";
import { TableWalk } from "../types/table_walk.ts";
import type { SortedSet } from "../types/zset.ts";
import { zpScore } from "../types/zset_packed.ts";
import { ASIDE_BYTES, BUFFER_BYTES, PieceBuffer } from "./piece_buffer.ts";
import type { SnapshotEncoder } from "./snapshot.ts";
import { frozenRest, type Rest } from "./values/rest.ts";

/** Elements of one command. */
const ITEMS_PER_COMMAND = 64;

const entry = new Entry();
const digits = new Uint8Array(MAX_INT64_DIGITS);
const scoreText = new Uint8Array(40);

/** Writes RESP commands into a growing buffer. */
export class CommandEncoder implements SnapshotEncoder {
  readonly #out: PieceBuffer;
  /** The key of the record that is being written. */
  #key: Uint8Array = EMPTY_BYTES;
  #keyStart = 0;
  #keyEnd = 0;
  readonly #timestampSeconds: number | null;
  readonly #functions: Iterable<Uint8Array>;

  /**
   * @param timestampSeconds for the annotation of aof-timestamp-enabled, null without
   * @param first bytes of memory to begin with
   */
  constructor(timestampSeconds: number | null, functions: Iterable<Uint8Array>, first = BUFFER_BYTES) {
    this.#out = new PieceBuffer(BUFFER_BYTES, first);
    this.#timestampSeconds = timestampSeconds;
    this.#functions = functions;
  }

  get length(): number {
    return this.#out.pending;
  }

  /** Nothing here could be left out. */
  rush(): void {}

  split(capacity?: number): void {
    this.#out.split(capacity);
  }

  begin(): void {
    if (this.#timestampSeconds !== null) this.#raw(`#TS:${this.#timestampSeconds}\r\n`);
    for (const source of this.#functions) {
      this.#command("FUNCTION", 3);
      this.#text("LOAD");
      this.#bulk(source, 0, source.length);
    }
  }

  database(index: number, _keys: number, _expiring: number): void {
    this.#command("SELECT", 2);
    this.#text(String(index));
  }

  record(db: Database, addr: number): Rest | null {
    const expiry = db.exactExpiryOf(addr);
    const bytes = db.bytes(addr);
    const start = db.keyStart(addr), end = start + db.keyLength(addr);
    if (isObject(db.kind(addr))) {
      this.#setKey(bytes.slice(start, end), 0, end - start);
      return this.#collection(this.#object(db, addr), expiry);
    }
    this.#setKey(bytes, start, end);
    this.#inline(db, addr);
    this.#expiry(expiry);
    return null;
  }

  #setKey(buf: Uint8Array, start: number, end: number): void {
    this.#key = buf;
    this.#keyStart = start;
    this.#keyEnd = end;
  }

  /** The database may be emptied or another one before this is done: nothing asks it for anything any more. */
  *#collection(object: Rest, expiry: Expiry): Rest {
    yield* object;
    this.#expiry(expiry);
  }

  #expiry(expiry: Expiry): void {
    if (expiry === NO_EXPIRY) return;
    this.#keyCommand("PEXPIREAT", 1);
    this.#int(expiry);
  }

  end(): void {}

  aside(): SnapshotEncoder {
    return new CommandEncoder(null, [], ASIDE_BYTES);
  }

  append(bytes: Uint8Array): void {
    this.#out.append(bytes);
  }

  drain(spare: Uint8Array | null = null): Uint8Array {
    return this.#out.drain(spare);
  }

  // -- Values ---------------------------------------------------------------------------------------------------

  /** A value that stands in the record itself. */
  #inline(db: Database, addr: number): void {
    switch (db.kind(addr)) {
      case Kind.EMBSTR:
      case Kind.RAW:
      case Kind.INT: {
        const start = db.valueStart(addr);
        this.#keyCommand("SET", 1);
        return this.#bulk(db.bytes(addr), start, start + db.valueLength(addr));
      }
      case Kind.LIST_PACKED:
        return this.#packed("RPUSH", db, addr, 1);
      case Kind.HASH_PACKED:
        return this.#packed("HMSET", db, addr, 2);
      case Kind.SET_INTS:
        return this.#intset(db, addr);
      case Kind.ZSET_PACKED:
        return this.#packedSortedSet(db, addr);
    }
  }

  /** A value that may be large: the generator stops now and then between two commands. */
  #object(db: Database, addr: number): Rest {
    switch (db.kind(addr)) {
      case Kind.LIST:
        return this.#list(db.object<Quicklist>(addr));
      case Kind.HASH:
        return this.#table("HMSET", db.object<FieldTable>(addr), 2);
      case Kind.SET:
        return this.#table("SADD", db.object<FieldTable>(addr), 1);
      case Kind.ZSET:
        return this.#sortedSet(db.object<SortedSet>(addr));
      default:
      case Kind.STREAM:
        return frozenRest(db.object<Stream>(addr), (stream) => this.#stream(stream));
    }
  }

  /** A listpack whose entries are the command's arguments, `step` of them to an element. */
  #packed(name: string, db: Database, addr: number, step: number): void {
    const buf = db.bytes(addr);
    const start = db.valueStart(addr);
    let left = lpCount(buf, start);
    let inCommand = 0;
    for (let p = start + LP_HEADER; buf[p] !== LP_END; p = lpSkip(buf, p)) {
      if (inCommand === 0) {
        inCommand = Math.min(left, ITEMS_PER_COMMAND * step);
        this.#keyCommand(name, inCommand);
      }
      entry.readText(buf, p);
      this.#bulk(entry.buf, entry.start, entry.end);
      inCommand--;
      left--;
    }
  }

  *#list(list: Quicklist): Rest {
    const walk = new QuicklistWalk(list);
    const cursor = new QuicklistCursor();
    try {
      for (let i = 0; walk.next();) {
        // The cursor stays within the node's block, which does not change, whatever becomes of the node.
        let left = walk.node.count;
        for (let more = cursor.enter(walk.node, i, LP_HEADER); more; more = --left > 0 && cursor.next()) {
          if (i % ITEMS_PER_COMMAND === 0) {
            if (i > 0) yield;
            this.#keyCommand("RPUSH", Math.min(walk.count - i, ITEMS_PER_COMMAND));
          }
          const { buf, start, end } = cursor.entry.text();
          this.#bulk(buf, start, end);
          i++;
        }
      }
    } finally {
      walk.close();
    }
  }

  #intset(db: Database, addr: number): void {
    const buf = db.bytes(addr);
    const start = db.valueStart(addr);
    const length = intsetLength(buf, start);
    for (let i = 0; i < length; i++) {
      if (i % ITEMS_PER_COMMAND === 0) {
        this.#keyCommand("SADD", Math.min(length - i, ITEMS_PER_COMMAND));
      }
      this.#int(intsetGet(buf, start, i));
    }
  }

  /** The fields of a hash with their values (`step` 2), or the members of a set (1). */
  *#table(name: string, fields: FieldTable, step: number): Rest {
    const walk = new TableWalk(fields);
    try {
      for (let i = 0; i < walk.count; i++) {
        if (i % ITEMS_PER_COMMAND === 0) {
          if (i > 0) yield;
          this.#keyCommand(name, step * Math.min(walk.count - i, ITEMS_PER_COMMAND));
        }
        walk.next();
        this.#bulk(walk.buf, walk.start, walk.end);
        if (step === 2) this.#bulk(walk.buf, walk.end, walk.valueEnd);
      }
    } finally {
      walk.close();
    }
  }

  #packedSortedSet(db: Database, addr: number): void {
    const buf = db.bytes(addr);
    const start = db.valueStart(addr);
    const members = lpCount(buf, start) >> 1;
    let p = start + LP_HEADER;
    for (let i = 0; i < members; i++) {
      if (i % ITEMS_PER_COMMAND === 0) {
        this.#keyCommand("ZADD", 2 * Math.min(members - i, ITEMS_PER_COMMAND));
      }
      this.#score(zpScore(buf, p));
      entry.readText(buf, p);
      this.#bulk(entry.buf, entry.start, entry.end);
      p = lpSkip(buf, lpSkip(buf, p));
    }
  }

  *#sortedSet(set: SortedSet): Rest {
    const walk = new ScoreWalk(set);
    try {
      for (let i = 0; i < walk.count; i++) {
        if (i % ITEMS_PER_COMMAND === 0) {
          if (i > 0) yield;
          this.#keyCommand("ZADD", 2 * Math.min(walk.count - i, ITEMS_PER_COMMAND));
        }
        walk.next();
        this.#score(walk.score);
        this.#bulk(walk.buf, walk.start, walk.end);
      }
    } finally {
      walk.close();
    }
  }

  *#stream(stream: Stream): Rest {
    let n = 0;
    const reader = new StreamReader().start(stream.nodes, MIN_ID, MAX_ID, false);
    while (reader.next()) {
      if (++n % ITEMS_PER_COMMAND === 0) yield;
      this.#keyCommand("XADD", 1 + reader.fieldCount * 2);
      this.#text(reader.id.toString());
      while (reader.nextField()) {
        entry.readText(reader.buf, reader.field);
        this.#bulk(entry.buf, entry.start, entry.end);
        entry.readText(reader.buf, reader.value);
        this.#bulk(entry.buf, entry.start, entry.end);
      }
    }
    if (stream.length === 0) this.#emptyStream(stream);
    this.#keyCommand("XSETID", 5);
    this.#text(stream.lastId.toString());
    this.#text("ENTRIESADDED");
    this.#int(stream.entriesAdded);
    this.#text("MAXDELETEDID");
    this.#text(stream.maxDeletedId.toString());
    for (let i = 0; i < stream.groups.size; i++) yield* this.#group(stream.groups.at(i));
  }

  /** A stream without entries: one is added and trimmed in the same command. */
  #emptyStream(stream: Stream): void {
    this.#keyCommand("XADD", 5);
    this.#text("MAXLEN");
    this.#text("0");
    this.#text(stream.lastId.isZero() ? "0-1" : stream.lastId.toString());
    this.#text("x");
    this.#text("y");
  }

  *#group(group: ConsumerGroup): Rest {
    this.#groupCommand("CREATE", group, 3);
    this.#text(group.lastId.toString());
    this.#text("ENTRIESREAD");
    this.#int(group.entriesRead);
    const cursor = new IdCursor();
    const id = new StreamId();
    for (let i = 0; i < group.consumers.size; i++) {
      const consumer = group.consumers.at(i);
      this.#groupCommand("CREATECONSUMER", group, 1);
      this.#bulk(consumer.name, 0, consumer.name.length);
    }
    const { pending } = group;
    let n = 0;
    for (let ok = pending.seekFirst(cursor); ok; ok = pending.next(cursor)) {
      if (++n % ITEMS_PER_COMMAND === 0) yield;
      const { name } = group.owner(cursor);
      this.#keyCommand("XCLAIM", 10);
      this.#bulk(group.name, 0, group.name.length);
      this.#bulk(name, 0, name.length);
      this.#text("0");
      this.#text(cursor.readId(id).toString());
      this.#text("TIME");
      this.#int(group.deliveryTime(cursor));
      this.#text("RETRYCOUNT");
      this.#int(group.deliveryCount(cursor));
      this.#text("JUSTID");
      this.#text("FORCE");
    }
  }

  #groupCommand(sub: string, group: ConsumerGroup, count: number): void {
    this.#command("XGROUP", count + 4);
    this.#text(sub);
    this.#bulk(this.#key, this.#keyStart, this.#keyEnd);
    this.#bulk(group.name, 0, group.name.length);
  }

  // -- RESP -----------------------------------------------------------------------------------------------------

  /** Begins a command with the key and `count` more arguments. */
  #keyCommand(name: string, count: number): void {
    this.#command(name, count + 2);
    this.#bulk(this.#key, this.#keyStart, this.#keyEnd);
  }

  /** Begins a command of `count` arguments, its name included. */
  #command(name: string, count: number): void {
    this.#raw(`*${count}\r\n$${name.length}\r\n${name}\r\n`);
  }

  #text(text: string): void {
    this.#raw(`$${text.length}\r\n${text}\r\n`);
  }

  #int(value: number | bigint): void {
    this.#bulk(digits, 0, formatInt(value, digits, 0));
  }

  #score(value: number): void {
    this.#bulk(scoreText, 0, writeLatin1(formatDouble(value), scoreText, 0));
  }

  #bulk(buf: Uint8Array, start: number, end: number): void {
    const out = this.#out;
    out.reserve(end - start + MAX_INT64_DIGITS + 5);
    const into = out.buf;
    into[out.length] = 36;
    let at = formatInt(end - start, into, out.length + 1);
    into[at++] = 13;
    into[at++] = 10;
    copyBytes(buf, start, end, into, at);
    at += end - start;
    into[at++] = 13;
    into[at++] = 10;
    out.length = at;
  }

  #raw(text: string): void {
    const out = this.#out;
    out.reserve(text.length);
    out.length = writeLatin1(text, out.buf, out.length);
  }
}
