/** Geohashes against answers of redis-server 7.0.15, and covering ranges against a look at every position. */
import { assert, assertEquals } from "@std/assert";
import {
  decoded,
  decodeScore,
  distanceBetween,
  encodeScore,
  formatDistance,
  GeoArea,
  geohashText,
  type GeoShape,
  isOnMap,
  MAX_RANGES,
} from "../../types/geohash.ts";
import { formatHumanDouble } from "../../types/long_double.ts";
import { seededRandom } from "../helpers/seeded.ts";

/** Name, longitude, latitude, score, geohash. */
const PLACES: [string, number, number, number, string][] = [
  ["Palermo", 13.361389, 38.115556, 3479099956230698, "sqc8b49rny0"],
  ["Catania", 15.087269, 37.502669, 3479447370796909, "sqdtr74hyu0"],
  ["Paris", 2.349014, 48.864716, 3663832805879806, "u09tvrw3xg0"],
  ["the corner beyond 2^53", 180, 85.05112878, 13510798882111488, "bp05b5048p0"],
  ["the opposite corner", -180, -85.05112878, 0, "00bh0hbj200"],
];

Deno.test("scores and geohashes are those of redis-server", () => {
  for (const [name, longitude, latitude, score, text] of PLACES) {
    assertEquals(encodeScore(longitude, latitude), score, name);
    assertEquals(geohashText(score), text, name);
  }
  decodeScore(3479099956230698);
  assertEquals(formatHumanDouble(decoded.longitude), "13.36138933897018433");
  assertEquals(formatHumanDouble(decoded.latitude), "38.11555639549629859");
  decodeScore(13510798882111488);
  assertEquals(formatHumanDouble(decoded.longitude), "180");
  assertEquals(formatHumanDouble(decoded.latitude), "85.0511287799999991");
});

Deno.test("scores that no position has decode to a place on the map", () => {
  for (const score of [-1, 1.5, 1e18, 2 ** 63, 2 ** 64, 1e300, -1e300, Infinity, -Infinity]) {
    decodeScore(score);
    assert(isOnMap(decoded.longitude, decoded.latitude), String(score));
  }
});

Deno.test("the edges of the map", () => {
  assert(isOnMap(-180, 85.05112878));
  assert(!isOnMap(180.0001, 0));
  assert(!isOnMap(0, 85.05112879));
  assert(!isOnMap(NaN, 0));
});

Deno.test("distances run between cell centres", () => {
  const between = (a: number, b: number) => {
    decodeScore(a);
    const { longitude, latitude } = decoded;
    decodeScore(b);
    return distanceBetween(longitude, latitude, decoded.longitude, decoded.latitude);
  };
  assertEquals(formatDistance(between(3479099956230698, 3479447370796909)), "166274.1516");
  assertEquals(formatDistance(between(13510798882111488, 0)), "18919844.5891");
  assertEquals(formatDistance(between(0, 0)), "0.0000");
});

Deno.test("distances are scaled, then rounded half to even", () => {
  assertEquals(formatDistance(9699421.23285), "9699421.2328");
  assertEquals(formatDistance(0.03125), "0.0312");
  assertEquals(formatDistance(0.09375), "0.0938");
  assertEquals(formatDistance(1e-9), "0.0000");
  assertEquals(formatDistance(12.99996), "13.0000");
});

function circle(longitude: number, latitude: number, radius: number, unit = 1): GeoShape {
  return { longitude, latitude, radius, width: 0, height: 0, unit };
}

Deno.test("a search covers a cell and its neighbours in Redis's order", () => {
  const ranges = new Float64Array(2 * MAX_RANGES);
  const shape = circle(15, 37, 200, 1000);
  const count = new GeoArea(shape).cover(ranges);
  assert(count > 0 && count <= MAX_RANGES);
  const centre = encodeScore(15, 37);
  assert(ranges[0]! <= centre && centre < ranges[1]!);
  for (const [name, , , score] of PLACES.slice(0, 3)) {
    let within = false;
    for (let i = 0; i < count; i++) if (score >= ranges[2 * i]! && score < ranges[2 * i + 1]!) within = true;
    assertEquals(within, name !== "Paris");
  }
  assert(new GeoArea(shape).distanceTo(3479447370796909) > 0);
  assertEquals(new GeoArea(shape).distanceTo(3663832805879806), -1);
  assertEquals(new GeoArea(circle(15, 37, 0)).cover(ranges), 1, "a radius of zero is one cell of 26 steps");
});

