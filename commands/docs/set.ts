// What COMMAND DOCS says about the commands on sets.

import { int, key, keyword, many, opt, pattern, since, str } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the set group, for COMMAND DOCS. */
export const setDocs: GroupDocs = {
  SADD: {
    summary: "Adds members to a set",
    since: "1.0.0",
    complexity:
      "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
    history: [["2.4.0", "More than one `member` may be given."]],
    arguments: [key(), many(str("member"))],
  },
  SCARD: {
    summary: "Counts the members of a set",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  SDIFF: {
    summary: "Returns the members of the first set that are in none of the others",
    since: "1.0.0",
    complexity: "O(N) where N is the total number of elements in all given sets.",
    arguments: [many(key())],
  },
  SDIFFSTORE: {
    summary: "Stores the members of the first set that are in none of the others",
    since: "1.0.0",
    complexity: "O(N) where N is the total number of elements in all given sets.",
    arguments: [key("destination"), many(key("key", 1))],
  },
  SINTER: {
    summary: "Returns the members that all sets have in common",
    since: "1.0.0",
    complexity:
      "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
    arguments: [many(key())],
  },
  SINTERCARD: {
    summary: "Counts the members that all sets have in common",
    since: "7.0.0",
    complexity:
      "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
    arguments: [int("numkeys"), many(key()), opt(keyword("LIMIT", int("limit")))],
  },
  SINTERSTORE: {
    summary: "Stores the members that all sets have in common",
    since: "1.0.0",
    complexity:
      "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
    arguments: [key("destination"), many(key("key", 1))],
  },
  SISMEMBER: {
    summary: "Says whether a set has a member",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key(), str("member")],
  },
  SMEMBERS: {
    summary: "Returns all members of a set",
    since: "1.0.0",
    complexity: "O(N) where N is the set cardinality.",
    arguments: [key()],
  },
  SMISMEMBER: {
    summary: "Says for each of several members whether a set has it",
    since: "6.2.0",
    complexity: "O(N) where N is the number of elements being checked for membership",
    arguments: [key(), many(str("member"))],
  },
  SMOVE: {
    summary: "Takes a member out of one set and adds it to another",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key("source"), key("destination", 1), str("member")],
  },
  SPOP: {
    summary: "Removes members chosen at random and returns them",
    since: "1.0.0",
    complexity: "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.",
    history: [["3.2.0", "A `count` may be given."]],
    arguments: [key(), opt(since("3.2.0", int("count")))],
  },
  SRANDMEMBER: {
    summary: "Returns members of a set chosen at random",
    since: "1.0.0",
    complexity:
      "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
    history: [["2.6.0", "A `count` may be given."]],
    arguments: [key(), opt(since("2.6.0", int("count")))],
  },
  SREM: {
    summary: "Removes members from a set",
    since: "1.0.0",
    complexity: "O(N) where N is the number of members to be removed.",
    history: [["2.4.0", "More than one `member` may be given."]],
    arguments: [key(), many(str("member"))],
  },
  SSCAN: {
    summary: "Walks over the members of a set, some at each call",
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
  SUNION: {
    summary: "Returns the members of any of several sets",
    since: "1.0.0",
    complexity: "O(N) where N is the total number of elements in all given sets.",
    arguments: [many(key())],
  },
  SUNIONSTORE: {
    summary: "Stores the members of any of several sets",
    since: "1.0.0",
    complexity: "O(N) where N is the total number of elements in all given sets.",
    arguments: [key("destination"), many(key("key", 1))],
  },
};
