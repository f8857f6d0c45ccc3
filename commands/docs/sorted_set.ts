// What COMMAND DOCS says about the commands on sorted sets.

import {
  block,
  double,
  int,
  key,
  keyword,
  many,
  oneof,
  opt,
  pattern,
  since,
  str,
  token,
} from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the sorted-set group, for COMMAND DOCS. */
export const sortedSetDocs: GroupDocs = {
  BZMPOP: {
    summary: "Pops members from the first non-empty sorted set, waiting while all are empty",
    since: "7.0.0",
    complexity:
      "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
    arguments: [
      double("timeout"),
      int("numkeys"),
      many(key()),
      oneof("where", token("MIN"), token("MAX")),
      opt(keyword("COUNT", int("count"))),
    ],
  },
  BZPOPMAX: {
    summary: "Pops the highest member of the first non-empty sorted set, waiting while all are empty",
    since: "5.0.0",
    complexity: "O(log(N)) with N being the number of elements in the sorted set.",
    history: [["6.0.0", "`timeout` may have a fractional part."]],
    arguments: [many(key()), double("timeout")],
  },
  BZPOPMIN: {
    summary: "Pops the lowest member of the first non-empty sorted set, waiting while all are empty",
    since: "5.0.0",
    complexity: "O(log(N)) with N being the number of elements in the sorted set.",
    history: [["6.0.0", "`timeout` may have a fractional part."]],
    arguments: [many(key()), double("timeout")],
  },
  ZADD: {
    summary: "Adds members with their scores, or changes the scores they have",
    since: "1.2.0",
    complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
    history: [
      ["2.4.0", "More than one pair of score and member may be given."],
      ["3.0.2", "The options `XX`, `NX`, `CH` and `INCR`."],
      ["6.2.0", "The options `GT` and `LT`."],
    ],
    arguments: [
      key(),
      opt(since("3.0.2", oneof("condition", token("NX"), token("XX")))),
      opt(since("6.2.0", oneof("comparison", token("GT"), token("LT")))),
      opt(since("3.0.2", token("CH", "change"))),
      opt(since("3.0.2", token("INCR", "increment"))),
      many(block("score_member", double("score"), str("member"))),
    ],
  },
  ZCARD: {
    summary: "Counts the members of a sorted set",
    since: "1.2.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  ZCOUNT: {
    summary: "Counts the members whose scores lie in a range",
    since: "2.0.0",
    complexity: "O(log(N)) with N being the number of elements in the sorted set.",
    arguments: [key(), double("min"), double("max")],
  },
  ZDIFF: {
    summary: "Returns the members of the first sorted set that are in none of the others",
    since: "6.2.0",
    complexity:
      "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.",
    arguments: [int("numkeys"), many(key()), opt(token("WITHSCORES"))],
  },
  ZDIFFSTORE: {
    summary: "Stores the members of the first sorted set that are in none of the others",
    since: "6.2.0",
    complexity:
      "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.",
    arguments: [key("destination"), int("numkeys"), many(key("key", 1))],
  },
  ZINCRBY: {
    summary: "Adds a number to the score of a member",
    since: "1.2.0",
    complexity: "O(log(N)) where N is the number of elements in the sorted set.",
    arguments: [key(), int("increment"), str("member")],
  },
  ZINTER: {
    summary: "Returns the members that all sorted sets have in common",
    since: "6.2.0",
    complexity:
      "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.",
    arguments: [
      int("numkeys"),
      many(key()),
      opt(many(keyword("WEIGHTS", int("weight")))),
      opt(keyword("AGGREGATE", oneof("aggregate", token("SUM"), token("MIN"), token("MAX")))),
      opt(token("WITHSCORES")),
    ],
  },
  ZINTERCARD: {
    summary: "Counts the members that all sorted sets have in common",
    since: "7.0.0",
    complexity:
      "O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.",
    arguments: [int("numkeys"), many(key()), opt(keyword("LIMIT", int("limit")))],
  },
  ZINTERSTORE: {
    summary: "Stores the members that all sorted sets have in common",
    since: "2.0.0",
    complexity:
      "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.",
    arguments: [
      key("destination"),
      int("numkeys"),
      many(key("key", 1)),
      opt(many(keyword("WEIGHTS", int("weight")))),
      opt(keyword("AGGREGATE", oneof("aggregate", token("SUM"), token("MIN"), token("MAX")))),
    ],
  },
  ZLEXCOUNT: {
    summary: "Counts the members in a lexicographical range",
    since: "2.8.9",
    complexity: "O(log(N)) with N being the number of elements in the sorted set.",
    arguments: [key(), str("min"), str("max")],
  },
  ZMPOP: {
    summary: "Pops members from the first non-empty sorted set of several",
    since: "7.0.0",
    complexity:
      "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.",
    arguments: [
      int("numkeys"),
      many(key()),
      oneof("where", token("MIN"), token("MAX")),
      opt(keyword("COUNT", int("count"))),
    ],
  },
  ZMSCORE: {
    summary: "Returns the scores of several members",
    since: "6.2.0",
    complexity: "O(N) where N is the number of members being requested.",
    arguments: [key(), many(str("member"))],
  },
  ZPOPMAX: {
    summary: "Pops the members with the highest scores",
    since: "5.0.0",
    complexity:
      "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.",
    arguments: [key(), opt(int("count"))],
  },
  ZPOPMIN: {
    summary: "Pops the members with the lowest scores",
    since: "5.0.0",
    complexity:
      "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.",
    arguments: [key(), opt(int("count"))],
  },
  ZRANDMEMBER: {
    summary: "Returns members of a sorted set chosen at random",
    since: "6.2.0",
    complexity: "O(N) where N is the number of elements returned",
    arguments: [key(), opt(block("options", int("count"), opt(token("WITHSCORES"))))],
  },
  ZRANGE: {
    summary: "Returns the members in a range of ranks, of scores or of names",
    since: "1.2.0",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
    history: [["6.2.0", "The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`."]],
    arguments: [
      key(),
      str("start"),
      str("stop"),
      opt(since("6.2.0", oneof("sortby", token("BYSCORE"), token("BYLEX")))),
      opt(since("6.2.0", token("REV"))),
      opt(since("6.2.0", keyword("LIMIT", block("offset_count", int("offset"), int("count"))))),
      opt(token("WITHSCORES")),
    ],
  },
  ZRANGEBYLEX: {
    summary: "Returns the members in a lexicographical range",
    since: "2.8.9",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`ZRANGE` with the `BYLEX` argument",
    arguments: [
      key(),
      str("min"),
      str("max"),
      opt(keyword("LIMIT", block("offset_count", int("offset"), int("count")))),
    ],
  },
  ZRANGEBYSCORE: {
    summary: "Returns the members whose scores lie in a range",
    since: "1.0.5",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`ZRANGE` with the `BYSCORE` argument",
    history: [["2.0.0", "The option `WITHSCORES`."]],
    arguments: [
      key(),
      double("min"),
      double("max"),
      opt(since("2.0.0", token("WITHSCORES"))),
      opt(keyword("LIMIT", block("offset_count", int("offset"), int("count")))),
    ],
  },
  ZRANGESTORE: {
    summary: "Stores the members in a range of ranks, of scores or of names",
    since: "6.2.0",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.",
    arguments: [
      key("dst"),
      key("src", 1),
      str("min"),
      str("max"),
      opt(oneof("sortby", token("BYSCORE"), token("BYLEX"))),
      opt(token("REV")),
      opt(keyword("LIMIT", block("offset_count", int("offset"), int("count")))),
    ],
  },
  ZRANK: {
    summary: "Returns the rank of a member, counted from the lowest score",
    since: "2.0.0",
    complexity: "O(log(N))",
    arguments: [key(), str("member")],
  },
  ZREM: {
    summary: "Removes members from a sorted set",
    since: "1.2.0",
    complexity:
      "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.",
    history: [["2.4.0", "More than one member may be given."]],
    arguments: [key(), many(str("member"))],
  },
  ZREMRANGEBYLEX: {
    summary: "Removes the members in a lexicographical range",
    since: "2.8.9",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
    arguments: [key(), str("min"), str("max")],
  },
  ZREMRANGEBYRANK: {
    summary: "Removes the members in a range of ranks",
    since: "2.0.0",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
    arguments: [key(), int("start"), int("stop")],
  },
  ZREMRANGEBYSCORE: {
    summary: "Removes the members whose scores lie in a range",
    since: "1.2.0",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.",
    arguments: [key(), double("min"), double("max")],
  },
  ZREVRANGE: {
    summary: "Returns the members in a range of ranks, highest score first",
    since: "1.2.0",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`ZRANGE` with the `REV` argument",
    arguments: [key(), int("start"), int("stop"), opt(token("WITHSCORES"))],
  },
  ZREVRANGEBYLEX: {
    summary: "Returns the members in a lexicographical range, last name first",
    since: "2.8.9",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`ZRANGE` with the `REV` and `BYLEX` arguments",
    arguments: [
      key(),
      str("max"),
      str("min"),
      opt(keyword("LIMIT", block("offset_count", int("offset"), int("count")))),
    ],
  },
  ZREVRANGEBYSCORE: {
    summary: "Returns the members whose scores lie in a range, highest score first",
    since: "2.2.0",
    complexity:
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
    history: [["2.1.6", "`min` and `max` may exclude their own value."]],
    arguments: [
      key(),
      double("max"),
      double("min"),
      opt(token("WITHSCORES")),
      opt(keyword("LIMIT", block("offset_count", int("offset"), int("count")))),
    ],
  },
  ZREVRANK: {
    summary: "Returns the rank of a member, counted from the highest score",
    since: "2.0.0",
    complexity: "O(log(N))",
    arguments: [key(), str("member")],
  },
  ZSCAN: {
    summary: "Walks over the members of a sorted set and their scores, some at each call",
    since: "2.8.0",
    complexity:
      "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
    arguments: [
      key(),
      int("cursor"),
      opt(keyword("MATCH", pattern("pattern"))),
      opt(keyword("COUNT", int("count"))),
    ],
  },
  ZSCORE: {
    summary: "Returns the score of a member",
    since: "1.2.0",
    complexity: "O(1)",
    arguments: [key(), str("member")],
  },
  ZUNION: {
    summary: "Returns the members of any of several sorted sets",
    since: "6.2.0",
    complexity:
      "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.",
    arguments: [
      int("numkeys"),
      many(key()),
      opt(many(keyword("WEIGHTS", int("weight")))),
      opt(keyword("AGGREGATE", oneof("aggregate", token("SUM"), token("MIN"), token("MAX")))),
      opt(token("WITHSCORES")),
    ],
  },
  ZUNIONSTORE: {
    summary: "Stores the members of any of several sorted sets",
    since: "2.0.0",
    complexity:
      "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.",
    arguments: [
      key("destination"),
      int("numkeys"),
      many(key("key", 1)),
      opt(many(keyword("WEIGHTS", int("weight")))),
      opt(keyword("AGGREGATE", oneof("aggregate", token("SUM"), token("MIN"), token("MAX")))),
    ],
  },
};
