/**
 * Geo commands: sorted sets whose scores are positions.
 *
 * A position has no other home than the score, so these commands read and write sorted sets through the same view as
 * ZADD and ZSCORE do. The searches are in geo_search.ts, the arithmetic in types/geohash.ts.
 */

import { decoded, distanceBetween, encodeScore, formatDistance, geohashText } from "../types/geohash.ts";
import { AddFlag, AddResult } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { SYNTAX } from "./errors.ts";
import { locate, position, readPosition, replyPosition, unitOf } from "./geo_position.ts";
import {
  georadius,
  georadiusbymember,
  georadiusbymemberRo,
  georadiusRo,
  geosearch,
  geosearchstore,
} from "./geo_search.ts";
import { Notify } from "./notify_classes.ts";
import { after, at, type CommandRow } from "./row.ts";
import { keepSortedSet, readSortedSet, showNewSortedSet, showSortedSet } from "./sorted_set_access.ts";

/** The table rows of the geo group, in alphabetical order. */
export const geoRows: readonly CommandRow[] = [
  {
    name: "GEOADD",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [1, 1, 1],
    specs: [at(1, "RW update")],
    categories: ["geo"],
    run: geoadd,
  },
  {
    name: "GEODIST",
    arity: -4,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["geo"],
    run: geodist,
  },
  {
    name: "GEOHASH",
    arity: -2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["geo"],
    run: geohash,
  },
  {
    name: "GEOPOS",
    arity: -2,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["geo"],
    run: geopos,
  },
  {
    name: "GEORADIUS",
    arity: -6,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access"), after("STORE", 6, "OW update"), after("STOREDIST", 6, "OW update")],
    categories: ["geo"],
    run: georadius,
  },
  {
    name: "GEORADIUS_RO",
    arity: -6,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["geo"],
    run: georadiusRo,
  },
  {
    name: "GEORADIUSBYMEMBER",
    arity: -5,
    flags: ["write", "denyoom", "movablekeys"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access"), after("STORE", 5, "OW update"), after("STOREDIST", 5, "OW update")],
    categories: ["geo"],
    run: georadiusbymember,
  },
  {
    name: "GEORADIUSBYMEMBER_RO",
    arity: -5,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["geo"],
    run: georadiusbymemberRo,
  },
  {
    name: "GEOSEARCH",
    arity: -7,
    flags: ["readonly"],
    keys: [1, 1, 1],
    specs: [at(1, "RO access")],
    categories: ["geo"],
    run: geosearch,
  },
  {
    name: "GEOSEARCHSTORE",
    arity: -8,
    flags: ["write", "denyoom"],
    keys: [1, 2, 1],
    specs: [at(1, "OW update"), at(2, "RO access")],
    categories: ["geo"],
    run: geosearchstore,
  },
];

// -- Adding -------------------------------------------------------------------------------------------------------

function geoadd(ctx: Context, args: Args): void {
  let flags = 0;
  let countChanged = false;
  let first = 2;
  for (; first < args.count; first++) {
    if (args.is(first, "NX")) flags |= AddFlag.NX;
    else if (args.is(first, "XX")) flags |= AddFlag.XX;
    else if (args.is(first, "CH")) countChanged = true;
    else break;
  }
  const nxAndXx = AddFlag.NX | AddFlag.XX;
  if (first === args.count || (args.count - first) % 3 !== 0 || (flags & nxAndXx) === nxAndXx) throw SYNTAX;
  const scores: number[] = [];
  for (let i = first; i < args.count; i += 3) {
    readPosition(args, i);
    scores.push(encodeScore(position.longitude, position.latitude));
  }
  const addr = ctx.write(args, 1);
  const view = addr === 0 ? showNewSortedSet(ctx) : showSortedSet(ctx, addr);
  let added = 0;
  let updated = 0;
  for (let n = 0; n < scores.length; n++) {
    const member = first + 3 * n + 2;
    const result = view.add(args.buf, args.starts[member]!, args.ends[member]!, scores[n]!, flags);
    if (result === AddResult.ADDED) added++;
    else if (result === AddResult.UPDATED) updated++;
  }
  keepSortedSet(ctx, args, 1, addr, view);
  ctx.reply.integer(countChanged ? added + updated : added);
  if (added + updated > 0) {
    ctx.changed(Notify.ZSET, "zadd", args, 1, added + updated);
    if (ctx.propagates) propagateAsZadd(ctx, args, first, scores);
  }
}

/** Scores go out instead of coordinates: another server need not round them the same way. */
function propagateAsZadd(ctx: Context, args: Args, first: number, scores: number[]): void {
  const items: (Uint8Array | string)[] = ["zadd"];
  for (let i = 1; i < first; i++) items.push(args.bytes(i));
  for (let n = 0; n < scores.length; n++) items.push(String(scores[n]!), args.bytes(first + 3 * n + 2));
  ctx.rewriteAs(...items);
}

// -- Reading ------------------------------------------------------------------------------------------------------

function geodist(ctx: Context, args: Args): void {
  if (args.count > 5) throw SYNTAX;
  const unit = args.count > 4 ? unitOf(args, 4) : 1;
  const view = readSortedSet(ctx, args, 1);
  if (view === null || !locate(view, args, 2)) return ctx.reply.null();
  const { longitude, latitude } = decoded;
  if (!locate(view, args, 3)) return ctx.reply.null();
  const distance = distanceBetween(longitude, latitude, decoded.longitude, decoded.latitude);
  ctx.reply.bulkText(formatDistance(distance / unit));
}

function geohash(ctx: Context, args: Args): void {
  const view = readSortedSet(ctx, args, 1);
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (view !== null && view.find(args.buf, args.starts[i]!, args.ends[i]!)) {
      ctx.reply.bulkText(geohashText(view.score));
    } else ctx.reply.null();
  }
}

function geopos(ctx: Context, args: Args): void {
  const view = readSortedSet(ctx, args, 1);
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (view !== null && locate(view, args, i)) replyPosition(ctx, decoded.longitude, decoded.latitude);
    else ctx.reply.nullArray();
  }
}
