/**
 * The reply of HSCAN, SSCAN and ZSCAN: its first part, the next cursor, is known last, so the elements are gathered as
 * finished replies in a buffer of their own and copied behind the cursor at the end.
 */

import { Reply } from "../resp.ts";
import type { Context } from "./context.ts";
import type { ScanOptions } from "./scan.ts";

/** A call looks at no more than this many buckets for each element it was asked for. */
const BUCKETS_PER_ELEMENT = 10;
/** A gathered reply larger than this is given up after the call. */
const KEEP_BYTES = 64 * 1024;

/** The elements of one call of a scan. Made once, reused from call to call. */
export class ScanReply {
  /** Elements go here, as they are to be sent. */
  out: Reply = new Reply();
  /** Replies written to {@link out}. */
  replies = 0;
  /** Elements visited, whether they match or not. */
  visited = 0;

  /**
   * Calls `step` (visits some elements from a cursor on and returns the next cursor, 0 at the end) until as many
   * elements as asked for were visited, and writes the reply.
   */
  run(ctx: Context, cursor: number, options: ScanOptions, step: (cursor: number) => number): void {
    this.out.pos = this.replies = this.visited = 0;
    let buckets = options.count * BUCKETS_PER_ELEMENT;
    do cursor = step(cursor); while (cursor !== 0 && buckets-- > 0 && this.visited < options.count);
    ctx.reply.array(2);
    ctx.reply.bulkInteger(cursor);
    ctx.reply.array(this.replies);
    ctx.reply.raw(this.out.buf, 0, this.out.pos);
    if (this.out.buf.length > KEEP_BYTES) this.out = new Reply();
  }
}

/** The reply for a key that is missing. */
export function replyEmptyScan(ctx: Context): void {
  ctx.reply.array(2);
  ctx.reply.bulkInteger(0);
  ctx.reply.array(0);
}
