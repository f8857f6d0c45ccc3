/** Sets: members under one key. Intersections, unions and differences are in sets_combine.ts. */

import type { SetView } from "../types/set_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { NEGATIVE_COUNT, SYNTAX } from "./errors.ts";
import { Notify } from "./notify_classes.ts";
import { distinctIndexes, drawDistinct, randomCount } from "./random_count.ts";
import { at, type CommandRow, numkeys, range } from "./row.ts";
import { scanCursor, scanOptions } from "./scan.ts";
import { replyEmptyScan, ScanReply } from "./scan_reply.ts";
import { setKey, targetSet } from "./field_access.ts";
import { sdiff, sdiffstore, sinter, sintercard, sinterstore, sunion, sunionstore } from "./sets_combine.ts";

/** The table rows of the set group, in alphabetical order. */
export const setRows: readonly CommandRow[] = [
  {
    name: "SADD",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW insert")],
    categories: ["set"],
    brief: true,
    run: sadd,
  },
  {
    name: "SCARD",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["set"],
    brief: true,
    run: scard,
  },
  {
    name: "SDIFF",
    arity: -2,
    flags: ["readonly"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RO access")],
    categories: ["set"],
    tips: ["nondeterministic_output_order"],
    run: sdiff,
  },
  {
    name: "SDIFFSTORE",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, -1, 1],
    specs: [at(1, "OW update"), range(2, -1, 1, "RO access")],
    categories: ["set"],
    run: sdiffstore,
  },
  {
    name: "SINTER",
    arity: -2,
    flags: ["readonly"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RO access")],
    categories: ["set"],
    tips: ["nondeterministic_output_order"],
    run: sinter,
  },
  {
    name: "SINTERCARD",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    keys: [0, 0, 0],
    specs: [numkeys(1, "RO access")],
    categories: ["set"],
    run: sintercard,
  },
  {
    name: "SINTERSTORE",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, -1, 1],
    specs: [at(1, "RW update"), range(2, -1, 1, "RO access")],
    categories: ["set"],
    run: sinterstore,
  },
  {
    name: "SISMEMBER",
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO")],
    categories: ["set"],
    brief: true,
    run: sismember,
  },
  {
    name: "SMEMBERS",
    arity: 2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["set"],
    tips: ["nondeterministic_output_order"],
    run: smembers,
  },
  {
    name: "SMISMEMBER",
    arity: -3,
    flags: ["readonly", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["set"],
    brief: true,
    run: smismember,
  },
  {
    name: "SMOVE",
    arity: 4,
    flags: ["write", "fast"],
    keys: [1, 2, 1],
    specs: [at(1, "RW access delete"), at(2, "RW insert")],
    categories: ["set"],
    brief: true,
    run: smove,
  },
  {
    name: "SPOP",
    arity: -2,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW access delete")],
    categories: ["set"],
    tips: ["nondeterministic_output"],
    brief: true,
    run: spop,
  },
  {
    name: "SRANDMEMBER",
    arity: -2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["set"],
    tips: ["nondeterministic_output"],
    run: srandmember,
  },
  {
    name: "SREM",
    arity: -3,
    flags: ["write", "fast"],
    keys: [1, 1, 1],
    specs: [at(1, "RW delete")],
    categories: ["set"],
    brief: true,
    run: srem,
  },
  {
    name: "SSCAN",
    arity: -3,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["set"],
    tips: ["nondeterministic_output"],
    run: sscan,
  },
  {
    name: "SUNION",
    arity: -2,
    flags: ["readonly"],
    keys: [1, -1, 1],
    specs: [range(1, -1, 1, "RO access")],
    categories: ["set"],
    tips: ["nondeterministic_output_order"],
    run: sunion,
  },
  {
    name: "SUNIONSTORE",
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [1, -1, 1],
    specs: [at(1, "OW update"), range(2, -1, 1, "RO access")],
    categories: ["set"],
    run: sunionstore,
  },
];

/** Members in one SREM that a counted SPOP sends out. */
const SREM_BATCH = 1024;
const scanned = new ScanReply();

// -- Adding and removing ------------------------------------------------------------------------------------------

function sadd(ctx: Context, args: Args): void {
  const view = setKey.writeOrCreate(ctx, args, 1);
  let added = 0;
  for (let i = 2; i < args.count; i++) if (view.add(args.buf, args.starts[i]!, args.ends[i]!)) added++;
  if (added > 0) {
    setKey.store(ctx, args, 1);
    ctx.changed(Notify.SET, "sadd", args, 1, added);
  }
  ctx.reply.integer(added);
}

function srem(ctx: Context, args: Args): void {
  const view = setKey.write(ctx, args, 1);
  if (view === null) return ctx.reply.integer(0);
  let removed = 0;
  for (let i = 2; i < args.count && view.length > 0; i++) {
    if (view.delete(args.buf, args.starts[i]!, args.ends[i]!)) removed++;
  }
  if (removed > 0) storeRest(ctx, args, 1, "srem", removed);
  ctx.reply.integer(removed);
}

/** The end of a removal: stores what is left or deletes the key, publishes the event (and then "del"). */
function storeRest(ctx: Context, args: Args, i: number, event: string, removed: number): void {
  const emptied = setKey.view.length === 0;
  if (emptied) ctx.db.delete(args.buf, args.starts[i]!, args.ends[i]!);
  else setKey.store(ctx, args, i);
  ctx.changed(Notify.SET, event, args, i, removed);
  if (emptied) ctx.notify(Notify.GENERIC, "del", args.buf, args.starts[i]!, args.ends[i]!);
}

function smove(ctx: Context, args: Args): void {
  // Both keys are accessed, whatever they hold.
  const from = ctx.write(args, 1), to = ctx.write(args, 2);
  const source = setKey.show(ctx, from);
  if (source === null) return ctx.reply.integer(0);
  const start = args.starts[3]!;
  const end = args.ends[3]!;
  const target = targetSet.show(ctx, to);
  if (args.same(1, 2)) return ctx.reply.integer(source.has(args.buf, start, end) ? 1 : 0);
  if (!source.delete(args.buf, start, end)) return ctx.reply.integer(0);
  const added = target === null || !target.has(args.buf, start, end);
  storeRest(ctx, args, 1, "srem", 1);
  if (added) {
    // Storing the source may have moved what the target's view showed.
    targetSet.again(ctx, args, 2).add(args.buf, start, end);
    targetSet.store(ctx, args, 2);
    ctx.changed(Notify.SET, "sadd", args, 2);
  }
  ctx.reply.integer(1);
}

function spop(ctx: Context, args: Args): void {
  if (args.count > 3) throw SYNTAX;
  if (args.count === 3) return popCount(ctx, args);
  const view = setKey.write(ctx, args, 1);
  if (view === null) return ctx.reply.null();
  view.random(() => ctx.store.random());
  const { buf, start, end } = view.member.own();
  view.delete(buf, start, end);
  storeRest(ctx, args, 1, "spop", 1);
  if (ctx.propagates) ctx.rewriteAs("SREM", args.bytes(1), buf.slice(start, end));
  ctx.reply.bulk(buf, start, end);
}

function popCount(ctx: Context, args: Args): void {
  const count = args.ranged(2, 0, Infinity, NEGATIVE_COUNT);
  const view = setKey.write(ctx, args, 1);
  if (view === null || count === 0) return ctx.reply.set(0);
  if (count >= view.length) return popAll(ctx, args, view);
  const members: Uint8Array[] = [];
  pick(ctx, view, count, () => members.push(view.member.copy()));
  ctx.reply.set(count);
  for (const member of members) {
    view.delete(member, 0, member.length);
    ctx.reply.bulk(member);
  }
  storeRest(ctx, args, 1, "spop", count);
  ctx.preventPropagation();
  if (!ctx.propagates) return;
  const key = args.bytes(1);
  for (let i = 0; i < count; i += SREM_BATCH) {
    ctx.alsoPropagate("SREM", key, ...members.slice(i, i + SREM_BATCH));
  }
}

function popAll(ctx: Context, args: Args, view: SetView): void {
  const { length } = view;
  ctx.store.keyspaceHits++; // redis-server answers as SUNION does
  ctx.reply.set(length);
  view.forEach(() => ctx.reply.entry(view.member));
  ctx.db.delete(args.buf, args.starts[1]!, args.ends[1]!);
  ctx.changed(Notify.SET, "spop", args, 1, length);
  ctx.notify(Notify.GENERIC, "del", args.buf, args.starts[1]!, args.ends[1]!);
  if (ctx.propagates) ctx.rewriteAs("DEL", args.bytes(1));
}

/** Makes `count` different members of a set that has more the current one, each choice with equal chance. */
function pick(ctx: Context, view: SetView, count: number, take: () => void): void {
  const random = (): number => ctx.store.random();
  const { table } = view;
  if (table === null) {
    for (const index of distinctIndexes(count, view.length, random)) {
      view.at(index);
      take();
    }
  } else if (count * 3 > view.length) {
    // Many of them: one walk over all is cheaper than drawing until enough differ.
    const wanted = new Set(distinctIndexes(count, view.length, random));
    let index = 0;
    view.forEach(() => {
      if (wanted.has(index++)) take();
    });
  } else {
    for (const record of drawDistinct(count, () => table.random(random))) {
      view.showRecord(record);
      take();
    }
  }
}

// -- Reading ------------------------------------------------------------------------------------------------------

function scard(ctx: Context, args: Args): void {
  ctx.reply.integer(setKey.read(ctx, args, 1)?.length ?? 0);
}

function sismember(ctx: Context, args: Args): void {
  const view = setKey.read(ctx, args, 1);
  ctx.reply.integer(view !== null && view.has(args.buf, args.starts[2]!, args.ends[2]!) ? 1 : 0);
}

function smismember(ctx: Context, args: Args): void {
  const view = setKey.read(ctx, args, 1);
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    ctx.reply.integer(view !== null && view.has(args.buf, args.starts[i]!, args.ends[i]!) ? 1 : 0);
  }
}

