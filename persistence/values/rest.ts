/**
 * Writing large values in steps, so that a snapshot of a value with a million elements holds up nobody.
 *
 * A value is begun at once and its rest is a generator, which stops every few thousand bytes. Whoever needs it whole
 * (DUMP, SAVE) drives it to its end with {@link finish}. Whoever does not go on to the end must `return` it. In between a
 * value must not change, unless it has a `guard` that it tells of that.
 */
import { lzfCompress } from "../../types/lzf.ts";
import type { FieldTable } from "../../types/field_table.ts";
import type { Stream } from "../../types/stream.ts";
import { StreamWalk } from "../../types/stream_walk.ts";
import { TableWalk } from "../../types/table_walk.ts";
import type { RdbWriter } from "../rdb_writer.ts";

/** What is still to be written of a value: each `next` writes some of it. */
export type Rest = Generator<void, void, void>;

/** Bytes written between two stops. */
export const STEP_BYTES = 8 * 1024;
/** A longer string is compressed in parts of this many bytes, and written in smaller ones. */
export const LONG_STRING_BYTES = 64 * 1024;
const WRITTEN_BYTES = 16 * 1024;
/** What a part may grow by where it cannot be compressed: a control byte for each run of literals. */
const PART_GROWTH = LONG_STRING_BYTES / 32 + 16;

/** Writes all that is left. */
export function finish(rest: Rest | null): void {
  if (rest !== null) { while (rest.next().done !== true); }
}

/** A string of more than {@link LONG_STRING_BYTES}: compressed, where that makes it shorter, or as it is. */
export function* longString(writer: RdbWriter, buf: Uint8Array, start: number, end: number): Rest {
  const packed = writer.compress ? yield* compressed(writer, buf, start, end) : null;
  if (packed === null) {
    writer.lengthOf(end - start);
    return yield* parts(writer, buf, start, end);
  }
  writer.compressedHeader(packed.length, end - start);
  yield* parts(writer, packed, 0, packed.length);
}

function* parts(writer: RdbWriter, buf: Uint8Array, start: number, end: number): Rest {
  for (let at = start; at < end; at += WRITTEN_BYTES) {
    writer.bytes(buf, at, Math.min(end, at + WRITTEN_BYTES));
    yield;
  }
}

/**
 * Compresses part by part: one sequence of LZF instructions behind another is one as well. Null as soon as it turns out
 * that this does not pay.
 */
function* compressed(
  writer: RdbWriter,
  buf: Uint8Array,
  start: number,
  end: number,
): Generator<void, Uint8Array | null, void> {
  let out = new Uint8Array(4 * LONG_STRING_BYTES);
  let length = 0;
  for (let at = start; at < end; at += LONG_STRING_BYTES) {
    const stop = Math.min(end, at + LONG_STRING_BYTES);
    const room = length + stop - at + PART_GROWTH;
    if (room > out.length) {
      const bigger = new Uint8Array(Math.max(room, Math.min(end - start, out.length * 2)));
      bigger.set(out.subarray(0, length));
      out = bigger;
    }
    length += lzfCompress(buf, at, stop, out, length, room);
    if (length + 4 > stop - start) return null;
    yield;
    if (!writer.compress) return null; // there is no time for it any more
  }
  return out.subarray(0, length);
}

/** What `write` writes of a stream: of the stream of now, also where it changes in between. */
export function* frozenRest(live: Stream, write: (stream: Stream) => Rest): Rest {
  const walk = new StreamWalk(live);
  try {
    yield* write(walk.stream);
  } finally {
    walk.close();
  }
}

/** The fields of a hash with their values, or the members of a set: those of now, also where they change in between. */
export function* tableRest(writer: RdbWriter, fields: FieldTable, withValues: boolean): Rest {
  const walk = new TableWalk(fields);
  try {
    writer.lengthOf(walk.count);
    let stop = writer.written + STEP_BYTES;
    while (walk.next()) {
      const { buf, start, end, valueEnd } = walk;
      if (end - start > LONG_STRING_BYTES) yield* longString(writer, buf, start, end);
      else writer.string(buf, start, end);
      if (withValues) {
        if (valueEnd - end > LONG_STRING_BYTES) yield* longString(writer, buf, end, valueEnd);
        else writer.string(buf, end, valueEnd);
      }
      if (writer.written < stop) continue;
      yield;
      stop = writer.written + STEP_BYTES;
    }
  } finally {
    walk.close();
  }
}
