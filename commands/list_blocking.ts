/**
 * The list commands that wait: BLPOP, BRPOP, BLMPOP, BLMOVE and BRPOPLPUSH.
 *
 * Each tries what its plain form does; where there is nothing to take it returns a Block, and is run again when one of
 * its keys holds a list. What it did goes out as the plain command, since a replica must not wait.
 */
import { Kind } from "../types/kind.ts";
import type { Args } from "./args.ts";
import type { Block } from "./block.ts";
import type { Context } from "./context.ts";
import { HEAD, listEnd, listKey, TAIL } from "./list_access.ts";
import { move, popFirst, popOne, popOptions } from "./list_pop.ts";
import { secondsTimeout } from "./timeout.ts";

/** Only lists wake a client that waits for one. */
function isList(kind: number | undefined): boolean {
  return kind === Kind.LIST_PACKED || kind === Kind.LIST;
}

function noElements(ctx: Context): void {
  ctx.reply.nullArray();
}

/** Waits for the keys in arguments `first` up to, not including, `last`. */
function waitFor(args: Args, first: number, last: number, timeout: number): Block {
  const keys: Uint8Array[] = [];
  for (let i = first; i < last; i++) keys.push(args.bytes(i));
  return { keys, timeout, expired: noElements, wakes: isList, reason: "list" };
}

export function blpop(ctx: Context, args: Args): void | Block {
  return blockingPop(ctx, args, HEAD);
}

export function brpop(ctx: Context, args: Args): void | Block {
  return blockingPop(ctx, args, TAIL);
}

function blockingPop(ctx: Context, args: Args, atHead: boolean): void | Block {
  const last = args.count - 1;
  const timeout = secondsTimeout(args, last);
  for (let i = 1; i < last; i++) {
    const view = ctx.mayTakeFrom(args, i) ? listKey.write(ctx, args, i) : null;
    if (view === null) continue;
    ctx.reply.array(2);
    ctx.reply.bulk(args.buf, args.starts[i]!, args.ends[i]!);
    popOne(ctx, args, i, view, atHead);
    if (ctx.propagates) ctx.rewriteAs(atHead ? "LPOP" : "RPOP", args.bytes(i));
    return;
  }
  if (!ctx.mayBlock) return ctx.reply.nullArray();
  return waitFor(args, 1, last, timeout);
}

export function blmpop(ctx: Context, args: Args): void | Block {
  const options = popOptions(args, 2);
  const timeout = secondsTimeout(args, 1);
  if (popFirst(ctx, args, options)) return;
  if (!ctx.mayBlock) return ctx.reply.nullArray();
  return waitFor(args, options.first, options.last, timeout);
}

export function blmove(ctx: Context, args: Args): void | Block {
  const from = listEnd(args, 3), to = listEnd(args, 4);
  const timeout = secondsTimeout(args, 5);
  lookFirst(ctx, args);
  if (!move(ctx, args, from, to)) return waitForSource(ctx, args, timeout);
  if (!ctx.propagates) return;
  // Who has waited is served in words of redis-server's own; the offset of the replicas counts them alike.
  const words = ctx.resumed ? [endName(from), endName(to)] : [args.bytes(3), args.bytes(4)];
  ctx.rewriteAs("LMOVE", args.bytes(1), args.bytes(2), ...words);
}

/** Redis looks whether there is a source before it moves from it: OBJECT FREQ counts both. */
function lookFirst(ctx: Context, args: Args): void {
  if (ctx.resumed) return;
  const addr = ctx.db.find(args.buf, args.starts[1]!, args.ends[1]!);
  if (addr !== 0 && isList(ctx.db.kind(addr))) ctx.db.touchAccess(addr);
}

function endName(isHead: boolean): string {
  return isHead ? "left" : "right";
}

export function brpoplpush(ctx: Context, args: Args): void | Block {
  const timeout = secondsTimeout(args, 3);
  lookFirst(ctx, args);
  if (!move(ctx, args, TAIL, HEAD)) return waitForSource(ctx, args, timeout);
  if (ctx.propagates) ctx.rewriteAs("RPOPLPUSH", args.bytes(1), args.bytes(2));
}

/** As Redis has it, a wait for one element that may not happen ends in a null, one that runs out in a null array. */
function waitForSource(ctx: Context, args: Args, timeout: number): void | Block {
  if (!ctx.mayBlock) return ctx.reply.null();
  return waitFor(args, 1, 2, timeout);
}
