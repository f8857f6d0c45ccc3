/**
 * What reading and claiming leave behind beside their replies: consumers made on the way, and the commands by which
 * replicas and the append-only file learn who got what.
 *
 * XREADGROUP, XCLAIM and XAUTOCLAIM depend on the time and on what lies in the stream, so they never go out as they
 * came in: each entry handed over goes out as an XCLAIM that says its new state in full.
 */

import type { IdCursor } from "../types/id_table.ts";
import type { Consumer, ConsumerGroup } from "../types/stream_groups.ts";
import type { StreamId } from "../types/stream_id.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { announce } from "./stream_args.ts";

/**
 * The consumer that argument `nameAt` names, seen now; made where there is none.
 *
 * @param key the argument with the stream's key.
 * @param propagate whether a new one has to be made known by a command of its own, since no XCLAIM will do it.
 */
export function consumerFor(
  ctx: Context,
  args: Args,
  key: number,
  group: ConsumerGroup,
  nameAt: number,
  propagate: boolean,
): Consumer {
  const existing = group.consumers.find(args.buf, args.starts[nameAt]!, args.ends[nameAt]!);
  if (existing !== undefined) {
    existing.seenTime = ctx.store.now();
    return existing;
  }
  const consumer = createConsumer(ctx, args, key, group, nameAt)!;
  if (propagate && ctx.propagates) {
    ctx.alsoPropagate("XGROUP", "CREATECONSUMER", args.bytes(key), group.name, consumer.name);
  }
  return consumer;
}

/** Makes the consumer that argument `nameAt` names. Returns undefined where there is one of this name. */
export function createConsumer(
  ctx: Context,
  args: Args,
  key: number,
  group: ConsumerGroup,
  nameAt: number,
): Consumer | undefined {
  const consumer = group.createConsumer(args.bytes(nameAt), ctx.store.now());
  if (consumer === undefined) return undefined;
  announce(ctx, "xgroup-createconsumer", args, key);
  ctx.dirty++;
  return consumer;
}

/** Makes known the pending entry at the cursor: whose it is, since when, and how often it was delivered. */
export function propagateClaim(
  ctx: Context,
  args: Args,
  key: number,
  group: ConsumerGroup,
  id: StreamId,
  cursor: IdCursor,
): void {
  if (!ctx.propagates) return;
  ctx.alsoPropagate(
    "XCLAIM",
    args.bytes(key),
    group.name,
    group.owner(cursor).name,
    "0",
    id.toString(),
    "TIME",
    String(group.deliveryTime(cursor)),
    "RETRYCOUNT",
    String(group.deliveryCount(cursor)),
    "FORCE",
    "JUSTID",
    "LASTID",
    group.lastId.toString(),
  );
}

/** Makes known how far the group has read. */
export function propagateGroupId(ctx: Context, args: Args, key: number, group: ConsumerGroup): void {
  if (!ctx.propagates) return;
  ctx.alsoPropagate(
    "XGROUP",
    "SETID",
    args.bytes(key),
    group.name,
    group.lastId.toString(),
    "ENTRIESREAD",
    String(group.entriesRead),
  );
}
