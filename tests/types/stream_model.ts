/** A stream as plain data, for tests: entries in an array, IDs as BigInts, trimming by the node sizes it is told. */
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { Entry, LP_HEADER, lpBytes, lpCount, lpInt, lpSkip, lpValidate } from "../../types/listpack.ts";
import type { Spans, Stream } from "../../types/stream.ts";
import { MAX_ID, MIN_ID, StreamId } from "../../types/stream_id.ts";
import { NodeCursor } from "../../types/stream_nodes.ts";
import { StreamReader } from "../../types/stream_reader.ts";

/** Arguments out of texts, as a command's parser hands them over. */
export function spans(texts: readonly string[]): Spans {
  const buf = fromLatin1("#" + texts.join("|") + "#");
  const starts: number[] = [];
  let at = 1;
  for (const text of texts) {
    starts.push(at);
    at += text.length + 1;
  }
  return { buf, start: (i) => starts[i]!, end: (i) => starts[i]! + texts[i]!.length };
}

/** An entry as `<id> field value ...`. */
export type Row = readonly [id: string, ...fields: string[]];

const entry = new Entry();

function text(buf: Uint8Array, at: number): string {
  entry.readText(buf, at);
  return latin1(entry.buf, entry.start, entry.end);
}

/** The entries of a range, by walking the stream. */
export function rows(stream: Stream, from: StreamId = MIN_ID, to: StreamId = MAX_ID, reverse = false): Row[] {
  const result: Row[] = [];
  const reader = new StreamReader().start(stream.nodes, from, to, reverse);
  while (reader.next()) {
    const fields: string[] = [];
    while (reader.nextField()) fields.push(text(reader.buf, reader.field), text(reader.buf, reader.value));
    if (fields.length !== reader.fieldCount * 2) throw new Error("fieldCount is not the number of fields");
    result.push([reader.id.toString(), ...fields]);
  }
  return result;
}

/** What each node says of itself: [key, live entries, deleted entries]. Checks every listpack on the way. */
export function nodes(stream: Stream): [string, number, number][] {
  const result: [string, number, number][] = [];
  const cursor = new NodeCursor();
  const key = new StreamId();
  for (let ok = stream.nodes.seekFirst(cursor); ok; ok = stream.nodes.next(cursor)) {
    const { buf, start } = cursor;
    if (!lpValidate(buf, start, start + lpBytes(buf, start), true)) throw new Error("damaged listpack");
    if (lpCount(buf, start) < 8) throw new Error("a node without entries");
    const live = start + LP_HEADER;
    result.push([
      stream.nodes.readKey(cursor, key).toString(),
      lpInt(buf, live) as number,
      lpInt(buf, lpSkip(buf, live)) as number,
    ]);
  }
  if (result.length !== stream.nodes.count) throw new Error("wrong number of nodes");
  return result;
}
