/** Sets. */
import { anyOf, cmd, counted, many, one, opt, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { wholeSet } from "../scan_rules.ts";
import { shape, typeOnly, unordered } from "../../helpers/rules.ts";
import { between, count, glob, int, key, member, signedCount } from "../values.ts";

const k = key("set");
const integer = one((random) =>
  random.pick([random.int(-20, 40), random.int(-20, 40), 40_000, "3000000000", "-9223372036854775808"])
);

/** With a count beyond the set's size everything comes, in any order; without one (a mutation) it is one at random. */
const all = (args: readonly string[]) => Number(args[2]) >= 1000 ? unordered : shape;

export const sets: Grammar = {
  name: "sets",
  commands: [
    cmd("SADD", k, many(1, 6, member)).weigh(20),
    cmd("SADD", k, many(1, 6, integer)).weigh(20),
    cmd("SREM", k, many(1, 4, member)).weigh(12),
    cmd("SREM", k, many(1, 4, integer)),
    cmd("SISMEMBER", k, member),
    cmd("SMISMEMBER", k, many(1, 5, member)),
    cmd("SCARD", k),
    cmd("SMEMBERS", k).by(unordered).weigh(15),
    cmd("SMOVE", k, k, member),
    cmd("SINTER", many(1, 4, k)).by(unordered),
    cmd("SUNION", many(1, 4, k)).by(unordered),
    cmd("SDIFF", many(1, 4, k)).by(unordered),
    cmd("SINTERSTORE", k, many(1, 3, k)),
    cmd("SUNIONSTORE", k, many(1, 3, k)),
    cmd("SDIFFSTORE", k, many(1, 3, k)),
    cmd("SINTERCARD", counted(many(1, 3, k)), opt("LIMIT", count)),
    cmd("SPOP", k).by(shape).scrub().weigh(3),
    cmd("SPOP", k, count).by(shape).scrub().weigh(3),
    cmd("SPOP", k, between(1000, 2000)).by(all).scrub().weigh(2),
    cmd("SRANDMEMBER", k, opt(signedCount)).by(shape),
    cmd("SRANDMEMBER", k, between(1000, 2000)).by(all).weigh(3),
    cmd("SSCAN", k, () => ["0", "COUNT", "1000"], opt("MATCH", glob)).by(wholeSet),
    cmd("SSCAN", k, int, anyOf(seq("MATCH", glob), seq("COUNT", int), "BAD")).by(typeOnly).weigh(4),
    cmd("DEL", k).weigh(4),
    cmd("SET", k, member).weigh(1),
    cmd("OBJECT ENCODING", k).weigh(10),
  ],
};
