/**
 * Positions on the Web Mercator square as sorted set scores: 52-bit geohashes, and the score ranges that a
 * search has to look at.
 *
 * A cell is a column and a row at some number of steps (bits a side); its geohash interleaves the bits, rows in
 * the even ones, so that a cell of any size is one contiguous range of scores. Columns and rows stay apart here
 * until a score is needed: neighbours are then plain additions, and no step needs 64-bit integers. A position
 * on the very edge (longitude 180) has a column of 27 bits and a score beyond 2^53; it is kept that way because
 * Redis stores it so.
 */

/** Bits a side of a full geohash. */
const STEPS = 26;
export const GEO_LONGITUDE_MAX = 180;
/** Where the square map ends: atan(sinh(pi)) in degrees, as EPSG:3857 defines it, cut to 8 decimals. */
export const GEO_LATITUDE_MAX = 85.05112878;
/** Mean radius of the earth in metres that all distances use. */
const EARTH_RADIUS = 6372797.560856;
/** Half the side of the map in metres. */
const MERCATOR_MAX = 20037726.37;
const DEGREE = Math.PI / 180;
const TWO_32 = 4294967296;

/** A search area: a circle, or a box whose sides run along meridians and parallels. Lengths are in `unit`s. */
export interface GeoShape {
  longitude: number;
  latitude: number;
  /** undefined for a box */
  radius: number | undefined;
  width: number;
  height: number;
  /** metres in the unit that lengths were given in */
  unit: number;
}

/** The centre of the cell that `decodeScore` looked at last, in degrees. */
export const decoded = { longitude: 0, latitude: 0 };

/** Whether a position lies on the map; others cannot be stored. */
export function isOnMap(longitude: number, latitude: number): boolean {
  return longitude >= -GEO_LONGITUDE_MAX && longitude <= GEO_LONGITUDE_MAX &&
    latitude >= -GEO_LATITUDE_MAX && latitude <= GEO_LATITUDE_MAX;
}

/** The score of a position on the map. */
export function encodeScore(longitude: number, latitude: number): number {
  const column = slot(longitude, GEO_LONGITUDE_MAX, STEPS);
  const row = slot(latitude, GEO_LATITUDE_MAX, STEPS);
  return interleaveHigh(column, row) * TWO_32 + (interleaveLow(column, row) >>> 0);
}

/** Leaves the centre of a score's cell in `decoded`. Any score has one, also those that ZADD made up. */
export function decodeScore(score: number): void {
  halve(score);
  decoded.longitude = centre(columnOfHalves(), GEO_LONGITUDE_MAX);
  decoded.latitude = centre(rowOfHalves(), GEO_LATITUDE_MAX);
}

/** The halves of the last score that {@link halve} looked at, as int32. */
const halves = { high: 0, low: 0 };

function halve(score: number): void {
  if (score >= 0 && score < 18014398509481984) {
    halves.high = Math.floor(score / TWO_32) | 0;
    halves.low = score | 0;
  } else {
    const bits = toUint64(score);
    halves.high = Number(bits >> 32n) | 0;
    halves.low = Number(bits & 0xffffffffn) | 0;
  }
}

function columnOfHalves(): number {
  return (squeeze(halves.high >>> 1) << 16 | squeeze(halves.low >>> 1)) >>> 0;
}

function rowOfHalves(): number {
  return (squeeze(halves.high) << 16 | squeeze(halves.low)) >>> 0;
}

/** The distance in metres along a great circle (haversine). */
export function distanceBetween(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const v = Math.sin((lon2 * DEGREE - lon1 * DEGREE) / 2);
  if (v === 0) return latitudeDistance(lat1, lat2);
  const u = Math.sin((lat2 * DEGREE - lat1 * DEGREE) / 2);
  return arc(u * u + Math.cos(lat1 * DEGREE) * Math.cos(lat2 * DEGREE) * v * v);
}

/** The length in metres of an arc of this haversine: the square of the sine of half the angle. */
function arc(haversine: number): number {
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(haversine));
}

/**
 * A distance with exactly four decimals. It is scaled first and then rounded half to even, as Redis does: the
 * last digit can differ from printf's, which rounds the unscaled value.
 */
