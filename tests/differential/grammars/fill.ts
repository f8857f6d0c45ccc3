/** One command per type that makes data: for the groups that need something of every kind to work on. */
import { cmd, many } from "../grammar.ts";
import type { CommandSpec } from "../grammar.ts";
import { between, key, member, numberValue, score, value } from "../values.ts";

/** The fill commands, each with this weight. */
export const fill = (weight = 4): CommandSpec[] => [
  cmd("SET", key("string"), numberValue).weigh(2 * weight),
  cmd("RPUSH", key("list"), many(1, 6, member)).weigh(weight),
  cmd("HSET", key("hash"), many(1, 4, member, value)).weigh(weight),
  cmd("SADD", key("set"), many(1, 6, member)).weigh(weight),
  cmd("ZADD", key("zset"), many(1, 4, score, member)).weigh(weight),
  cmd(
    "XADD",
    key("stream"),
    () => ["MAXLEN", "20"],
    (random) => [`${random.int(1, 500)}-${random.int(0, 3)}`],
    member,
    value,
  )
    .weigh(weight).unmutated(), // or its ID might become the clock's
  cmd("PFADD", key("hll"), many(1, 4, member)).weigh(weight),
  cmd("SETBIT", key("bitmap"), between(0, 200), () => ["1"]).weigh(weight).unmutated(),
];
