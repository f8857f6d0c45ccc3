/** Hashes. */
import { anyOf, cmd, many, maybe, opt, seq } from "../grammar.ts";
import type { Grammar } from "../grammar.ts";
import { pairs, shape, typeOnly, unordered } from "../../helpers/rules.ts";
import { wholePairs } from "../scan_rules.ts";
import { float, glob, int, key, member, numberValue, signedCount, value } from "../values.ts";

const k = key("hash");

export const hashes: Grammar = {
  name: "hashes",
  commands: [
    cmd("HSET", k, many(1, 5, member, value), maybe(0.03, "odd")).weigh(25),
    cmd("HSET", k, many(1, 3, member, numberValue)).weigh(15),
    cmd("HMSET", k, many(1, 3, member, value)),
    cmd("HSETNX", k, member, value),
    cmd("HGET", k, member).weigh(20),
    cmd("HMGET", k, many(1, 5, member)),
    cmd("HDEL", k, many(1, 4, member)).weigh(15),
    cmd("HEXISTS", k, member),
    cmd("HLEN", k),
    cmd("HSTRLEN", k, member),
    cmd("HGETALL", k).by(pairs).weigh(15),
    cmd("HKEYS", k).by(unordered),
    cmd("HVALS", k).by(unordered),
    cmd("HINCRBY", k, member, int).weigh(15),
    cmd("HINCRBYFLOAT", k, member, float).weigh(15),
    cmd("HRANDFIELD", k).by(shape),
    cmd("HRANDFIELD", k, signedCount, opt("WITHVALUES")).by(shape),
    cmd("HSCAN", k, () => ["0", "COUNT", "1000"], opt("MATCH", glob)).by(wholePairs),
    cmd("HSCAN", k, int, anyOf(seq("MATCH", glob), seq("COUNT", int), "BAD")).by(typeOnly).weigh(4),
    cmd("DEL", k).weigh(2),
    cmd("SADD", k, member).weigh(1),
    cmd("OBJECT ENCODING", k).weigh(8),
  ],
};
