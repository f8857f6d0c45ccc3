/**
 * Trimming a stream: MAXLEN and MINID of XADD and XTRIM.
 *
 * Entries go from the front. Whole nodes are dropped as long as that does not go too far; with `~` that is all, so
 * trimming costs next to nothing and may leave up to a node more than asked for. Exact trimming then flags single
 * entries of the first remaining node as deleted. Which entries remain is visible to clients, so the order of the
 * decisions below is Redis's.
 */
import { LP_HEADER, lpInt } from "./listpack.ts";
import type { Stream } from "./stream.ts";
import { MAX_ID, MIN_ID, type StreamId } from "./stream_id.ts";
import { NodeCursor } from "./stream_nodes.ts";
import { DELETED, StreamReader } from "./stream_reader.ts";

const node = new NodeCursor();
const reader = new StreamReader();

/** What to trim to. */
export interface TrimRule {
  /** Keep this many entries, a number >= 0; or undefined to go by `minId`. */
  maxLength: number | undefined;
  /** Keep the entries from this ID on. Used without `maxLength`. */
  minId: StreamId;
  /** `~`: whole nodes only. */
  approximate: boolean;
  /** Stop before more than this many entries are removed; 0 for no limit. Looked at between nodes. */
  limit: number;
}

/** Trims a stream. @returns the number of entries removed. */
export function trimStream(stream: Stream, rule: TrimRule): number {
  const { maxLength, minId, approximate, limit } = rule;
  let removed = 0;
  while (stream.nodes.seekFirst(node)) {
    if (maxLength !== undefined && stream.length <= maxLength) break;
    const entries = lpInt(node.buf, node.start + LP_HEADER) as number;
    if (limit > 0 && removed + entries > limit) break;
    const isWhole = maxLength !== undefined
      ? stream.length - entries >= maxLength
      : reader.lastOfNode(stream.nodes, node).compare(minId) < 0;
    if (!isWhole) {
      if (!approximate) removed += trimFirstNode(stream, rule);
      break;
    }
    stream.nodes.remove(node);
    stream.length -= entries;
    removed += entries;
  }
  if (removed > 0) stream.updateFirstId();
  reader.close();
  return removed;
}

/** Deletes single entries at the front of the first node, which is known not to go as a whole. */
function trimFirstNode(stream: Stream, rule: TrimRule): number {
  const { maxLength, minId } = rule;
  let removed = 0;
  reader.start(stream.nodes, MIN_ID, MAX_ID, false);
  while (reader.nextPhysical()) {
    if (maxLength !== undefined ? stream.length <= maxLength : reader.id.compare(minId) >= 0) break;
    if (reader.flags & DELETED) continue;
    stream.nodes.replaceInt(reader.node, reader.flagsAt, reader.flags | DELETED);
    stream.length--;
    removed++;
  }
  stream.nodes.seekFirst(node);
  stream.countDeleted(node, removed);
  return removed;
}
