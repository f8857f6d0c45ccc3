/**
 * What all stream commands share: reading IDs out of arguments, finding streams and groups, writing entries.
 *
 * An ID is written in three ways. Where an entry is named, it is strict: `<ms>-<seq>` or `<ms>`. The end points of a
 * range may also be `-`, `+` or, with a parenthesis before it, exclusive; and a missing sequence means the first or
 * the last of that millisecond.
 */

import type { Reply } from "../resp.ts";
import { Kind } from "../types/kind.ts";
import { Entry } from "../types/listpack.ts";
import { Stream } from "../types/stream.ts";
import type { ConsumerGroup } from "../types/stream_groups.ts";
import { IdForm, MAX_ID, MAX_ID_LENGTH, MIN_ID, parseId, type StreamId } from "../types/stream_id.ts";
import { StreamReader } from "../types/stream_reader.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, WRONG_TYPE } from "./errors.ts";
import { Notify } from "./notify_classes.ts";

export const INVALID_ID = new CommandError("ERR Invalid stream ID specified as stream command argument");
const INVALID_START = new CommandError("ERR invalid start ID for the interval");
const INVALID_END = new CommandError("ERR invalid end ID for the interval");

const MINUS = 0x2d, PLUS = 0x2b, PARENTHESIS = 0x28;

const idText = new Uint8Array(MAX_ID_LENGTH);
const entry = new Entry();
const reader = new StreamReader();

// -- IDs ------------------------------------------------------------------------------------------------------------

/** The ID in argument `i`; a missing sequence is 0. Throws "Invalid stream ID". */
export function strictId(args: Args, i: number, out: StreamId): StreamId {
  if (!isId(args, i, out)) throw INVALID_ID;
  return out;
}

/** Whether argument `i` is an ID as {@link strictId} reads it. */
export function isId(args: Args, i: number, out: StreamId): boolean {
  const form = parseId(args.buf, args.starts[i]!, args.ends[i]!, out);
  return form === IdForm.Complete || form === IdForm.NoSequence;
}

/** The ID in argument `i`, which may also be `-` (the smallest) or `+` (the largest). Throws "Invalid stream ID". */
export function looseId(args: Args, i: number, out: StreamId): StreamId {
  if (isCharacter(args, i, "-")) out.setZero();
  else if (isCharacter(args, i, "+")) out.setMax();
  else strictId(args, i, out);
  return out;
}

/** The first ID of the range that argument `i` begins; throws where there is none. */
export function rangeStart(args: Args, i: number, out: StreamId): StreamId {
  if (rangeEndPoint(args, i, out, false) && !out.increment()) throw INVALID_START;
  return out;
}

/** The last ID of the range that argument `i` ends; throws where there is none. */
export function rangeEnd(args: Args, i: number, out: StreamId): StreamId {
  if (rangeEndPoint(args, i, out, true) && !out.decrement()) throw INVALID_END;
  return out;
}

/** Reads an end point. Returns true where it is exclusive. */
function rangeEndPoint(args: Args, i: number, out: StreamId, isEnd: boolean): boolean {
  const start = args.starts[i]!, end = args.ends[i]!;
  const first = end > start ? args.buf[start]! : 0;
  if (end - start === 1 && first === MINUS) out.setZero();
  else if (end - start === 1 && first === PLUS) out.setMax();
  else {
    const isExclusive = first === PARENTHESIS;
    const form = parseId(args.buf, isExclusive ? start + 1 : start, end, out, isEnd);
    if (form !== IdForm.Complete && form !== IdForm.NoSequence) throw INVALID_ID;
    return isExclusive;
  }
  return false;
}

/** True where argument `i` is this single character. */
export function isCharacter(args: Args, i: number, character: string): boolean {
  return args.length(i) === 1 && args.buf[args.starts[i]!] === character.charCodeAt(0);
}

// -- Streams and groups ---------------------------------------------------------------------------------------------

/** The stream in argument `i` for reading, null if there is none. Throws WRONGTYPE. */
export function readStream(ctx: Context, args: Args, i: number): Stream | null {
  return streamAt(ctx, ctx.read(args, i));
}

/** The stream in argument `i` for changing, null if there is none. Throws WRONGTYPE. */
export function writeStream(ctx: Context, args: Args, i: number): Stream | null {
  return streamAt(ctx, ctx.write(args, i));
}

