// What COMMAND DOCS says about the commands on hashes.

import { block, double, int, key, keyword, many, opt, pattern, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the hash group, for COMMAND DOCS. */
export const hashDocs: GroupDocs = {
  HDEL: {
    summary: "Removes fields from a hash",
    since: "2.0.0",
    complexity: "O(N) where N is the number of fields to be removed.",
    history: [["2.4.0", "More than one `field` may be given."]],
    arguments: [key(), many(str("field"))],
  },
  HEXISTS: {
    summary: "Says whether a hash has a field",
    since: "2.0.0",
    complexity: "O(1)",
    arguments: [key(), str("field")],
  },
  HGET: {
    summary: "Returns the value of one field",
    since: "2.0.0",
    complexity: "O(1)",
    arguments: [key(), str("field")],
  },
  HGETALL: {
    summary: "Returns all fields of a hash with their values",
    since: "2.0.0",
    complexity: "O(N) where N is the size of the hash.",
    arguments: [key()],
  },
  HINCRBY: {
    summary: "Adds an integer to the number in a field",
    since: "2.0.0",
    complexity: "O(1)",
    arguments: [key(), str("field"), int("increment")],
  },
  HINCRBYFLOAT: {
    summary: "Adds a floating-point number to the number in a field",
    since: "2.6.0",
    complexity: "O(1)",
    arguments: [key(), str("field"), double("increment")],
  },
  HKEYS: {
    summary: "Returns the names of all fields of a hash",
    since: "2.0.0",
    complexity: "O(N) where N is the size of the hash.",
    arguments: [key()],
  },
  HLEN: {
    summary: "Counts the fields of a hash",
    since: "2.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  HMGET: {
    summary: "Returns the values of several fields",
    since: "2.0.0",
    complexity: "O(N) where N is the number of fields being requested.",
    arguments: [key(), many(str("field"))],
  },
  HMSET: {
    summary: "Sets several fields to their values",
    since: "2.0.0",
    complexity: "O(N) where N is the number of fields being set.",
    docFlags: ["deprecated"],
    deprecatedSince: "4.0.0",
    replacedBy: "`HSET` with multiple field-value pairs",
    arguments: [key(), many(block("field_value", str("field"), str("value")))],
  },
  HRANDFIELD: {
    summary: "Returns fields of a hash chosen at random",
    since: "6.2.0",
    complexity: "O(N) where N is the number of fields returned",
    arguments: [key(), opt(block("options", int("count"), opt(token("WITHVALUES"))))],
  },
  HSCAN: {
    summary: "Walks over the fields of a hash and their values, some at each call",
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
  HSET: {
    summary: "Sets fields of a hash to their values",
    since: "2.0.0",
    complexity:
      "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.",
    history: [["4.0.0", "More than one pair of `field` and `value` may be given."]],
    arguments: [key(), many(block("field_value", str("field"), str("value")))],
  },
  HSETNX: {
    summary: "Sets a field that does not exist yet",
    since: "2.0.0",
    complexity: "O(1)",
    arguments: [key(), str("field"), str("value")],
  },
  HSTRLEN: {
    summary: "Returns the length of a field's value in bytes",
    since: "3.2.0",
    complexity: "O(1)",
    arguments: [key(), str("field")],
  },
  HVALS: {
    summary: "Returns the values of all fields of a hash",
    since: "2.0.0",
    complexity: "O(N) where N is the size of the hash.",
    arguments: [key()],
  },
};
