/** Geospatial. */
import { anyOf, cmd, many, maybe, one, oneOf, opt, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { lastDigits } from "../../helpers/rules.ts";
import { between, count, key, member, ownKey } from "../values.ts";

const k = key("geo");
const place = one((random) => random.chance(0.95) ? "p" + random.int(1, 25) : member(random)[0]!);
const lon = one((random) => {
  if (random.chance(0.7)) return (random.unit() * 4 + 10).toFixed(random.int(0, 9));
  return random.chance(0.85)
    ? (random.unit() * 360 - 180).toPrecision(15)
    : random.pick(["180", "-180", "180.1", "abc", "0", "nan"]);
});
const lat = one((random) => {
  if (random.chance(0.7)) return (random.unit() * 4 + 40).toFixed(random.int(0, 9));
  return random.chance(0.85)
    ? (random.unit() * 170 - 85).toPrecision(15)
    : random.pick(["85.05112878", "-85.05112878", "85.06", "90", "abc", "0", "inf"]);
});
const unit = oneOf("m", "km", "ft", "mi", "km", "m", "bad");
const radius = one((random) =>
  random.chance(0.9)
    ? (random.unit() * random.pick([1, 300, 20_000])).toFixed(random.int(0, 5))
    : random.pick(["0", "-1", "abc", "1e9"])
);
const order = maybe(0.6, oneOf("ASC", "DESC"));
const limit = maybe(0.4, "COUNT", count, maybe(0.25, "ANY"));
const withs = anyOf("WITHCOORD", "WITHDIST", "WITHHASH");
const centre = oneOf(seq("FROMLONLAT", lon, lat), seq("FROMMEMBER", place));
const area = oneOf(seq("BYRADIUS", radius, unit), seq("BYBOX", radius, radius, unit));

export const geo: Grammar = {
  name: "geo",
  commands: [
    cmd(
      "GEOADD",
      k,
      maybe(0.3, oneOf("NX", "XX", seq("NX", "XX"))),
      maybe(0.3, "CH"),
      many(1, 4, lon, lat, place),
    ).weigh(50),
    cmd("GEODIST", k, place, place, opt(unit)).weigh(20),
    cmd("GEOHASH", k, many(0, 3, place)),
    cmd("GEOPOS", k, many(0, 3, place)).weigh(20),
    cmd("GEOSEARCH", k, centre, area, order, limit, withs).weigh(40),
    cmd("GEOSEARCH", k, anyOf(centre, area, order, limit, withs)).weigh(5),
    cmd("GEOSEARCHSTORE", ownKey("geo"), k, centre, area, order, limit, maybe(0.4, "STOREDIST")).weigh(4),
    cmd("GEORADIUS", k, lon, lat, radius, unit, withs, limit, order).weigh(15),
    cmd("GEORADIUS", k, lon, lat, radius, unit, limit, order, oneOf("STORE", "STOREDIST"), ownKey("geo"))
      .weigh(3),
    cmd("GEORADIUS_RO", k, lon, lat, radius, unit, withs, limit, order),
    cmd("GEORADIUSBYMEMBER", k, place, radius, unit, withs, limit, order).weigh(15),
    cmd("GEORADIUSBYMEMBER_RO", k, place, radius, unit, withs, limit, order),
    cmd("ZADD", k, between(0, 4_503_599_627_370_495), place).weigh(4),
    cmd("ZSCORE", k, place).by(() => lastDigits),
    cmd("ZREM", k, many(1, 3, place)),
    cmd("ZRANGE", k, () => ["0", "-1", "WITHSCORES"]).weigh(3).by(() => lastDigits),
    cmd("DEL", k).weigh(1),
  ],
};
