/**
 * The stream: an append-only log of entries with consumer groups.
 *
 * Entries live in listpacks of Redis's own layout (stream_reader.ts describes it, stream_nodes.ts keeps them in
 * order), IDs are 128-bit (stream_id.ts). This file changes the log: append, delete, and the counters by which a
 * group's lag is told without counting: how many entries were ever added, the first ID, the largest deleted ID.
 * Trimming is in stream_trim.ts, what groups do in stream_groups.ts.
 */
import type { Arena } from "./arena.ts";
import { EMPTY_BYTES } from "./bytes.ts";
import type { Meter, Reading } from "./id_table.ts";
import type { StoredObject } from "./kind.ts";
import { LP_HEADER, lpBytes, lpEquals, lpInt, lpSkip } from "./listpack.ts";
import { LP_ENTRY_OVERHEAD, lpWrite, lpWriteInt } from "./listpack_builder.ts";
import { NameList } from "./name_list.ts";
import { ConsumerGroup, UNKNOWN_ENTRIES_READ } from "./stream_groups.ts";
import { type IdList, MAX_ID, MIN_ID, StreamId } from "./stream_id.ts";
import { NodeCursor, StreamNodes } from "./stream_nodes.ts";
import { DELETED, SAME_FIELDS, StreamReader } from "./stream_reader.ts";
import type { StreamWalk } from "./stream_walk.ts";
import { addInt64, subtractInt64, subtractU64, TWO_32 } from "./u64.ts";

/** Redis never lets a node grow beyond this many bytes, nor takes an entry that is larger. */
const NODE_BYTES_LIMIT = 1 << 30;

/** Integers of an entry beside its fields: flags, two differences, number of fields, number of elements. */
const ENTRY_INTS = 5;
/** Integers of a master entry: live, deleted, number of fields, end. */
const MASTER_INTS = 4;

/** What a stream costs beside its nodes and groups: this object, its IDs, lists and counters. */
const STREAM_OVERHEAD = 700;

/** Arguments of a command as byte spans: argument `i` is `buf[start(i), end(i))`. */
export interface Spans {
  readonly buf: Uint8Array;
  start(index: number): number;
  end(index: number): number;
}

/** stream-node-max-bytes and stream-node-max-entries; 0 means no limit. */
export interface NodeLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

const tail = new NodeCursor();
const reader = new StreamReader();
const scratchId = new StreamId();

let lastSerial = 0;

/** A stream value. */
export class Stream implements StoredObject {
  /** Who still reads the stream as it was. */
  guard: StreamWalk | null = null;
  /** Entries that are not deleted. */
  length = 0;
  /** The largest ID ever added, or what XSETID made of it. */
  readonly lastId = new StreamId();
  /** The ID of the first entry, 0-0 when there is none. */
  readonly firstId = new StreamId();
  /** The largest ID that XDEL deleted (trimming does not count), 0-0 when none. */
  readonly maxDeletedId = new StreamId();
  /** Entries added in the stream's lifetime; unsigned 64 bits, kept as signed. */
  entriesAdded: number | bigint = 0;
  readonly groups = new NameList<ConsumerGroup>();
  readonly nodes: StreamNodes;
  /** A number that no other stream of this process has: tells one from its successor under the same key. */
  readonly serial: number = ++lastSerial;
  /** Counts what makes redis-server look again after readers that wait: entries added, groups destroyed. */
  events = 0;
  readonly #meter: Meter = { bytes: STREAM_OVERHEAD };