/** Whether a search through the ranges finds exactly the positions that lie inside the shape. */
function agrees(shape: GeoShape, scores: number[], ranges: Float64Array): boolean {
  const count = new GeoArea(shape).cover(ranges);
  return scores.every((score) => {
    if (new GeoArea(shape).distanceTo(score) < 0) return true;
    for (let i = 0; i < count; i++) if (score >= ranges[2 * i]! && score < ranges[2 * i + 1]!) return true;
    return false;
  });
}

Deno.test("nothing inside a shape is missed away from the poles and the date line", () => {
  const random = seededRandom(9);
  const unit = () => random.next() / 4294967296;
  const ranges = new Float64Array(2 * MAX_RANGES);
  const scores: number[] = [];
  for (let i = 0; i < 500; i++) scores.push(encodeScore(unit() * 120 - 60, unit() * 120 - 60));
  for (let i = 0; i < 400; i++) {
    const size = 10 ** (unit() * 6);
    const box = i % 2 === 0;
    const shape: GeoShape = {
      longitude: unit() * 100 - 50,
      latitude: unit() * 100 - 50,
      radius: box ? undefined : size,
      width: size,
      height: 10 ** (unit() * 6),
      unit: 1,
    };
    assert(agrees(shape, scores, ranges), JSON.stringify(shape));
  }
});

Deno.test("what is told apart without trigonometry is outside indeed", () => {
  const random = seededRandom(10);
  const unit = () => random.next() / 4294967296;
  let inside = 0;
  for (let i = 0; i < 20_000; i++) {
    const shape = circle(unit() * 360 - 180, unit() * 170 - 85, 10 ** (2 + unit() * 5.2));
    // Positions on and around the circle are where a wrong bound would show.
    const turn = unit() * 2 * Math.PI;
    const reach = shape.radius! / 111_226 * (0.9 + unit() * 0.2);
    let longitude = shape.longitude + reach * Math.cos(turn) / Math.cos(shape.latitude * Math.PI / 180);
    longitude = ((longitude + 180) % 360 + 360) % 360 - 180;
    const latitude = shape.latitude + reach * Math.sin(turn);
    if (!isOnMap(longitude, latitude)) continue;
    const score = encodeScore(longitude, latitude);
    decodeScore(score);
    const distance = distanceBetween(shape.longitude, shape.latitude, decoded.longitude, decoded.latitude);
    const expected = distance <= shape.radius! ? distance : -1;
    if (expected >= 0) inside++;
    assertEquals(new GeoArea(shape).distanceTo(score), expected, JSON.stringify(shape));
  }
  assert(inside > 3000);
});

Deno.test("a box ends where the distances along parallel and meridian say, wherever it lies", () => {
  const random = seededRandom(11);
  const unit = () => random.next() / 4294967296;
  let inside = 0;
  for (let i = 0; i < 20_000; i++) {
    const side = () => 10 ** (2 + unit() * 5.2);
    const shape: GeoShape = {
      longitude: unit() * 360 - 180,
      latitude: unit() * 170 - 85,
      radius: undefined,
      width: side(),
      height: side(),
      unit: 1,
    };
    // Near the corners, where both bounds count.
    const up = shape.height / 2 / 111_226 * (0.9 + unit() * 0.11) * (unit() < 0.5 ? -1 : 1);
    const latitude = shape.latitude + up;
    const aside = shape.width / 2 / 111_226 / Math.cos(latitude * Math.PI / 180) * (0.9 + unit() * 0.2);
    const longitude = ((shape.longitude + aside + 180) % 360 + 360) % 360 - 180;
    if (!isOnMap(longitude, latitude)) continue;
    const score = encodeScore(longitude, latitude);
    decodeScore(score);
    const { longitude: x, latitude: y } = decoded;
    const fits = distanceBetween(x, y, x, shape.latitude) <= shape.height / 2 &&
      distanceBetween(x, y, shape.longitude, y) <= shape.width / 2;
    if (fits) inside++;
    const expected = fits ? distanceBetween(shape.longitude, shape.latitude, x, y) : -1;
    assertEquals(new GeoArea(shape).distanceTo(score), expected, JSON.stringify(shape));
  }
  assert(inside > 3000);
});
