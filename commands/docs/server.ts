// The commands of the server group that work on the data set, on replication or on the process as a whole.

import { block, int, key, keyword, many, oneof, opt, since, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the server group, for COMMAND DOCS. */
export const serverDocs: GroupDocs = {
  BGREWRITEAOF: {
    summary: "Starts to rewrite the append-only file in the background",
    since: "1.0.0",
    complexity: "O(1)",
  },
  BGSAVE: {
    summary: "Starts to write a snapshot in the background",
    since: "1.0.0",
    complexity: "O(1)",
    history: [["3.2.2", "The option `SCHEDULE`."]],
    arguments: [opt(since("3.2.2", token("SCHEDULE")))],
  },
  DBSIZE: {
    summary: "Counts the keys of the database",
    since: "1.0.0",
    complexity: "O(1)",
  },
  DEBUG: {
    summary: "Groups subcommands for the development of the server",
    since: "1.0.0",
    complexity: "Depends on subcommand.",
    docFlags: ["syscmd"],
  },
  FAILOVER: {
    summary: "Hands the role of the primary over to a replica",
    since: "6.2.0",
    complexity: "O(1)",
    arguments: [
      opt(keyword("TO", block("target", str("host"), int("port"), opt(token("FORCE"))))),
      opt(token("ABORT")),
      opt(keyword("TIMEOUT", int("milliseconds"))),
    ],
  },
  FLUSHALL: {
    summary: "Removes the keys of all databases",
    since: "1.0.0",
    complexity: "O(N) where N is the total number of keys in all databases",
    history: [
      ["4.0.0", "The option `ASYNC`."],
      ["6.2.0", "The option `SYNC`."],
    ],
    arguments: [opt(oneof("async", since("4.0.0", token("ASYNC")), since("6.2.0", token("SYNC"))))],
  },
  FLUSHDB: {
    summary: "Removes the keys of the database",
    since: "1.0.0",
    complexity: "O(N) where N is the number of keys in the selected database",
    history: [
      ["4.0.0", "The option `ASYNC`."],
      ["6.2.0", "The option `SYNC`."],
    ],
    arguments: [opt(oneof("async", since("4.0.0", token("ASYNC")), since("6.2.0", token("SYNC"))))],
  },
  INFO: {
    summary: "Reports state and statistics of the server",
    since: "1.0.0",
    complexity: "O(1)",
    history: [["7.0.0", "More than one section may be given."]],
    arguments: [opt(many(str("section")))],
  },
  LASTSAVE: {
    summary: "Returns the Unix time of the last successful save",
    since: "1.0.0",
    complexity: "O(1)",
  },
  LOLWUT: {
    summary: "Draws a piece of generative art and names the version",
    since: "5.0.0",
    arguments: [opt(keyword("VERSION", int("version")))],
  },
  MONITOR: {
    summary: "Streams every command that the server executes to this connection",
    since: "1.0.0",
  },
  PSYNC: {
    summary: "Asks for the replication stream from an offset on; sent by replicas",
    since: "2.8.0",
    arguments: [str("replicationid"), int("offset")],
  },
  REPLCONF: {
    summary: "Negotiates details of replication; sent by replicas and their primary",
    since: "3.0.0",
    complexity: "O(1)",
    docFlags: ["syscmd"],
  },
  REPLICAOF: {
    summary: "Makes the server a replica of another one, or a primary again",
    since: "5.0.0",
    complexity: "O(1)",
    arguments: [
      oneof("args", block("host-port", str("host"), int("port")), block("no-one", token("NO"), token("ONE"))),
    ],
  },
  "RESTORE-ASKING": {
    summary: "Does what RESTORE does into a slot that is being imported; sent by MIGRATE",
    since: "3.0.0",
    complexity:
      "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).",
    docFlags: ["syscmd"],
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
  ROLE: {
    summary: "Reports whether the server is a primary or a replica, and its replication state",
    since: "2.8.12",
    complexity: "O(1)",
  },
  SAVE: {
    summary: "Writes a snapshot while all clients wait",
    since: "1.0.0",
    complexity: "O(N) where N is the total number of keys in all databases",
  },
  SHUTDOWN: {
    summary: "Saves what has to be saved and ends the server",
    since: "1.0.0",
    complexity:
      "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
    history: [["7.0.0", "The options `NOW`, `FORCE` and `ABORT`."]],
    arguments: [
      opt(oneof("nosave_save", token("NOSAVE"), token("SAVE"))),
      opt(since("7.0.0", token("NOW"))),
      opt(since("7.0.0", token("FORCE"))),
      opt(since("7.0.0", token("ABORT"))),
    ],
  },
  SLAVEOF: {
    summary: "Makes the server a replica of another one, or a primary again",
    since: "1.0.0",
    complexity: "O(1)",
    docFlags: ["deprecated"],
    deprecatedSince: "5.0.0",
    replacedBy: "`REPLICAOF`",
    arguments: [
      oneof("args", block("host-port", str("host"), int("port")), block("no-one", token("NO"), token("ONE"))),
    ],
  },
  SWAPDB: {
    summary: "Exchanges the contents of two databases",
    since: "4.0.0",
    complexity: "O(N) where N is the count of clients watching or blocking on keys from both databases.",
    arguments: [int("index1"), int("index2")],
  },
  SYNC: {
    summary: "Asks for a full copy of the data and the stream after it; sent by old replicas",
    since: "1.0.0",
  },
  TIME: {
    summary: "Returns the server's clock: Unix seconds and microseconds",
    since: "2.6.0",
    complexity: "O(1)",
  },
};
