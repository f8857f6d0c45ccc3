// What COMMAND DOCS says about the commands on strings.

import {
  block,
  double,
  int,
  key,
  keyword,
  many,
  oneof,
  opt,
  since,
  str,
  token,
  unixTime,
} from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the string group, for COMMAND DOCS. */
export const stringDocs: GroupDocs = {
  APPEND: {
    summary: "Adds bytes to the end of a string",
    since: "2.0.0",
    complexity:
      "O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation.",
    arguments: [key(), str("value")],
  },
  DECR: {
    summary: "Subtracts one from the integer at a key",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  DECRBY: {
    summary: "Subtracts a number from the integer at a key",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key(), int("decrement")],
  },
  GET: {
    summary: "Returns the string at a key",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  GETDEL: {
    summary: "Returns the string at a key and removes the key",
    since: "6.2.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  GETEX: {
    summary: "Returns the string at a key and may change its expiration",
    since: "6.2.0",
    complexity: "O(1)",
    arguments: [
      key(),
      opt(
        oneof(
          "expiration",
          keyword("EX", int("seconds")),
          keyword("PX", int("milliseconds")),
          keyword("EXAT", unixTime("unix-time-seconds")),
          keyword("PXAT", unixTime("unix-time-milliseconds")),
          token("PERSIST"),
        ),
      ),
    ],
  },
  GETRANGE: {
    summary: "Returns the bytes between two positions of a string",
    since: "2.4.0",
    complexity:
      "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
    arguments: [key(), int("start"), int("end")],
  },
  GETSET: {
    summary: "Sets the string at a key and returns the previous one",
    since: "1.0.0",
    complexity: "O(1)",
    docFlags: ["deprecated"],
    deprecatedSince: "6.2.0",
    replacedBy: "`SET` with the `!GET` argument",
    arguments: [key(), str("value")],
  },
  INCR: {
    summary: "Adds one to the integer at a key",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  INCRBY: {
    summary: "Adds a number to the integer at a key",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key(), int("increment")],
  },
  INCRBYFLOAT: {
    summary: "Adds a floating-point number to the number at a key",
    since: "2.6.0",
    complexity: "O(1)",
    arguments: [key(), double("increment")],
  },
  LCS: {
    summary: "Finds the longest common subsequence of two strings",
    since: "7.0.0",
    complexity: "O(N*M) where N and M are the lengths of s1 and s2, respectively",
    arguments: [
      key("key1"),
      key("key2"),
      opt(token("LEN")),
      opt(token("IDX")),
      opt(keyword("MINMATCHLEN", int("len"))),
      opt(token("WITHMATCHLEN")),
    ],
  },
  MGET: {
    summary: "Returns the strings at several keys",
    since: "1.0.0",
    complexity: "O(N) where N is the number of keys to retrieve.",
    arguments: [many(key())],
  },
  MSET: {
    summary: "Sets several keys to their strings",
    since: "1.0.1",
    complexity: "O(N) where N is the number of keys to set.",
    arguments: [many(block("key_value", key(), str("value")))],
  },
  MSETNX: {
    summary: "Sets several keys to their strings, provided that none of them exists",
    since: "1.0.1",
    complexity: "O(N) where N is the number of keys to set.",
    arguments: [many(block("key_value", key(), str("value")))],
  },
  PSETEX: {
    summary: "Sets the string at a key with an expiration in milliseconds",
    since: "2.6.0",
    complexity: "O(1)",
    arguments: [key(), int("milliseconds"), str("value")],
  },
  SET: {
    summary: "Sets a key to a string, whatever it held before",
    since: "1.0.0",
    complexity: "O(1)",
    history: [
      ["2.6.12", "The options `EX`, `PX`, `NX` and `XX`."],
      ["6.0.0", "The option `KEEPTTL`."],
      ["6.2.0", "The options `GET`, `EXAT` and `PXAT`."],
      ["7.0.0", "`NX` and `GET` may be combined."],
    ],
    arguments: [
      key(),
      str("value"),
      opt(since("2.6.12", oneof("condition", token("NX"), token("XX")))),
      opt(since("6.2.0", token("GET"))),
      opt(
        oneof(
          "expiration",
          since("2.6.12", keyword("EX", int("seconds"))),
          since("2.6.12", keyword("PX", int("milliseconds"))),
          since("6.2.0", keyword("EXAT", unixTime("unix-time-seconds"))),
          since("6.2.0", keyword("PXAT", unixTime("unix-time-milliseconds"))),
          since("6.0.0", token("KEEPTTL")),
        ),
      ),
    ],
  },
  SETEX: {
    summary: "Sets the string at a key with an expiration in seconds",
    since: "2.0.0",
    complexity: "O(1)",
    arguments: [key(), int("seconds"), str("value")],
  },
  SETNX: {
    summary: "Sets the string at a key that does not exist yet",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key(), str("value")],
  },
  SETRANGE: {
    summary: "Overwrites the bytes of a string from an offset on",
    since: "2.2.0",
    complexity:
      "O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument.",
    arguments: [key(), int("offset"), str("value")],
  },
  STRLEN: {
    summary: "Returns the length of a string in bytes",
    since: "2.2.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  SUBSTR: {
    summary: "Returns the bytes between two positions of a string",
    since: "1.0.0",
    complexity:
      "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
    docFlags: ["deprecated"],
    deprecatedSince: "2.0.0",
    replacedBy: "`GETRANGE`",
    arguments: [key(), int("start"), int("end")],
  },
};
