/** SORT: its patterns read other keys, so those exist with known names (w_<member>, o_<member>->f). */
import { anyOf, cmd, many, maybe, one, oneOf, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { index, key, ownKey, value } from "../values.ts";

const small = one((random) => random.int(1, 12));
const element = one((random) =>
  random.chance(0.85) ? random.int(-9, 12) : random.pick(["1.5", "-0.5", "1e2", "abc", "", "b", "a"])
);
/** Where BY makes ties possible the source must have an order of its own; only a list has. */
const orderedSource = oneOf(
  ownKey("list"),
  ownKey("list"),
  ownKey("list"),
  ownKey("list"),
  () => ["missing"],
  () => ["s1"],
);
const source = oneOf(key("list"), key("list"), key("set"), key("zset"));
const weightKey = one((random) => "w_" + random.int(1, 12));
/** Not "5e-324" and "1e400": redis-server forgets to reset errno, and after one of them SORT refuses all fractions. */
const weight = one((random) => {
  const text = random.chance(0.9) ? String(random.int(-50, 50)) : value(random)[0]!;
  return /^(5e-324|1e400)$/.test(text) ? "1e-7" : text;
});
const objectKey = one((random) => "o_" + random.int(1, 12));
const by = maybe(
  0.4,
  "BY",
  oneOf(() => ["w_*"], () => ["o_*->f"], () => ["nosuch_*"], () => ["nosort"], () => ["o_*->"], () => [""]),
);
const get = many(
  0,
  2,
  "GET",
  oneOf(() => ["#"], () => ["w_*"], () => ["o_*->f"], () => ["nosuch_*"], () => ["w_1"], () => ["o_*->none"]),
);
const rest = seq(by, maybe(0.4, "LIMIT", index, index), get, anyOf("ASC", "DESC", "ALPHA"));

export const sort: Grammar = {
  name: "sort",
  commands: [
    cmd("RPUSH", ownKey("list"), many(1, 6, element)).weigh(15),
    cmd("SADD", ownKey("set"), many(1, 6, element)).weigh(15),
    cmd("ZADD", ownKey("zset"), many(1, 4, small, element)).weigh(15),
    cmd("SET", weightKey, weight).weigh(15),
    cmd("HSET", objectKey, () => ["f"], one((random) => random.int(-50, 50))).weigh(15),
    cmd("SORT", orderedSource, rest).weigh(30),
    cmd("SORT", source, anyOf("ASC", "DESC", "ALPHA")).weigh(30),
    cmd("SORT", source, anyOf("ASC", "DESC", "ALPHA"), "STORE", () => ["dest"]).weigh(8),
    cmd("SORT", orderedSource, get, anyOf("ASC", "DESC", "ALPHA"), "STORE", () => ["dest"]).weigh(8),
    cmd("SORT_RO", orderedSource, rest).weigh(15),
    cmd("SORT_RO", source, "STORE", () => ["dest"]).weigh(2),
    cmd("SORT", ownKey("zset"), "BY", () => ["nosort"], maybe(0.5, "DESC"), maybe(0.5, "LIMIT", index, index))
      .weigh(8),
    cmd("LRANGE", () => ["dest", "0", "-1"]).weigh(5),
    cmd("DEL", oneOf(ownKey("list"), ownKey("set"), ownKey("zset"), weightKey)).weigh(8),
    cmd("SET", source, () => ["x"]).weigh(1),
  ],
};