  constructor(nodes?: StreamNodes) {
    this.nodes = nodes ?? new StreamNodes(this.#meter);
  }

  /** Bytes that the stream takes, groups and pending entries included. */
  memoryBytes(): number {
    return this.#meter.bytes;
  }

  /** No part of it is in the arena. */
  outsideBytes(): number {
    return this.#meter.bytes;
  }

  /** As redis-server has it, the pending entries of the first group stand for those of the others. */
  get freeEffort(): number {
    const { groups, nodes } = this;
    return nodes.count + (groups.size === 0 ? 0 : groups.size * (1 + groups.at(0).pending.size));
  }

  /** A copy; its nodes are the collector's, so the arena is not used. */
  cloneInto(_arena: Arena): Stream {
    const copy = new Stream();
    const node = new NodeCursor();
    const id = new StreamId();
    for (let ok = this.nodes.seekFirst(node); ok; ok = this.nodes.next(node)) {
      this.nodes.readKey(node, id);
      copy.nodes.appendPacked(id, node.buf, node.start, node.start + lpBytes(node.buf, node.start));
    }
    copy.length = this.length;
    copy.entriesAdded = this.entriesAdded;
    copy.lastId.copy(this.lastId);
    copy.firstId.copy(this.firstId);
    copy.maxDeletedId.copy(this.maxDeletedId);
    for (let i = 0; i < this.groups.size; i++) {
      const group = this.groups.at(i);
      group.cloneInto(copy.createGroup(group.name, group.lastId, group.entriesRead)!);
    }
    return copy;
  }

  /** The stream as it is now, until the reading is over, whatever happens to this one. It takes time by blocks, not entries. */
  freeze(reading: Reading): Stream {
    const frozen = new Stream(this.nodes.freeze(reading));
    frozen.length = this.length;
    frozen.entriesAdded = this.entriesAdded;
    frozen.lastId.copy(this.lastId);
    frozen.firstId.copy(this.firstId);
    frozen.maxDeletedId.copy(this.maxDeletedId);
    for (let i = 0; i < this.groups.size; i++) frozen.groups.add(this.groups.at(i).freeze(reading));
    return frozen;
  }

  /** Frees the nodes; what groups hold is garbage collected with the object. */
  release(budget: number): boolean {
    return this.nodes.release(budget);
  }

  /**
   * Makes `out` the ID that XADD's `*` chooses: the time, with sequence 0, or the ID after the last one when that is
   * not in the past.
   *
   * @param now Unix time in milliseconds.
   * @returns false when there is no ID after the last one.
   */
  nextId(now: number, out: StreamId): boolean {
    out.assign(Math.floor(now / TWO_32), now >>> 0, 0, 0);
    const { lastId } = this;
    if (out.msHi > lastId.msHi || (out.msHi === lastId.msHi && out.msLo > lastId.msLo)) return true;
    return out.copy(lastId).increment();
  }

  /**
   * Completes the ID of XADD's `<ms>-*`: the next sequence of that millisecond.
   *
   * @returns false when the last ID has the same milliseconds and the largest sequence.
   */
  nextSequence(id: StreamId): boolean {
    const { lastId } = this;
    if (lastId.msHi !== id.msHi || lastId.msLo !== id.msLo) return true;
    if (lastId.seqHi === 0xffffffff && lastId.seqLo === 0xffffffff) return false;
    return id.copy(lastId).increment();
  }

  /**
   * Appends an entry of `count` fields: the arguments from `first` on are field, value, field, value ...
   *
   * @param id must be larger than `lastId`.
   * @returns false, without a change, when the entry is too large to be stored.
   */
  append(id: StreamId, args: Spans, first: number, count: number, limits: NodeLimits): boolean {
    let bytes = 0;
    for (let i = first; i < first + count * 2; i++) bytes += args.end(i) - args.start(i);
    if (bytes > NODE_BYTES_LIMIT) return false;
    let sameFields = true;
    if (this.#lastNodeTakes(bytes, limits)) {
      sameFields = masterHasFields(tail.buf, tail.start, args, first, count);
    } else {
      this.#appendNode(id, args, first, count);
    }
    this.nodes.openLast(tail, bytes + (count * 2 + ENTRY_INTS) * LP_ENTRY_OVERHEAD);
    const live = tail.start + LP_HEADER;
    this.nodes.replaceInt(tail, live, (lpInt(tail.buf, live) as number) + 1);
    this.#writeEntry(id, args, first, count, sameFields);
    this.length++;
    this.events++;
    this.entriesAdded = addInt64(this.entriesAdded, 1);
    this.lastId.copy(id);
    if (this.length === 1) this.firstId.copy(id);
    tail.buf = EMPTY_BYTES; // so as not to keep a deleted stream's last node
    return true;
  }

  /** Deletes the entries of these IDs. @returns how many there were. */
  delete(ids: IdList): number {
    let deleted = 0;
    let lostFirst = false;
    for (let i = 0; i < ids.count; i++) {
      const id = ids.at(i);
      if (!this.#deleteOne(id)) continue;
      deleted++;
      if (id.compare(this.firstId) === 0) lostFirst = true;
      if (id.compare(this.maxDeletedId) > 0) this.maxDeletedId.copy(id);
    }
    if (lostFirst) this.updateFirstId();
    reader.close();
    return deleted;
  }

  #deleteOne(id: StreamId): boolean {
    if (!reader.start(this.nodes, id, id, false).next()) return false;
    const { node } = reader;
    this.length--;
    if (lpInt(node.buf, node.start + LP_HEADER) === 1) {
      this.nodes.remove(node);
    } else {
      this.nodes.replaceInt(node, reader.flagsAt, reader.flags | DELETED);
      this.countDeleted(node, 1);
    }
    return true;
  }

  /** Moves `count` from the live to the deleted entries that a node says it has. For trimming, too. */
  countDeleted(node: NodeCursor, count: number): void {
    const live = node.start + LP_HEADER;
    this.nodes.replaceInt(node, live, (lpInt(node.buf, live) as number) - count);
    const deleted = lpSkip(node.buf, live);
    this.nodes.replaceInt(node, deleted, (lpInt(node.buf, deleted) as number) + count);
  }

  /** Finds the first ID anew, after entries at the beginning were deleted. */
  updateFirstId(): void {
    const { nodes, firstId } = this;
    if (!reader.start(nodes, MIN_ID, MAX_ID, false).next()) {
      firstId.setZero();
    } else {
      firstId.copy(reader.id);
      // What lies before it in its node is passed over from now on: a stream that is trimmed with every entry added
      // would otherwise walk over half a node of deleted entries each time.
      if (nodes.isFirst(reader.node)) nodes.deadHead = reader.offsetInNode;
    }
    reader.close();
  }

  /** Makes `out` the ID of the first or the last entry, 0-0 when there is none. */
  edgeId(last: boolean, out: StreamId): StreamId {
    if (reader.start(this.nodes, MIN_ID, MAX_ID, last).next()) out.copy(reader.id);
    else out.setZero();
    reader.close();
    return out;
  }

  /** Makes `out` the ID of the first entry that still lies in a node, deleted or not. @returns false without any. */
  firstPhysicalId(out: StreamId): boolean {
    const found = reader.startPhysical(this.nodes).nextPhysical();
    if (found) out.copy(reader.id);
    reader.close();
    return found;
  }

  /** Whether there is an entry with this ID. */
  has(id: StreamId): boolean {
    const found = reader.start(this.nodes, id, id, false).next();
    reader.close();
    return found;
  }

  /**
   * Adds a consumer group.
   *
   * @param name is kept.
   * @returns undefined when there is one of this name.
   */
  createGroup(name: Uint8Array, lastId: StreamId, entriesRead: number | bigint): ConsumerGroup | undefined {
    const group = new ConsumerGroup(name, this.#meter);
    group.lastId.copy(lastId);
    group.entriesRead = entriesRead;
    if (this.groups.add(group)) return group;
    group.clear();
    return undefined;
  }

  /** Removes a consumer group with all it holds. */
  destroyGroup(group: ConsumerGroup): void {
    this.groups.remove(group);
    group.clear();
    this.events++;
  }

  /** Whether XDEL may have left a gap at or after `start`; if so, entries cannot be counted by subtraction. */
  hasGapFrom(start: StreamId): boolean {
    const { maxDeletedId } = this;
    return this.length > 0 && !maxDeletedId.isZero() && this.firstId.compare(maxDeletedId) <= 0 &&
      start.compare(maxDeletedId) <= 0;
  }

  /**
   * How many entries, counted from the first that was ever added, precede or are `id`.
   *
   * @returns UNKNOWN_ENTRIES_READ where counting would be needed.
   */
  entriesUpTo(id: StreamId): number | bigint {
    const { entriesAdded, lastId, firstId, maxDeletedId } = this;
    if (entriesAdded === 0) return 0;
    const toLast = id.compare(lastId);
    if (this.length === 0 && toLast <= 0) return entriesAdded;
    if (toLast === 0) return entriesAdded;
    if (toLast > 0) return UNKNOWN_ENTRIES_READ;
    if (maxDeletedId.isZero() || maxDeletedId.compare(firstId) < 0) {
      const toFirst = id.compare(firstId);
      if (toFirst < 0) return subtractInt64(entriesAdded, this.length);
      if (toFirst === 0) return subtractInt64(entriesAdded, this.length - 1);
    }
    return UNKNOWN_ENTRIES_READ;
  }

  /** Moves a group on to `id`, which is after its last one, and keeps its count of entries read if that is known. */
  advanceGroup(group: ConsumerGroup, id: StreamId): void {
    if (group.entriesRead !== UNKNOWN_ENTRIES_READ && !this.hasGapFrom(id)) {
      group.entriesRead = addInt64(group.entriesRead, 1);
    } else if (this.entriesAdded !== 0) {
      group.entriesRead = this.entriesUpTo(id);
    }
    group.lastId.copy(id);
  }

  /** How many entries the group has yet to read; undefined where that cannot be told without counting. */
  lag(group: ConsumerGroup): number | bigint | undefined {
    if (this.entriesAdded === 0) return 0;
    if (group.entriesRead !== UNKNOWN_ENTRIES_READ && !this.hasGapFrom(group.lastId)) {
      return subtractInt64(this.entriesAdded, group.entriesRead);
    }
    const read = this.entriesUpTo(group.lastId);
    return read === UNKNOWN_ENTRIES_READ ? undefined : subtractInt64(this.entriesAdded, read);
  }

  /** Puts `tail` on the last node. @returns whether that takes another entry of this size. */
  #lastNodeTakes(bytes: number, limits: NodeLimits): boolean {
    if (!this.nodes.seekLast(tail)) return false;
    const { maxBytes, maxEntries } = limits;
    const limit = maxBytes === 0 || maxBytes > NODE_BYTES_LIMIT ? NODE_BYTES_LIMIT : maxBytes;
    if (lpBytes(tail.buf, tail.start) + bytes >= limit) return false;
    if (maxEntries === 0) return true;
    const live = tail.start + LP_HEADER;
    const deleted = lpInt(tail.buf, lpSkip(tail.buf, live)) as number;
    return (lpInt(tail.buf, live) as number) + deleted < maxEntries;
  }

  /** Adds a node whose master entry has these fields and counts no entry yet. */
  #appendNode(id: StreamId, args: Spans, first: number, count: number): void {
    this.nodes.append(id);
    this.nodes.seekLast(tail);
    let bytes = (count + MASTER_INTS) * LP_ENTRY_OVERHEAD;
    for (let i = first; i < first + count * 2; i += 2) bytes += args.end(i) - args.start(i);
    this.nodes.openLast(tail, bytes);
    const { buf } = tail;
    let at = lpWriteInt(buf, tail.start + LP_HEADER, 0);
    at = lpWriteInt(buf, at, 0);
    at = lpWriteInt(buf, at, count);
    for (let i = first; i < first + count * 2; i += 2) {
      at = lpWrite(buf, at, args.buf, args.start(i), args.end(i));
    }
    at = lpWriteInt(buf, at, 0);
    this.nodes.closeLast(at, count + MASTER_INTS);
  }

