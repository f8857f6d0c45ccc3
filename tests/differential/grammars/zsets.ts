/** Sorted sets, with the blocking commands. */
import { anyOf, cmd, counted, many, maybe, one, oneOf, opt, seq } from "../grammar.ts";
import type { Gen, Grammar } from "../grammar.ts";
import { shape, typeOnly } from "../../helpers/rules.ts";
import { wholePairs } from "../scan_rules.ts";
import { count, float, glob, index, int, key, member, ownKey, score, signedCount } from "../values.ts";

const k = key("zset");
const bound: Gen = (random) => {
  const [value] = score(random) as [string];
  if (random.chance(0.2)) return [random.pick(["-inf", "+inf", "inf", "(-inf", "(", "(abc", "-", "+"])];
  return [(random.chance(0.3) ? "(" : "") + value];
};
const lex: Gen = (random) => {
  if (random.chance(0.25)) return [random.pick(["-", "+", "-", "+", "", "a", "[", "("])];
  return [random.pick(["[", "("]) + member(random)[0]!];
};
const limit = maybe(0.4, "LIMIT", index, index);
const forever = one((random) => random.chance(0.95) ? "0" : random.pick(["-1", "abc", "", "1e300"]));
const end = oneOf("MIN", "MAX", "MIN", "MAX", "BAD");
/** Keys with a count, of which some are plain sets. */
const sources = counted(many(1, 3, oneOf(k, k, k, key("set"))));
const weights: Gen = (random) =>
  random.chance(0.5) ? [] : ["WEIGHTS", ...Array.from({ length: random.int(1, 3) }, () => float(random)[0]!)];
const combine = seq(weights, maybe(0.4, "AGGREGATE", oneOf("SUM", "MIN", "MAX", "BAD")));
const y = oneOf(ownKey("lex"), ownKey("lex"), ownKey("lex"), ownKey("lex"), () => ["never set"]);
const lexRange = seq(lex, lex, "BYLEX", maybe(0.4, "REV"), limit);
const range = oneOf(
  seq(index, index, maybe(0.4, "REV")),
  seq(bound, bound, "BYSCORE", maybe(0.4, "REV"), limit),
  seq(index, index, anyOf("REV", "BYSCORE", seq("LIMIT", index, index))),
);

export const zsets: Grammar = {
  name: "zsets",
  clients: 3,
  commands: [
    cmd("ZADD", k, many(1, 5, score, member)).weigh(35),
    cmd("ZADD", k, many(1, 4, () => ["0"], member)).weigh(10),
    cmd("ZADD", k, anyOf("NX", "XX", "GT", "LT", "CH", "INCR"), many(1, 2, score, member)).weigh(20),
    cmd("SADD", key("set"), many(1, 4, member)).weigh(5),
    cmd("ZINCRBY", k, float, member).weigh(12),
    cmd("ZREM", k, many(1, 3, member)),
    cmd("ZCARD", k),
    cmd("ZSCORE", k, member),
    cmd("ZMSCORE", k, many(1, 4, member)),
    cmd("ZRANK", k, member),
    cmd("ZREVRANK", k, member),
    cmd("ZCOUNT", k, bound, bound),
    cmd("ZADD", ownKey("lex"), many(1, 5, () => ["0"], member)).weigh(12).unmutated(),
    cmd("ZLEXCOUNT", y, lex, lex),
    cmd("ZRANGE", y, lexRange, opt("WITHSCORES")),
    cmd("ZRANGESTORE", k, y, lexRange).weigh(4),
    cmd("ZRANGE", k, range, opt("WITHSCORES")).weigh(25),
    cmd("ZRANGESTORE", k, k, range),
    cmd("ZREVRANGE", k, index, index, opt("WITHSCORES")),
    cmd("ZRANGEBYSCORE", k, bound, bound, anyOf("WITHSCORES", seq("LIMIT", index, index))),
    cmd("ZREVRANGEBYSCORE", k, bound, bound, anyOf("WITHSCORES", seq("LIMIT", index, index))),
    cmd("ZRANGEBYLEX", y, lex, lex, limit),
    cmd("ZREVRANGEBYLEX", y, lex, lex, limit),
    cmd("ZREMRANGEBYSCORE", k, bound, bound).weigh(3),
    cmd("ZREMRANGEBYLEX", y, lex, lex).weigh(3),
    cmd("ZREMRANGEBYRANK", k, index, index).weigh(3),
    cmd("ZPOPMIN", k, opt(count)).weigh(5),
    cmd("ZPOPMAX", k, opt(count)).weigh(5),
    cmd("ZMPOP", counted(many(1, 3, k)), end, opt("COUNT", count)).weigh(5),
    cmd("BZPOPMIN", many(1, 3, k), forever).blocks().weigh(4),
    cmd("BZPOPMAX", many(1, 3, k), forever).blocks().weigh(4),
    cmd("BZMPOP", forever, counted(many(1, 3, k)), end, opt("COUNT", count)).blocks().weigh(4),
    cmd("ZUNION", sources, combine, opt("WITHSCORES")),
    cmd("ZINTER", sources, combine, opt("WITHSCORES")),
    cmd("ZDIFF", sources, opt("WITHSCORES")),
    cmd("ZUNIONSTORE", k, sources, combine),
    cmd("ZINTERSTORE", k, sources, combine),
    cmd("ZDIFFSTORE", k, sources),
    cmd("ZINTERCARD", sources, opt("LIMIT", count)),
    cmd("ZRANDMEMBER", k).by(shape).weigh(4),
    cmd("ZRANDMEMBER", k, signedCount, opt("WITHSCORES")).by(shape),
    cmd("ZSCAN", k, () => ["0", "COUNT", "1000"], opt("MATCH", glob)).by(wholePairs),
    cmd("ZSCAN", k, int, anyOf(seq("MATCH", glob), seq("COUNT", int))).by(typeOnly).weigh(3),
    cmd("DEL", k).weigh(4),
    cmd("SET", k, member).weigh(1),
    cmd("OBJECT ENCODING", k).weigh(6),
  ],
};
