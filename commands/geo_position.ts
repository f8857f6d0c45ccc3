/** Positions in arguments and replies, as all geo commands read and write them. */

import { decodeScore, isOnMap } from "../types/geohash.ts";
import { formatHumanDouble, formatSixDecimals } from "../types/long_double.ts";
import type { SortedSetView } from "../types/zset_view.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";

const BAD_UNIT = new CommandError("ERR unsupported unit provided. please use M, KM, FT, MI");

/** The coordinates that `readPosition` read. */
export const position = { longitude: 0, latitude: 0 };

/** Reads longitude and latitude from the arguments `i` and `i + 1` into `position`. Throws where they are no place. */
export function readPosition(args: Args, i: number): void {
  position.longitude = args.double(i);
  position.latitude = args.double(i + 1);
  if (isOnMap(position.longitude, position.latitude)) return;
  const pair = `${formatSixDecimals(position.longitude)},${formatSixDecimals(position.latitude)}`;
  throw new CommandError(`ERR invalid longitude,latitude pair ${pair}`);
}

/** Leaves the position of the member in argument `i` in `decoded` (types/geohash.ts); false if there is no such member. */
export function locate(view: SortedSetView, args: Args, i: number): boolean {
  if (!view.find(args.buf, args.starts[i]!, args.ends[i]!)) return false;
  decodeScore(view.score);
  return true;
}

/** Metres in the unit that argument `i` names. */
export function unitOf(args: Args, i: number): number {
  if (args.is(i, "M")) return 1;
  if (args.is(i, "KM")) return 1000;
  if (args.is(i, "FT")) return 0.3048;
  if (args.is(i, "MI")) return 1609.34;
  throw BAD_UNIT;
}

/** Longitude and latitude as an array of two. */
export function replyPosition(ctx: Context, longitude: number, latitude: number): void {
  ctx.reply.array(2);
  ctx.reply.doubleText(formatHumanDouble(longitude));
  ctx.reply.doubleText(formatHumanDouble(latitude));
}