  /** Writes an entry behind those of the last node, which `tail` is on and has room. */
  #writeEntry(id: StreamId, args: Spans, first: number, count: number, sameFields: boolean): void {
    const { buf, start } = tail;
    const key = this.nodes.readKey(tail, scratchId);
    let at = start + lpBytes(buf, start) - 1;
    at = lpWriteInt(buf, at, sameFields ? SAME_FIELDS : 0);
    at = lpWriteInt(buf, at, subtractU64(id.msHi, id.msLo, key.msHi, key.msLo));
    at = lpWriteInt(buf, at, subtractU64(id.seqHi, id.seqLo, key.seqHi, key.seqLo));
    if (!sameFields) at = lpWriteInt(buf, at, count);
    for (let i = first; i < first + count * 2; i += 2) {
      if (!sameFields) at = lpWrite(buf, at, args.buf, args.start(i), args.end(i));
      at = lpWrite(buf, at, args.buf, args.start(i + 1), args.end(i + 1));
    }
    const elements = sameFields ? count + 3 : count * 2 + 4;
    at = lpWriteInt(buf, at, elements);
    this.nodes.closeLast(at, elements + 1);
  }
}

/** Whether the master entry of a node has exactly the fields of these arguments. */
function masterHasFields(buf: Uint8Array, start: number, args: Spans, first: number, count: number): boolean {
  let at = lpSkip(buf, lpSkip(buf, start + LP_HEADER));
  if (lpInt(buf, at) !== count) return false;
  at = lpSkip(buf, at);
  for (let i = first; i < first + count * 2; i += 2) {
    if (!lpEquals(buf, at, args.buf, args.start(i), args.end(i))) return false;
    at = lpSkip(buf, at);
  }
  return true;
}