export function formatDistance(distance: number): string {
  const scaled = distance * 10000;
  let rounded = Math.floor(scaled);
  const rest = scaled - rounded;
  if (rest > 0.5 || (rest === 0.5 && rounded % 2 === 1)) rounded++;
  const text = String(rounded).padStart(5, "0");
  return text.slice(0, -4) + "." + text.slice(-4);
}

/** The standard 11 character geohash of a score: over latitudes from -90 to 90, the last character always 0. */
export function geohashText(score: number): string {
  decodeScore(score);
  const column = slot(decoded.longitude, 180, STEPS);
  const row = slot(decoded.latitude, 90, STEPS);
  const bits = (interleaveHigh(column, row) & 0xfffff) * TWO_32 + (interleaveLow(column, row) >>> 0);
  let text = "";
  for (let weight = 2 ** 47; weight >= 4; weight /= 32) {
    text += ALPHABET.charAt(Math.floor(bits / weight) & 31);
  }
  return text + "0";
}

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";

/** The most score ranges a search needs: a cell and its eight neighbours. */
export const MAX_RANGES = 9;

/** Centre, N, S, E, W, NE, NW, SE, SW. */
const EAST_OF = [0, 0, 0, 1, -1, 1, -1, 1, -1];
const NORTH_OF = [0, 1, -1, 0, 0, 1, 1, -1, -1];

/** What rounding may add to a bound, relative to it: far more than it ever does. */
const MARGIN = 1e-9;

/** A shape ready to be searched for: which scores to look at, and whether a score lies inside. */
export class GeoArea {
  readonly #shape: GeoShape;
  /** Radius of a circle, half the sides of a box, in metres. */
  readonly #halfWidth: number;
  readonly #halfHeight: number;
  /** A box in degrees around the shape; its width is taken at the edge nearer to the pole. */
  readonly #south: number;
  readonly #north: number;
  readonly #west: number;
  readonly #east: number;
  /** Cells (of 26 steps) before the first or behind the last of these are outside: told without any trigonometry. */
  readonly #firstRow: number;
  readonly #lastRow: number;
  readonly #firstColumn: number = 0;
  readonly #lastColumn: number = Infinity;
  /** The centre in radians, and the cosine of its latitude. */
  readonly #longitude: number;
  readonly #latitude: number;
  readonly #cosine: number;

