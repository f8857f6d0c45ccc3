/**
 * Streams in RDB: of 5.0 (version 1), of 7.0 with the counters that make a group's lag (2), of 7.2 with the time a
 * consumer was last active (3, read and dropped: 7.0 has no place for it).
 *
 *     nodes: number, (ID, listpack) ...
 *     entries, last ID, [2: first ID, largest deleted ID, entries added]
 *     groups: number, (name, last ID, [2: entries read], pending entries, consumers) ...
 */
import type { Database } from "../../store.ts";
import { normalizeInt64 } from "../../types/bytes.ts";
import { Kind } from "../../types/kind.ts";
import { ID_WORDS, IdCursor, IdTable } from "../../types/id_table.ts";
import { Stream } from "../../types/stream.ts";
import type { Consumer, ConsumerGroup } from "../../types/stream_groups.ts";
import { StreamId } from "../../types/stream_id.ts";
import { NodeCursor } from "../../types/stream_nodes.ts";
import { lpBytes } from "../../types/listpack.ts";
import { RdbType } from "../rdb_format.ts";
import type { RdbInput } from "../rdb_input.ts";
import type { RdbWriter } from "../rdb_writer.ts";
import { StreamNodeCheck } from "./stream_check.ts";
import { frozenRest, LONG_STRING_BYTES, longString, type Rest, STEP_BYTES } from "./rest.ts";
import type { LoadedValue } from "./value.ts";

const ID_BYTES = 16;
const TWO_32 = 4294967296;
/** Words of a pending entry's row while its consumer is not known yet: delivery time and count, then a mark. */
const TIME_HI = ID_WORDS, TIME_LO = ID_WORDS + 1, COUNT_HI = ID_WORDS + 2, COUNT_LO = ID_WORDS + 3;
const OWNED = ID_WORDS + 4;
const PENDING_WORDS = 5;

const idBytes = new Uint8Array(ID_BYTES);
const cursor = new IdCursor();
const id = new StreamId();

// -- Writing ----------------------------------------------------------------------------------------------------

/** The writing of the stream of a record. */
export function saveStream(writer: RdbWriter, db: Database, addr: number): Rest {
  return frozenRest(db.object<Stream>(addr), (stream) => streamRest(writer, stream));
}

function* streamRest(writer: RdbWriter, stream: Stream): Rest {
  const { nodes } = stream;
  const node = new NodeCursor();
  writer.lengthOf(nodes.count);
  let stop = writer.written + STEP_BYTES;
  for (let ok = nodes.seekFirst(node); ok; ok = nodes.next(node)) {
    nodes.readKey(node, id).writeBytes(idBytes, 0);
    writer.plainString(idBytes, 0, ID_BYTES);
    const end = node.start + lpBytes(node.buf, node.start);
    if (end - node.start > LONG_STRING_BYTES) yield* longString(writer, node.buf, node.start, end);
    else writer.string(node.buf, node.start, end);
    if (writer.written < stop) continue;
    yield;
    stop = writer.written + STEP_BYTES;
  }
  writer.lengthOf(stream.length);
  saveId(writer, stream.lastId);
  saveId(writer, stream.firstId);
  saveId(writer, stream.maxDeletedId);
  saveInt64(writer, stream.entriesAdded);
  writer.lengthOf(stream.groups.size);
  for (let i = 0; i < stream.groups.size; i++) yield* groupRest(writer, stream.groups.at(i));
}

function* groupRest(writer: RdbWriter, group: ConsumerGroup): Rest {
  writer.string(group.name, 0, group.name.length);
  saveId(writer, group.lastId);
  saveInt64(writer, group.entriesRead);
  const { pending } = group;
  const cursor = new IdCursor();
  writer.lengthOf(pending.size);
  let stop = writer.written + STEP_BYTES;
  for (let ok = pending.seekFirst(cursor); ok; ok = pending.next(cursor)) {
    saveRawId(writer, cursor);
    writer.millis(group.deliveryTime(cursor));
    saveInt64(writer, group.deliveryCount(cursor));
    if (writer.written < stop) continue;
    yield;
    stop = writer.written + STEP_BYTES;
  }
  writer.lengthOf(group.consumers.size);
  for (let i = 0; i < group.consumers.size; i++) {
    const consumer = group.consumers.at(i);
    writer.string(consumer.name, 0, consumer.name.length);
    writer.millis(consumer.seenTime);
    writer.lengthOf(consumer.pending.size);
    for (let ok = consumer.pending.seekFirst(cursor); ok; ok = consumer.pending.next(cursor)) {
      saveRawId(writer, cursor);
      if (writer.written < stop) continue;
      yield;
      stop = writer.written + STEP_BYTES;
    }
  }
}

/** The ID at the cursor, as its sixteen bytes. */
function saveRawId(writer: RdbWriter, cursor: IdCursor): void {
  cursor.readId(id).writeBytes(idBytes, 0);
  writer.bytes(idBytes, 0, ID_BYTES);
}

function saveId(writer: RdbWriter, value: StreamId): void {
  writer.length64(value.msHi, value.msLo);
  writer.length64(value.seqHi, value.seqLo);
}

