/** The EXPIRE family and TTL family: when a key goes. */

import { type Expiry, NO_EXPIRY } from "../store.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";
import { type TimeUnit, toUnixMs } from "./expiry.ts";
import { Notify } from "./notify_classes.ts";

const NX_CONFLICT = new CommandError(
  "ERR NX and XX, GT or LT options at the same time are not compatible",
);
const GT_LT_CONFLICT = new CommandError("ERR GT and LT options at the same time are not compatible");

interface Conditions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

export function expire(ctx: Context, args: Args): void {
  setExpiry(ctx, args, { seconds: true, absolute: false });
}

export function expireat(ctx: Context, args: Args): void {
  setExpiry(ctx, args, { seconds: true, absolute: true });
}

export function pexpire(ctx: Context, args: Args): void {
  setExpiry(ctx, args, { seconds: false, absolute: false });
}

export function pexpireat(ctx: Context, args: Args): void {
  setExpiry(ctx, args, { seconds: false, absolute: true });
}

function setExpiry(ctx: Context, args: Args, unit: TimeUnit): void {
  const conditions = conditionsOf(args);
  const when = toUnixMs(ctx, args.int64(2), unit);
  const addr = ctx.write(args, 1);
  if (addr === 0 || !applies(conditions, when, ctx.db.exactExpiryOf(addr))) return ctx.reply.integer(0);
  if (Number(when) <= ctx.store.now() && !ctx.server.loading && !ctx.server.isReplica) {
    // A time that has passed deletes the key at once.
    ctx.db.delete(args.buf, args.starts[1]!, args.ends[1]!, ctx.store.lazyExpire);
    ctx.changed(Notify.GENERIC, "del", args, 1);
    if (ctx.propagates) ctx.rewriteAs(ctx.server.config.lazyfreeLazyExpire ? "UNLINK" : "DEL", args.bytes(1));
    return ctx.reply.integer(1);
  }
  ctx.db.setExpiry(addr, when);
  ctx.reply.integer(1);
  ctx.changed(Notify.GENERIC, "expire", args, 1);
  if (ctx.propagates && !(unit.absolute && !unit.seconds)) {
    const options: Uint8Array[] = [];
    for (let i = 3; i < args.count; i++) options.push(args.bytes(i));
    ctx.rewriteAs("PEXPIREAT", args.bytes(1), String(when), ...options);
  }
}

function conditionsOf(args: Args): Conditions {
  const found: Conditions = { nx: false, xx: false, gt: false, lt: false };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "NX")) found.nx = true;
    else if (args.is(i, "XX")) found.xx = true;
    else if (args.is(i, "GT")) found.gt = true;
    else if (args.is(i, "LT")) found.lt = true;
    else throw new CommandError(`ERR Unsupported option ${args.cText(i)}`);
  }
  if (found.nx && (found.xx || found.gt || found.lt)) throw NX_CONFLICT;
  if (found.gt && found.lt) throw GT_LT_CONFLICT;
  return found;
}

/** No expiry counts as one that never comes. */
function applies(conditions: Conditions, when: Expiry, current: Expiry): boolean {
  const none = current === NO_EXPIRY;
  if (conditions.nx && !none) return false;
  if (conditions.xx && none) return false;
  if (conditions.gt && (none || when <= current)) return false;
  return !(conditions.lt && !none && when >= current);
}

export function persist(ctx: Context, args: Args): void {
  const addr = ctx.write(args, 1);
  if (addr === 0 || ctx.db.expiryOf(addr) === NO_EXPIRY) return ctx.reply.integer(0);
  ctx.db.setExpiry(addr, NO_EXPIRY);
  ctx.changed(Notify.GENERIC, "persist", args, 1);
  ctx.reply.integer(1);
}

export function ttl(ctx: Context, args: Args): void {
  replyTime(ctx, args, (expiry) => seconds(Math.max(0, Number(expiry) - ctx.store.now())));
}

export function pttl(ctx: Context, args: Args): void {
  replyTime(
    ctx,
    args,
    (expiry) =>
      typeof expiry === "bigint" ? expiry - BigInt(ctx.store.now()) : Math.max(0, expiry - ctx.store.now()),
  );
}

export function expiretime(ctx: Context, args: Args): void {
  replyTime(ctx, args, (expiry) => typeof expiry === "bigint" ? (expiry + 500n) / 1000n : seconds(expiry));
}

export function pexpiretime(ctx: Context, args: Args): void {
  replyTime(ctx, args, (expiry) => expiry);
}

/** Milliseconds as seconds, rounded to the nearest. */
function seconds(ms: number): number {
  return Math.floor((ms + 500) / 1000);
}

/** -2 without the key, -1 without an expiry. */
function replyTime(ctx: Context, args: Args, shown: (expiry: Expiry) => number | bigint): void {
  const addr = ctx.peek(args, 1);
  if (addr === 0) return ctx.reply.integer(-2);
  const expiry = ctx.db.exactExpiryOf(addr);
  ctx.reply.integer(expiry === NO_EXPIRY ? -1 : shown(expiry));
}