function streamAt(ctx: Context, addr: number): Stream | null {
  if (addr === 0) return null;
  if (ctx.db.kind(addr) !== Kind.STREAM) throw WRONG_TYPE;
  return ctx.db.object<Stream>(addr);
}

/**
 * As {@link writeStream}, for commands that change a stream's groups but look it up as readers do: hits and misses
 * count, and a missing key is announced.
 */
export function claimStream(ctx: Context, args: Args, i: number, addr = ctx.read(args, i)): Stream | null {
  const stream = streamAt(ctx, addr);
  if (stream !== null) preserve(ctx, args, i);
  return stream;
}

/** Lets a running snapshot save the stream in argument `i`, which was looked up for reading, before it changes. */
export function preserve(ctx: Context, args: Args, i: number): void {
  if (ctx.store.snapshot !== null) ctx.write(args, i);
}

/** Puts a new stream under the key in argument `i`. */
export function addStream(ctx: Context, args: Args, i: number, stream: Stream = new Stream()): Stream {
  ctx.db.setObject(args.buf, args.starts[i]!, args.ends[i]!, Kind.STREAM, stream);
  return stream;
}

/** Publishes a keyspace notification of the stream in argument `i`. */
export function announce(ctx: Context, event: string, args: Args, i: number): void {
  ctx.notify(Notify.STREAM, event, args.buf, args.starts[i]!, args.ends[i]!);
}

/** The consumer group that argument `i` names. */
export function findGroup(stream: Stream, args: Args, i: number): ConsumerGroup | undefined {
  return stream.groups.find(args.buf, args.starts[i]!, args.ends[i]!);
}

/** The group in argument `group` of the stream in argument `key`; the error names both where either is missing. */
export function requireGroup(stream: Stream | null, args: Args, key: number, group: number): ConsumerGroup {
  const found = stream === null ? undefined : findGroup(stream, args, group);
  if (found !== undefined) return found;
  throw new CommandError(`NOGROUP No such key '${args.cText(key)}' or consumer group '${args.cText(group)}'`);
}

/** The group in argument `group` of a stream that exists. */
export function requireGroupOf(stream: Stream, args: Args, key: number, group: number): ConsumerGroup {
  const found = findGroup(stream, args, group);
  if (found !== undefined) return found;
  throw new CommandError(
    `NOGROUP No such consumer group '${args.cText(group)}' for key name '${args.cText(key)}'`,
  );
}

// -- Replies --------------------------------------------------------------------------------------------------------

/** An ID as a bulk string. */
export function replyId(reply: Reply, id: StreamId): void {
  reply.bulk(idText, 0, id.write(idText, 0));
}

/** The reader's entry: an array of its ID and of its fields and values, in turn. */
export function replyEntry(reply: Reply, at: StreamReader): void {
  reply.array(2);
  replyId(reply, at.id);
  reply.array(at.fieldCount * 2);
  while (at.nextField()) {
    reply.entry(entry.read(at.buf, at.field));
    reply.entry(entry.read(at.buf, at.value));
  }
}

/**
 * The entries of a range as an array, at most `count` of them (0: all).
 *
 * @param reverse from the last entry down.
 */
export function replyRange(
  reply: Reply,
  stream: Stream,
  from: StreamId,
  to: StreamId,
  count: number,
  reverse: boolean,
): void {
  const mark = reply.defer();
  let written = 0;
  reader.start(stream.nodes, from, to, reverse);
  while (reader.next()) {
    replyEntry(reply, reader);
    if (++written === count) break;
  }
  reader.close();
  reply.endArray(mark, written);
}

/** The entry with this ID. Returns false, with nothing written, where there is none. */
export function replyEntryOf(reply: Reply, stream: Stream, id: StreamId): boolean {
  const found = reader.start(stream.nodes, id, id, false).next();
  if (found) replyEntry(reply, reader);
  reader.close();
  return found;
}

/** The first or the last entry, or null. */
export function replyEdge(reply: Reply, stream: Stream, last: boolean): void {
  if (reader.start(stream.nodes, MIN_ID, MAX_ID, last).next()) replyEntry(reply, reader);
  else reply.null();
  reader.close();
}