/** A signed 64-bit integer, which the format takes for unsigned. */
function saveInt64(writer: RdbWriter, value: number | bigint): void {
  const bits = BigInt.asUintN(64, BigInt(value));
  writer.length64(Number(bits >> 32n), Number(bits & 0xffffffffn));
}

// -- Reading ----------------------------------------------------------------------------------------------------

/** Reads a stream of any type; one without entries is a stream as well. */
export function loadStream(input: RdbInput, type: number, out: LoadedValue): void {
  const stream = new Stream();
  const entries = loadNodes(input, stream);
  stream.length = input.length();
  if (stream.length !== entries) {
    input.fail(`a stream says it has ${stream.length} entries and has ${entries}`);
  }
  const lastEntry = stream.edgeId(true, new StreamId());
  loadId(input, stream.lastId);
  if (stream.lastId.compare(lastEntry) < 0) input.fail("the last ID of a stream is before its last entry");
  stream.updateFirstId();
  if (type === RdbType.STREAM_LISTPACKS) stream.entriesAdded = stream.length;
  else {
    loadId(input, id); // the first ID, which the nodes have told already
    loadId(input, stream.maxDeletedId);
    stream.entriesAdded = loadInt64(input);
  }
  for (let left = input.count(1); left > 0; left--) loadGroup(input, type, stream);
  out.held(Kind.STREAM, stream);
}

/** Reads the nodes and returns how many live entries are in them. */
function loadNodes(input: RdbInput, stream: Stream): number {
  const check = new StreamNodeCheck();
  const previous = new StreamId();
  const key = new StreamId();
  let entries = 0;
  for (let left = input.count(2); left > 0; left--) {
    const span = input.string();
    if (span.end - span.start !== ID_BYTES) input.fail("a stream node's key is no ID");
    key.readBytes(span.buf, span.start);
    if (stream.nodes.count > 0 && key.compare(previous) <= 0) input.fail("stream nodes out of order");
    const { buf, start, end } = input.string();
    const problem = check.run(buf, start, end, key, stream.nodes.count > 0 ? previous : null);
    if (problem !== null) input.fail(problem);
    stream.nodes.appendPacked(key, buf, start, end);
    previous.copy(check.lastId);
    entries += check.live;
  }
  return entries;
}

function loadGroup(input: RdbInput, type: number, stream: Stream): void {
  const name = input.stringCopy();
  const lastId = loadId(input, new StreamId());
  const read = type === RdbType.STREAM_LISTPACKS ? stream.entriesUpTo(lastId) : loadInt64(input);
  const group = stream.createGroup(name, lastId, read);
  if (group === undefined) return input.fail("a consumer group twice");
  const pending = loadPending(input);
  let owned = 0;
  for (let left = input.count(10); left > 0; left--) {
    const consumer = group.createConsumer(input.stringCopy(), 0);
    if (consumer === undefined) return input.fail("a consumer twice");
    consumer.seenTime = input.millis();
    if (type === RdbType.STREAM_LISTPACKS_3) input.millis();
    owned += loadConsumerPending(input, group, consumer, pending);
  }
  if (owned !== pending.size) input.fail("a pending entry that no consumer has");
}

/** Reads a group's pending entries, whose consumers are not known yet. */
function loadPending(input: RdbInput): IdTable {
  const pending = new IdTable(PENDING_WORDS, { bytes: 0 });
  for (let left = input.count(ID_BYTES + 9); left > 0; left--) {
    id.readBytes(input.buf, input.take(ID_BYTES));
    if (!pending.insert(id, cursor)) input.fail("a pending entry twice");
    const time = input.millis();
    const count = input.length64();
    const { words, base } = cursor;
    words[base + TIME_HI] = Math.floor(time / TWO_32);
    words[base + TIME_LO] = time;
    words[base + COUNT_HI] = Number(count >> 32n);
    words[base + COUNT_LO] = Number(count & 0xffffffffn);
    words[base + OWNED] = 0;
  }
  return pending;
}

/** Reads which of the pending entries a consumer has, and makes them its. Returns how many. */
function loadConsumerPending(
  input: RdbInput,
  group: ConsumerGroup,
  consumer: Consumer,
  pending: IdTable,
): number {
  const count = input.count(ID_BYTES);
  for (let left = count; left > 0; left--) {
    id.readBytes(input.buf, input.take(ID_BYTES));
    if (!pending.find(id, cursor)) input.fail("a consumer has an entry that is not pending");
    const { words, base } = cursor;
    if (words[base + OWNED] !== 0) input.fail("a pending entry of two consumers");
    words[base + OWNED] = 1;
    const time = (words[base + TIME_HI]! | 0) * TWO_32 + words[base + TIME_LO]!;
    const delivered = (BigInt(words[base + COUNT_HI]!) << 32n) | BigInt(words[base + COUNT_LO]!);
    group.deliver(id, consumer, time, cursor);
    group.setDelivery(cursor, time, delivered);
  }
  return count;
}

function loadId(input: RdbInput, to: StreamId): StreamId {
  const ms = input.length64();
  const seq = input.length64();
  return to.assign(
    Number(ms >> 32n),
    Number(ms & 0xffffffffn),
    Number(seq >> 32n),
    Number(seq & 0xffffffffn),
  );
}

function loadInt64(input: RdbInput): number | bigint {
  return normalizeInt64(BigInt.asIntN(64, input.length64()));
}
