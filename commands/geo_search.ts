/**
 * The searches of the geo group: GEOSEARCH and GEOSEARCHSTORE, and the older GEORADIUS family.
 *
 * All six are one search with different syntax in front. Their options may stand in any order, and which of several
 * mistakes is reported follows from the order of the checks, so that order is redis-server's: the key's type, the fixed
 * arguments, the options from left to right, then what does not go together, and only then a missing key.
 */

import { ByteStrings } from "../types/byte_strings.ts";
import { normalizeInt64 } from "../types/bytes.ts";
import {
  decoded,
  decodeScore,
  formatDistance,
  GeoArea,
  type GeoShape,
  MAX_RANGES,
} from "../types/geohash.ts";
import { partialSort } from "../types/partial_sort.ts";
import { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { locate, position, readPosition, replyPosition, unitOf } from "./geo_position.ts";
import { Notify } from "./notify_classes.ts";
import { closedOnFlush } from "./open_views.ts";
import { readSortedSet, showNewSortedSet, storeSortedSet } from "./sorted_set_access.ts";

const NO_SUCH_MEMBER = new CommandError("ERR could not decode requested zset member");
const COUNT_NOT_POSITIVE = new CommandError("ERR COUNT must be > 0");
const ANY_WITHOUT_COUNT = new CommandError("ERR the ANY argument requires COUNT argument");
const BAD_RADIUS = new CommandError("ERR need numeric radius");
const NEGATIVE_RADIUS = new CommandError("ERR radius cannot be negative");
const BAD_WIDTH = new CommandError("ERR need numeric width");
const BAD_HEIGHT = new CommandError("ERR need numeric height");
const NEGATIVE_BOX = new CommandError("ERR height or width cannot be negative");

/** What a search was asked for. */
class Search {
  readonly shape: GeoShape = { longitude: 0, latitude: 0, radius: undefined, width: 0, height: 0, unit: 1 };
  /** GEOSEARCH and GEOSEARCHSTORE: which centre and which area were given. */
  center: "member" | "position" | null = null;
  area: "radius" | "box" | null = null;
  withDistance = false;
  withHash = false;
  withPosition = false;
  /** 0 for all. */
  count = 0;
  any = false;
  /** 1 ascending, -1 descending, 0 as found. */
  order: -1 | 0 | 1 = 0;
  /** The argument with the key to store in, 0 for none. */
  store = 0;
  storeDistance = false;
}

/** What sets one command apart from the others. */
interface Syntax {
  /** The old form: the centre comes first; STORE and STOREDIST take a key. */
  old: boolean;
  /** Whether it may store: GEOSEARCHSTORE always does, and STOREDIST is a plain word there. */
  stores: boolean;
  /** What stores, in the words of an error, and the event of the stored key. */
  storing: string;
  event: string;
}

const RADIUS: Syntax = {
  old: true,
  stores: true,
  storing: "STORE option in GEORADIUS",
  event: "georadiusstore",
};
const RADIUS_RO: Syntax = { ...RADIUS, stores: false };
const SEARCH_STORE: Syntax = {
  old: false,
  stores: true,
  storing: "GEOSEARCHSTORE",
  event: "geosearchstore",
};
const SEARCH: Syntax = { ...SEARCH_STORE, stores: false };

export function georadius(ctx: Context, args: Args): void {
  radiusSearch(ctx, args, RADIUS);
}

export function georadiusRo(ctx: Context, args: Args): void {
  radiusSearch(ctx, args, RADIUS_RO);
}

/** GEORADIUS key longitude latitude radius unit [options] */
function radiusSearch(ctx: Context, args: Args, syntax: Syntax): void {
  const search = new Search();
  const view = readSortedSet(ctx, args, 1);
  readCenter(search, args, 2);
  readRadius(search, args, 4);
  readOptions(search, args, 6, view, syntax);
  run(ctx, args, search, view, syntax);
}

export function georadiusbymember(ctx: Context, args: Args): void {
  memberSearch(ctx, args, RADIUS);
}

export function georadiusbymemberRo(ctx: Context, args: Args): void {
  memberSearch(ctx, args, RADIUS_RO);
}

/** GEORADIUSBYMEMBER key member radius unit [options] */
function memberSearch(ctx: Context, args: Args, syntax: Syntax): void {
  const search = new Search();
  const view = readSortedSet(ctx, args, 1);
  // Without a key nobody looks at the radius.
  if (view !== null) {
    readCenterOfMember(search, view, args, 2);
    readRadius(search, args, 3);
  }
  readOptions(search, args, 5, view, syntax);
  run(ctx, args, search, view, syntax);
}

export function geosearch(ctx: Context, args: Args): void {
  const search = new Search();
  const view = readSortedSet(ctx, args, 1);
  readOptions(search, args, 2, view, SEARCH);
  run(ctx, args, search, view, SEARCH);
}

export function geosearchstore(ctx: Context, args: Args): void {
  const search = new Search();
  search.store = 1;
  const view = readSortedSet(ctx, args, 2);
  readOptions(search, args, 3, view, SEARCH_STORE);
  run(ctx, args, search, view, SEARCH_STORE);
}

// -- Syntax -------------------------------------------------------------------------------------------------------

/** Reads the options from argument `from` to the end and checks that they go together. */
function readOptions(
  search: Search,
  args: Args,
  from: number,
  view: SortedSetView | null,
  syntax: Syntax,
): void {
  for (let i = from; i < args.count;) {
    const left = args.count - i - 1;
    const taken = readWord(search, args, i, syntax) || readCount(search, args, i, left) ||
      (syntax.old && syntax.stores && readStore(search, args, i, left)) ||
      (!syntax.old && readArea(search, args, i, left, view));
    if (taken === 0 || taken === false) throw SYNTAX;
    i += taken;
  }
}

/** An option that is one word; how many arguments it took. */
function readWord(search: Search, args: Args, i: number, syntax: Syntax): number {
  if (args.is(i, "WITHDIST")) search.withDistance = true;
  else if (args.is(i, "WITHHASH")) search.withHash = true;
  else if (args.is(i, "WITHCOORD")) search.withPosition = true;
  else if (args.is(i, "ANY")) search.any = true;
  else if (args.is(i, "ASC")) search.order = 1;
  else if (args.is(i, "DESC")) search.order = -1;
  else if (syntax.stores && !syntax.old && args.is(i, "STOREDIST")) search.storeDistance = true;
  else return 0;
  return 1;
}

function readCount(search: Search, args: Args, i: number, left: number): number {
  if (left < 1 || !args.is(i, "COUNT")) return 0;
  search.count = args.integer(i + 1);
  if (search.count <= 0) throw COUNT_NOT_POSITIVE;
  return 2;
}

/** STORE and STOREDIST with a key: the last one counts. */
function readStore(search: Search, args: Args, i: number, left: number): number {
  const distance = args.is(i, "STOREDIST");
  if (left < 1 || !(distance || args.is(i, "STORE"))) return 0;
  search.store = i + 1;
  search.storeDistance = distance;
  return 2;
}

/** The centre and the area of GEOSEARCH: one of each kind, the same one may be given again. */
function readArea(search: Search, args: Args, i: number, left: number, view: SortedSetView | null): number {
  if (left >= 1 && search.center !== "position" && args.is(i, "FROMMEMBER")) {
    if (view !== null) readCenterOfMember(search, view, args, i + 1);
    search.center = "member";
    return 2;
  }
  if (left >= 2 && search.center !== "member" && args.is(i, "FROMLONLAT")) {
    readCenter(search, args, i + 1);
    search.center = "position";
    return 3;
  }
  if (left >= 2 && search.area !== "box" && args.is(i, "BYRADIUS")) {
    readRadius(search, args, i + 1);
    search.area = "radius";
    return 3;
  }
  if (left >= 3 && search.area !== "radius" && args.is(i, "BYBOX")) {
    readBox(search, args, i + 1);
    search.area = "box";
    return 4;
  }
  return 0;
}

function readCenter({ shape }: Search, args: Args, i: number): void {
  readPosition(args, i);
  shape.longitude = position.longitude;
  shape.latitude = position.latitude;
}

function readCenterOfMember({ shape }: Search, view: SortedSetView, args: Args, i: number): void {
  if (!locate(view, args, i)) throw NO_SUCH_MEMBER;
  shape.longitude = decoded.longitude;
  shape.latitude = decoded.latitude;
}

function readRadius({ shape }: Search, args: Args, i: number): void {
  shape.radius = args.double(i, BAD_RADIUS);
  if (shape.radius < 0) throw NEGATIVE_RADIUS;
  shape.unit = unitOf(args, i + 1);
}

function readBox({ shape }: Search, args: Args, i: number): void {
  shape.width = args.double(i, BAD_WIDTH);
  shape.height = args.double(i + 1, BAD_HEIGHT);
  if (shape.width < 0 || shape.height < 0) throw NEGATIVE_BOX;
  shape.unit = unitOf(args, i + 2);
}

/** Throws where options do not go together. */
function checkOptions(args: Args, search: Search, syntax: Syntax): void {
  if (search.store !== 0 && (search.withDistance || search.withHash || search.withPosition)) {
    throw new CommandError(
      `ERR ${syntax.storing} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
    );
  }
  if (!syntax.old && search.center === null) {
    throw new CommandError(
      `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${args.text(0)}`,
    );
  }
  if (!syntax.old && search.area === null) {
    throw new CommandError(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${args.text(0)}`);
  }
  if (search.any && search.count === 0) throw ANY_WITHOUT_COUNT;
}

// -- Searching ----------------------------------------------------------------------------------------------------

/** The members found, in the order of the ranges. */
class Findings {
  readonly members = new ByteStrings(128);
  readonly scores: number[] = [];
  /** In metres. */
  readonly distances: number[] = [];

  clear(): void {
    this.members.clear();
    this.scores.length = this.distances.length = 0;
  }
}

/** One for all searches: making room for the first members would take as long as finding them. */
const found = new Findings();
const ranges = new Float64Array(2 * MAX_RANGES);
/** The result of a storing search: the source stays in the shared view meanwhile. */
const target = closedOnFlush(new SortedSetView());

function run(ctx: Context, args: Args, search: Search, view: SortedSetView | null, syntax: Syntax): void {
  checkOptions(args, search, syntax);
  found.clear();
  if (view !== null) findMembers(search, view);
  const shown = chooseShown(search);
  if (search.store === 0) reply(ctx, search, shown);
  else store(ctx, args, search, shown, syntax.event);
}

/** All members inside the shape; with ANY only until there are enough. */
function findMembers(search: Search, view: SortedSetView): void {
  const { members, scores, distances } = found;
  const { member } = view;
  const limit = search.any ? search.count : Infinity;
  const area = new GeoArea(search.shape);
  const count = area.cover(ranges);
  for (let i = 0; i < count && scores.length < limit; i++) {
    const end = ranges[2 * i + 1]!;
    for (let more = view.seekScore(ranges[2 * i]!); more && scores.length < limit; more = view.next()) {
      const { score } = view;
      if (score >= end) break;
      const distance = area.distanceTo(score);
      if (distance < 0) continue;
      members.add(member.buf, member.start, member.end);
      scores.push(score);
      distances.push(distance);
    }
  }
}

/** Which findings to answer with, by index: in order where one is wanted, and no more than COUNT. */
function chooseShown(search: Search): number[] {
  const { distances } = found;
  const shown: number[] = [];
  for (let i = 0; i < distances.length; i++) shown.push(i);
  // COUNT means the nearest ones, unless ANY says that any will do.
  const order = search.order !== 0 ? search.order : search.count > 0 && !search.any ? 1 : 0;
  const count = search.count === 0 ? shown.length : Math.min(search.count, shown.length);
  if (order !== 0) {
    const compare = (i: number, j: number): number => order * (distances[i]! - distances[j]!);
    if (count === shown.length) shown.sort(compare);
    else partialSort(shown, compare, 0, count - 1);
  }
  shown.length = count;
  return shown;
}

function reply(ctx: Context, search: Search, shown: number[]): void {
  const { members, scores, distances } = found;
  const extras = (search.withDistance ? 1 : 0) + (search.withHash ? 1 : 0) + (search.withPosition ? 1 : 0);
  ctx.reply.array(shown.length);
  for (const i of shown) {
    if (extras > 0) ctx.reply.array(extras + 1);
    ctx.reply.bulk(members.buf, members.start(i), members.end(i));
    if (search.withDistance) ctx.reply.bulkText(formatDistance(distances[i]! / search.shape.unit));
    if (search.withHash) ctx.reply.integer(normalizeInt64(BigInt(Math.trunc(scores[i]!))));
    if (search.withPosition) {
      decodeScore(scores[i]!);
      replyPosition(ctx, decoded.longitude, decoded.latitude);
    }
  }
}

/** Sets the target key to the members shown, or deletes it where there are none. */
function store(
  ctx: Context,
  args: Args,
  search: Search,
  shown: number[],
  event: string,
): void {
  const { members, scores, distances } = found;
  const key = search.store;
  if (shown.length > 0) {
    showNewSortedSet(ctx, target);
    for (const i of shown) {
      const score = search.storeDistance ? distances[i]! / search.shape.unit : scores[i]!;
      target.add(members.buf, members.start(i), members.end(i), score, 0);
    }
    storeSortedSet(ctx, args, key, target);
    ctx.changed(Notify.ZSET, event, args, key, shown.length);
  } else if (ctx.db.deleteRaw(args.buf, args.starts[key]!, args.ends[key]!)) {
    ctx.changed(Notify.GENERIC, "del", args, key);
  }
  ctx.reply.integer(shown.length);
}