function smembers(ctx: Context, args: Args): void {
  const view = setKey.read(ctx, args, 1);
  ctx.reply.set(view?.length ?? 0);
  view?.forEach(() => ctx.reply.entry(view.member));
}

function srandmember(ctx: Context, args: Args): void {
  if (args.count > 3) throw SYNTAX;
  const random = (): number => ctx.store.random();
  if (args.count === 2) {
    const view = setKey.read(ctx, args, 1);
    if (view === null) return ctx.reply.null();
    view.random(random);
    return ctx.reply.entry(view.member);
  }
  const count = randomCount(args, 2, false);
  const view = setKey.read(ctx, args, 1);
  if (view === null || count === 0) return ctx.reply.array(0);
  if (count < 0) {
    ctx.reply.array(-count);
    for (let i = 0; i < -count && ((i & 1023) !== 0 || !ctx.overLimit); i++) {
      view.random(random);
      ctx.reply.entry(view.member);
    }
  } else if (count >= view.length) {
    ctx.reply.array(view.length);
    view.forEach(() => ctx.reply.entry(view.member));
  } else {
    ctx.reply.array(count);
    pick(ctx, view, count, () => ctx.reply.entry(view.member));
  }
}

function sscan(ctx: Context, args: Args): void {
  const cursor = scanCursor(args, 2);
  const view = setKey.read(ctx, args, 1);
  if (view === null) return replyEmptyScan(ctx);
  const options = scanOptions(args, 3, false);
  const gather = (): void => {
    const { buf, start, end } = view.member;
    scanned.visited++;
    if (!options.matches(buf, start, end)) return;
    scanned.out.bulk(buf, start, end);
    scanned.replies++;
  };
  scanned.run(ctx, cursor, options, (at) => view.scan(at, gather));
}
