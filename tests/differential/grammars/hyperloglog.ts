/** HyperLogLog: estimates are a function of the members, so even the stored bytes must agree. */
import { cmd, many, one, oneOf } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { key, value } from "../values.ts";

const k = key("hll");
const element = one((random) => random.chance(0.8) ? "e" + random.int(1, 3000) : value(random)[0]!);

export const hyperloglog: Grammar = {
  name: "hyperloglog",
  commands: [
    cmd("PFADD", k, many(0, 12, element)).weigh(30),
    cmd("PFADD", k, many(50, 200, element)).weigh(5),
    cmd("PFCOUNT", many(1, 3, k)).weigh(20),
    cmd("PFMERGE", k, many(0, 3, k)),
    cmd("PFDEBUG", oneOf("ENCODING", "ENCODING", "TODENSE", "DECODE", "NOSUCH"), k).weigh(5),
    cmd("PFDEBUG", "GETREG", k).weigh(1),
    cmd("GET", k).weigh(8),
    cmd("STRLEN", k).weigh(4),
    cmd(
      "SET",
      k,
      oneOf(
        value,
        () => ["HYLL"],
        () => ["HYLL\x01" + "\0".repeat(11)],
        () => ["HYLL\x00" + "\0".repeat(12)],
      ),
    ).weigh(1),
    // The zeros complete an opcode of two bytes: of one that is cut off, redis-server reads memory behind the string.
    cmd("APPEND", k, one((random) => value(random)[0]! + "\0\0")).unmutated().weigh(1),
    cmd("DEL", k).weigh(4),
    cmd("RPUSH", key("list"), "x").weigh(1),
  ],
};