  constructor(shape: GeoShape) {
    const { longitude, latitude, radius, unit } = shape;
    this.#shape = shape;
    this.#halfWidth = unit * (radius ?? shape.width / 2);
    this.#halfHeight = unit * (radius ?? shape.height / 2);
    const up = this.#halfHeight / EARTH_RADIUS / DEGREE;
    const widest = latitude < 0 ? latitude - up : latitude + up;
    const aside = this.#halfWidth / EARTH_RADIUS / Math.cos(widest * DEGREE) / DEGREE;
    this.#south = latitude - up;
    this.#north = latitude + up;
    this.#west = longitude - aside;
    this.#east = longitude + aside;
    this.#longitude = longitude * DEGREE;
    this.#latitude = latitude * DEGREE;
    this.#cosine = Math.cos(this.#latitude);
    const rowReach = up * (1 + MARGIN);
    this.#firstRow = cellBefore(latitude - rowReach, GEO_LATITUDE_MAX);
    this.#lastRow = cellBehind(latitude + rowReach, GEO_LATITUDE_MAX);
    let columnReach = Infinity;
    if (Math.abs(widest) < 89) {
      // A circle that stays clear of the poles is inside the box in degrees. The half width of a box is an arc between two
      // points of one parallel, whose angle is widest at the edge nearer to the pole.
      if (radius !== undefined) columnReach = aside * (1 + MARGIN);
      else {
        const sine = Math.sin(Math.min(this.#halfWidth / EARTH_RADIUS, Math.PI) / 2) /
          Math.cos(widest * DEGREE);
        if (sine < 1) columnReach = 2 * Math.asin(sine) / DEGREE * (1 + MARGIN);
      }
    }
    // Around the edge of the map there is no first or last column.
    if (longitude - columnReach > -GEO_LONGITUDE_MAX && longitude + columnReach < GEO_LONGITUDE_MAX) {
      this.#firstColumn = cellBefore(longitude - columnReach, GEO_LONGITUDE_MAX);
      this.#lastColumn = cellBehind(longitude + columnReach, GEO_LONGITUDE_MAX);
    }
  }

  /** The distance in metres from the centre to a score's position; -1 when the position lies outside. */
  distanceTo(score: number): number {
    halve(score);
    const row = rowOfHalves();
    if (row < this.#firstRow || row > this.#lastRow) return -1;
    const column = columnOfHalves();
    if (column < this.#firstColumn || column > this.#lastColumn) return -1;
    return this.#distance(centre(column, GEO_LONGITUDE_MAX), centre(row, GEO_LATITUDE_MAX));
  }

  #distance(longitude: number, latitude: number): number {
    const shape = this.#shape;
    if (shape.radius === undefined && latitudeDistance(latitude, shape.latitude) > this.#halfHeight) {
      return -1;
    }
    // As distanceBetween, with what it asks of the centre at hand.
    const parallel = latitude * DEGREE;
    const v = Math.sin((longitude * DEGREE - this.#longitude) / 2);
    const cosine = Math.cos(parallel);
    // The distance to a box's middle goes along the position's own parallel.
    if (shape.radius === undefined && arc(cosine * cosine * v * v) > this.#halfWidth) return -1;
    const u = Math.sin((parallel - this.#latitude) / 2);
    const distance = v === 0
      ? latitudeDistance(shape.latitude, latitude)
      : arc(u * u + this.#cosine * cosine * v * v);
    return shape.radius === undefined || distance <= this.#halfWidth ? distance : -1;
  }

  /**
   * The ranges of scores that can hold positions inside the shape, as (from, to) pairs with `to` excluded, in
   * the order in which Redis visits them: the centre's cell, north, south, east, west, then the corners. Around
   * the largest cells neighbours coincide; only a range equal to the one before it is left out.
   * @param ranges room for 2 x MAX_RANGES numbers
   * @returns how many ranges there are
   */
  cover(ranges: Float64Array): number {
    const { longitude, latitude } = this.#shape;
    let steps = estimateSteps(this.#searchRadius(), latitude);
    if (steps > 1 && !this.#neighboursReach(steps)) steps--;
    const column = slot(longitude, GEO_LONGITUDE_MAX, steps);
    const row = slot(latitude, GEO_LATITUDE_MAX, steps);
    // From four cells on, neighbours on a side that the box does not reach are left out.
    const prune = steps >= 2;
    const noSouth = prune && edge(row, GEO_LATITUDE_MAX, steps) < this.#south;
    const noNorth = prune && edge(row + 1, GEO_LATITUDE_MAX, steps) > this.#north;
    const noWest = prune && edge(column, GEO_LONGITUDE_MAX, steps) < this.#west;
    const noEast = prune && edge(column + 1, GEO_LONGITUDE_MAX, steps) > this.#east;

    let count = 0;
    let lastColumn = -1;
    let lastRow = -1;
    for (let i = 0; i < MAX_RANGES; i++) {
      const east = EAST_OF[i]!;
      const north = NORTH_OF[i]!;
      if ((noSouth && north < 0) || (noNorth && north > 0) || (noWest && east < 0) || (noEast && east > 0)) {
        continue;
      }
      const c = move(column, east, steps);
      const r = move(row, north, steps);
      if (c === lastColumn && r === lastRow) continue;
      putRange(ranges, 2 * count++, c, r, steps);
      // The first cell is never compared with: an answer may hold its members twice, as Redis's does.
      if (i > 0) {
        lastColumn = c;
        lastRow = r;
      }
    }
    return count;
  }

  /** Metres from the centre to the farthest point. */
  #searchRadius(): number {
    const { radius, width, height, unit } = this.#shape;
    return unit * (radius ?? Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2)));
  }

  /** Whether the cell and its neighbours together contain the box. */
  #neighboursReach(steps: number): boolean {
    const column = slot(this.#shape.longitude, GEO_LONGITUDE_MAX, steps);
    const row = slot(this.#shape.latitude, GEO_LATITUDE_MAX, steps);
    // Asked this way round because a bound can be NaN (an endless box), which exceeds nothing.
    const short = edge(move(row, 1, steps) + 1, GEO_LATITUDE_MAX, steps) < this.#north ||
      edge(move(row, -1, steps), GEO_LATITUDE_MAX, steps) > this.#south ||
      edge(move(column, 1, steps) + 1, GEO_LONGITUDE_MAX, steps) < this.#east ||
      edge(move(column, -1, steps), GEO_LONGITUDE_MAX, steps) > this.#west;
    return !short;
  }
}

/** How many steps make cells about as large as the search, smaller by up to two towards the poles. */
function estimateSteps(radius: number, latitude: number): number {
  if (radius === 0) return STEPS;
  let steps = -1;
  for (; radius < MERCATOR_MAX; radius *= 2) steps++;
  if (latitude > 66 || latitude < -66) steps--;
  if (latitude > 80 || latitude < -80) steps--;
  return Math.min(Math.max(steps, 1), STEPS);
}

/** The column or row that a coordinate falls into, of 2^steps between -limit and limit. */
function slot(coordinate: number, limit: number, steps: number): number {
  return Math.trunc((coordinate + limit) / (limit + limit) * (1 << steps));
}

/** A column or row before the one that a coordinate falls into: none before it lies behind the coordinate. */
function cellBefore(coordinate: number, limit: number): number {
  return coordinate <= -limit ? 0 : slot(coordinate, limit, STEPS) - 1;
}

/** A column or row behind the one that a coordinate falls into; no limit beyond the edge of the map. */
function cellBehind(coordinate: number, limit: number): number {
  return coordinate >= limit ? Infinity : slot(coordinate, limit, STEPS) + 1;
}

/** The coordinate where a column or row begins. */
function edge(index: number, limit: number, steps: number): number {
  return -limit + index / (1 << steps) * (limit + limit);
}

/** The column or row before or after, around the map's edge. */
function move(index: number, by: number, steps: number): number {
  return by === 0 ? index : (index + by) & ((1 << steps) - 1);
}

function centre(index: number, limit: number): number {
  const middle = (edge(index, limit, STEPS) + edge((index + 1) >>> 0, limit, STEPS)) / 2;
  return Math.max(-limit, Math.min(limit, middle));
}

function latitudeDistance(lat1: number, lat2: number): number {
  return EARTH_RADIUS * Math.abs(lat2 * DEGREE - lat1 * DEGREE);
}

/** The first score of a cell and the first one after it. */
function putRange(ranges: Float64Array, at: number, column: number, row: number, steps: number): void {
  const high = interleaveHigh(column, row);
  const low = interleaveLow(column, row) >>> 0;
  const side = 1 << (STEPS - steps);
  const width = side * side;
  ranges[at] = (high * TWO_32 + low) * width;
  // Added to the low half: beyond 2^53 the sum of the halves is rounded, once.
  ranges[at + 1] = (high * TWO_32 + (low + 1)) * width;
}

/** Bits 0 to 31 of the interleaved number (int32). */
function interleaveLow(column: number, row: number): number {
  return spread(row) | (spread(column) << 1);
}

/** Bits from 32 on. */
function interleaveHigh(column: number, row: number): number {
  return spread(row >>> 16) | (spread(column >>> 16) << 1);
}

/** The low 16 bits, each followed (above) by a zero bit. */
function spread(v: number): number {
  v &= 0xffff;
  v = (v | (v << 8)) & 0x00ff00ff;
  v = (v | (v << 4)) & 0x0f0f0f0f;
  v = (v | (v << 2)) & 0x33333333;
  return (v | (v << 1)) & 0x55555555;
}

/** The inverse of `spread`. */
function squeeze(v: number): number {
  v &= 0x55555555;
  v = (v | (v >>> 1)) & 0x33333333;
  v = (v | (v >>> 2)) & 0x0f0f0f0f;
  v = (v | (v >>> 4)) & 0x00ff00ff;
  return (v | (v >>> 8)) & 0xffff;
}

/** A double cast to an unsigned 64-bit integer as x86-64 code does it, also out of range. */
function toUint64(score: number): bigint {
  if (score >= 2 ** 64) return 0n;
  if (score < -(2 ** 63) || Number.isNaN(score)) return 1n << 63n;
  return BigInt.asUintN(64, BigInt(Math.trunc(score)));
}
