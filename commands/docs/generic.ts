// What COMMAND DOCS says about the commands that work on keys of every type.

import {
  block,
  int,
  key,
  keyPattern,
  keyword,
  many,
  oneof,
  opt,
  pattern,
  repeated,
  since,
  str,
  token,
  unixTime,
} from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the generic group, for COMMAND DOCS. */
export const genericDocs: GroupDocs = {
  COPY: {
    summary: "Copies a value to another key, optionally in another database",
    since: "6.2.0",
    complexity:
      "O(N) worst case for collections, where N is the number of nested items. O(1) for string values.",
    arguments: [
      key("source"),
      key("destination", 1),
      opt(keyword("DB", int("destination-db"))),
      opt(token("REPLACE")),
    ],
  },
  DEL: {
    summary: "Removes keys",
    since: "1.0.0",
    complexity:
      "O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1).",
    arguments: [many(key())],
  },
  DUMP: {
    summary: "Serializes the value of a key for RESTORE",
    since: "2.6.0",
    complexity:
      "O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).",
    arguments: [key()],
  },
  EXISTS: {
    summary: "Counts how many of the given keys exist",
    since: "1.0.0",
    complexity: "O(N) where N is the number of keys to check.",
    history: [["3.0.3", "More than one `key` may be given."]],
    arguments: [many(key())],
  },
  EXPIRE: {
    summary: "Sets how many seconds a key has left to live",
    since: "1.0.0",
    complexity: "O(1)",
    history: [["7.0.0", "The conditions `NX`, `XX`, `GT` and `LT`."]],
    arguments: [
      key(),
      int("seconds"),
      opt(since("7.0.0", oneof("condition", token("NX"), token("XX"), token("GT"), token("LT")))),
    ],
  },
  EXPIREAT: {
    summary: "Sets the Unix time, in seconds, at which a key expires",
    since: "1.2.0",
    complexity: "O(1)",
    history: [["7.0.0", "The conditions `NX`, `XX`, `GT` and `LT`."]],
    arguments: [
      key(),
      unixTime("unix-time-seconds"),
      opt(since("7.0.0", oneof("condition", token("NX"), token("XX"), token("GT"), token("LT")))),
    ],
  },
  EXPIRETIME: {
    summary: "Returns the Unix time, in seconds, at which a key expires",
    since: "7.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  KEYS: {
    summary: "Lists all keys that match a pattern",
    since: "1.0.0",
    complexity:
      "O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.",
    arguments: [pattern("pattern")],
  },
  MIGRATE: {
    summary: "Moves keys to another server in one atomic step",
    since: "2.6.0",
    complexity:
      "This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target instance. See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances is performed.",
    history: [
      ["3.0.0", "The options `COPY` and `REPLACE`."],
      ["3.0.6", "The option `KEYS`."],
      ["4.0.7", "The option `AUTH`."],
      ["6.0.0", "The option `AUTH2`."],
    ],
    arguments: [
      str("host"),
      int("port"),
      oneof("key_or_empty_string", key(), token("", "empty_string")),
      int("destination-db"),
      int("timeout"),
      opt(since("3.0.0", token("COPY"))),
      opt(since("3.0.0", token("REPLACE"))),
      opt(
        oneof(
          "authentication",
          opt(since("4.0.7", keyword("AUTH", str("password")))),
          opt(since("6.0.0", keyword("AUTH2", block("username_password", str("username"), str("password"))))),
        ),
      ),
      opt(many(since("3.0.6", keyword("KEYS", key("key", 1))))),
    ],
  },
  MOVE: {
    summary: "Moves a key into another database of the same server",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key(), int("db")],
  },
  OBJECT: {
    summary: "Groups the subcommands that look inside a stored value",
    since: "2.2.3",
    complexity: "Depends on subcommand.",
    subcommands: {
      ENCODING: {
        summary: "Names the internal representation of a value",
        since: "2.2.3",
        complexity: "O(1)",
        arguments: [key()],
      },
      FREQ: {
        summary: "Returns the access frequency counter of a key (LFU policies)",
        since: "4.0.0",
        complexity: "O(1)",
        arguments: [key()],
      },
      HELP: {
        summary: "Lists the subcommands of OBJECT",
        since: "6.2.0",
        complexity: "O(1)",
      },
      IDLETIME: {
        summary: "Returns the seconds since a key was last accessed",
        since: "2.2.3",
        complexity: "O(1)",
        arguments: [key()],
      },
      REFCOUNT: {
        summary: "Returns the reference count of a value",
        since: "2.2.3",
        complexity: "O(1)",
        arguments: [key()],
      },
    },
  },
  PERSIST: {
    summary: "Takes the expiration off a key",
    since: "2.2.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  PEXPIRE: {
    summary: "Sets how many milliseconds a key has left to live",
    since: "2.6.0",
    complexity: "O(1)",
    history: [["7.0.0", "The conditions `NX`, `XX`, `GT` and `LT`."]],
    arguments: [
      key(),
      int("milliseconds"),
      opt(since("7.0.0", oneof("condition", token("NX"), token("XX"), token("GT"), token("LT")))),
    ],
  },
  PEXPIREAT: {
    summary: "Sets the Unix time, in milliseconds, at which a key expires",
    since: "2.6.0",
    complexity: "O(1)",
    history: [["7.0.0", "The conditions `NX`, `XX`, `GT` and `LT`."]],
    arguments: [
      key(),
      unixTime("unix-time-milliseconds"),
      opt(since("7.0.0", oneof("condition", token("NX"), token("XX"), token("GT"), token("LT")))),
    ],
  },
  PEXPIRETIME: {
    summary: "Returns the Unix time, in milliseconds, at which a key expires",
    since: "7.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  PTTL: {
    summary: "Returns the milliseconds a key has left to live",
    since: "2.6.0",
    complexity: "O(1)",
    history: [["2.8.0", "A missing key is answered with -2."]],
    arguments: [key()],
  },
  RANDOMKEY: {
    summary: "Returns the name of a key chosen at random",
    since: "1.0.0",
    complexity: "O(1)",
  },
  RENAME: {
    summary: "Gives a key another name, replacing whatever had that name",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key(), key("newkey", 1)],
  },
  RENAMENX: {
    summary: "Gives a key another name unless that name is taken",
    since: "1.0.0",
    complexity: "O(1)",
    history: [["3.2.0", "Renaming a key to its own name is no longer an error."]],
    arguments: [key(), key("newkey", 1)],
  },
  RESTORE: {
    summary: "Creates a key from the serialization DUMP made",
    since: "2.6.0",
    complexity:
      "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).",
    history: [
      ["3.0.0", "The option `REPLACE`."],
      ["5.0.0", "The option `ABSTTL`."],
      ["5.0.0", "The options `IDLETIME` and `FREQ`."],
    ],
    arguments: [
      key(),
      int("ttl"),
      str("serialized-value"),
      opt(since("3.0.0", token("REPLACE"))),
      opt(since("5.0.0", token("ABSTTL"))),
      opt(since("5.0.0", keyword("IDLETIME", int("seconds")))),
      opt(since("5.0.0", keyword("FREQ", int("frequency")))),
    ],
  },
  SCAN: {
    summary: "Walks over the keys of the database, some at each call",
    since: "2.8.0",
    complexity:
      "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.",
    history: [["6.0.0", "The option `TYPE`."]],
    arguments: [
      int("cursor"),
      opt(keyword("MATCH", pattern("pattern"))),
      opt(keyword("COUNT", int("count"))),
      opt(since("6.0.0", keyword("TYPE", str("type")))),
    ],
  },
  SORT: {
    summary: "Sorts the elements of a list, set or sorted set, and optionally stores the outcome",
    since: "1.0.0",
    complexity:
      "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
    arguments: [
      key(),
      opt(keyword("BY", keyPattern("pattern", 1))),
      opt(keyword("LIMIT", block("offset_count", int("offset"), int("count")))),
      opt(repeated(keyword("GET", keyPattern("pattern", 1)))),
      opt(oneof("order", token("ASC"), token("DESC"))),
      opt(token("ALPHA", "sorting")),
      opt(keyword("STORE", key("destination", 2))),
    ],
  },
  SORT_RO: {
    summary: "Sorts the elements of a list, set or sorted set and never writes",
    since: "7.0.0",
    complexity:
      "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
    arguments: [
      key(),
      opt(keyword("BY", keyPattern("pattern", 1))),
      opt(keyword("LIMIT", block("offset_count", int("offset"), int("count")))),
      opt(repeated(keyword("GET", keyPattern("pattern", 1)))),
      opt(oneof("order", token("ASC"), token("DESC"))),
      opt(token("ALPHA", "sorting")),
    ],
  },
  TOUCH: {
    summary: "Marks keys as just accessed and counts those that exist",
    since: "3.2.1",
    complexity: "O(N) where N is the number of keys that will be touched.",
    arguments: [many(key())],
  },
  TTL: {
    summary: "Returns the seconds a key has left to live",
    since: "1.0.0",
    complexity: "O(1)",
    history: [["2.8.0", "A missing key is answered with -2."]],
    arguments: [key()],
  },
  TYPE: {
    summary: "Names the type of the value at a key",
    since: "1.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  UNLINK: {
    summary: "Removes keys and leaves the freeing of their memory to the background",
    since: "4.0.0",
    complexity:
      "O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of.",
    arguments: [many(key())],
  },
  WAIT: {
    summary: "Waits until replicas have confirmed the earlier writes of this connection",
    since: "3.0.0",
    complexity: "O(1)",
    arguments: [int("numreplicas"), int("timeout")],
  },
};
