/** Geospatial. The codes and distances are computed here anew, from the definition. */
import { array, int, nilArray, satisfying, unordered } from "../../helpers/transcript.ts";
import type { Reply } from "../../helpers/resp.ts";
import { bulkWhere, errorHas } from "../harness.ts";
import type { Link, Session, Stage } from "../harness.ts";

const extension = "geospatial";
const LATITUDE = 85.05112878;
const EARTH_RADIUS = 6372797.560856;

interface Place {
  name: string;
  lon: number;
  lat: number;
}

const longitude = (s: Session) => -180 + s.random.unit() * 360;
const latitude = (s: Session) => -LATITUDE + s.random.unit() * 2 * LATITUDE;

function places(s: Session, low: number, high: number): Place[] {
  return s.words(s.int(low, high)).map((name) => ({ name, lon: longitude(s), lat: latitude(s) }));
}

/** The 52-bit code: latitude bits in the even positions, longitude bits in the odd ones. */
function encode({ lon, lat }: Place): bigint {
  const cells = 2 ** 26;
  const x = BigInt(Math.trunc((lon + 180) / 360 * cells));
  const y = BigInt(Math.trunc((lat + LATITUDE) / (2 * LATITUDE) * cells));
  let code = 0n;
  for (let bit = 0n; bit < 26n; bit++) {
    code |= ((y >> bit) & 1n) << (2n * bit);
    code |= ((x >> bit) & 1n) << (2n * bit + 1n);
  }
  return code;
}

/** The centre of a code's cell. */
function decode(code: bigint): { lon: number; lat: number } {
  let x = 0, y = 0;
  for (let bit = 0n; bit < 26n; bit++) {
    y += Number((code >> (2n * bit)) & 1n) * 2 ** Number(bit);
    x += Number((code >> (2n * bit + 1n)) & 1n) * 2 ** Number(bit);
  }
  const cells = 2 ** 26;
  const centre = (index: number, low: number, width: number) =>
    (low + index / cells * width + (low + (index + 1) / cells * width)) / 2;
  return { lon: centre(x, -180, 360), lat: centre(y, -LATITUDE, 2 * LATITUDE) };
}

/** Metres between two points, by the haversine formula. */
function distance(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = (degrees: number) => degrees * Math.PI / 180;
  const u = Math.sin((rad(b.lat) - rad(a.lat)) / 2), v = Math.sin((rad(b.lon) - rad(a.lon)) / 2);
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(u * u + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * v * v));
}

async function store(s: Session, list: Place[]): Promise<{ c: Link; key: string }> {
  s.start();
  const c = await s.connect();
  const key = "geo_key_" + s.int(1, 100);
  for (const { name, lon, lat } of list) await c.must("GEOADD", key, lon, lat, name, int(1));
  return { c, key };
}

const number = (reply: Reply | undefined) =>
  reply?.type === "bulk" && reply.text !== "" ? Number(reply.text) : NaN;

export const geospatial: Stage[] = [
  {
    extension,
    slug: "zt4",
    name: "Respond to GEOADD",
    async run(s) {
      await store(s, places(s, 1, 1));
    },
  },
  {
    extension,
    slug: "ck3",
    name: "Validate coordinates",
    async run(s) {
      s.start();
      const c = await s.connect();
      const between = (low: number, high: number) => low + s.random.unit() * (high - low);
      for (const lat of [between(86.05, 500), -between(86.05, 500)]) {
        await c.must("GEOADD", s.word(), longitude(s), lat, s.word(), errorHas("ERR ", "latitude"));
      }
      for (const lon of [between(181, 500), -between(181, 500)]) {
        await c.must("GEOADD", s.word(), lon, latitude(s), s.word(), errorHas("ERR ", "longitude"));
      }
    },
  },
  {
    extension,
    slug: "tn5",
    name: "Store a location",
    async run(s) {
      const list = places(s, 2, 3);
      const { c, key } = await store(s, list);
      await c.must("ZRANGE", key, 0, -1, unordered(...list.map(({ name }) => name)));
    },
  },
  {
    extension,
    slug: "cr3",
    name: "Calculate location score",
    async run(s) {
      const list = places(s, 1, 1);
      const { c, key } = await store(s, list);
      const code = encode(list[0]!);
      await c.must(
        "ZSCORE",
        key,
        list[0]!.name,
        bulkWhere((text) => Number(text) === Number(code), `${code}`),
      );
    },
  },
  {
    extension,
    slug: "xg4",
    name: "Respond to GEOPOS",
    async run(s) {
      const list = places(s, 2, 3);
      const { c, key } = await store(s, list);
      const names = s.random.shuffle([...list.map(({ name }) => name), "missing_1", "missing_2"]);
      const good = (reply: Reply) =>
        reply.type === "array" && reply.items.length === names.length && reply.items.every((item, i) => {
          if (names[i]!.startsWith("missing")) return item.type === "null" && item.wire === "*-1";
          return item.type === "array" && item.items.length === 2 &&
            item.items.every((part) => !isNaN(number(part)));
        });
      await c.must(
        "GEOPOS",
        key,
        ...names,
        satisfying(good, `positions, null arrays for missing ones of ${names}`),
      );
      await c.must("GEOPOS", "missing_key", "a", "b", array(nilArray, nilArray));
    },
  },
  {
    extension,
    slug: "hb5",
    name: "Decode coordinates",
    async run(s) {
      s.start();
      const c = await s.connect();
      const key = s.word(), list = places(s, 2, 3);
      for (const place of list) await c.must("ZADD", key, encode(place), place.name, int(1));
      const good = (reply: Reply) =>
        reply.type === "array" && reply.items.every((item, i) => {
          const { lon, lat } = decode(encode(list[i]!));
          return item.type === "array" && Math.abs(number(item.items[0]) - lon) <= 1e-6 &&
            Math.abs(number(item.items[1]) - lat) <= 1e-6;
        });
      await c.must("GEOPOS", key, ...list.map(({ name }) => name), satisfying(good, "the cells' centres"));
    },
  },
  {
    extension,
    slug: "ek6",
    name: "Calculate distance",
    async run(s) {
      const list = places(s, 3, 4);
      const { c, key } = await store(s, list);
      for (const a of list) {
        for (const b of list) {
          const metres = distance(decode(encode(a)), decode(encode(b)));
          const near = bulkWhere((text) => Math.abs(Number(text) - metres) <= 1e-4, `${metres} ± 1e-4`);
          await c.must("GEODIST", key, a.name, b.name, near);
        }
      }
    },
  },
  {
    extension,
    slug: "rm9",
    name: "Search within radius",
    async run(s) {
      const list = places(s, 4, 5);
      const { c, key } = await store(s, list);
      const centre = { lon: longitude(s), lat: latitude(s) };
      const distances = list.map((place) => distance(centre, decode(encode(place))));
      const near = Math.min(...distances), far = Math.max(...distances);
      for (const radius of [0.75 * near, 1.25 * far, (near + far) / 2]) {
        const inside = list.filter((_, i) => distances[i]! <= radius).map(({ name }) => name);
        const { lon, lat } = centre;
        await c.must("GEOSEARCH", key, "FROMLONLAT", lon, lat, "BYRADIUS", radius, "m", unordered(...inside));
      }
    },
  },
];
