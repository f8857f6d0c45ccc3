// What COMMAND DOCS says about the commands on HyperLogLogs.

import { key, many, opt, str } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the hyperloglog group, for COMMAND DOCS. */
export const hyperloglogDocs: GroupDocs = {
  PFADD: {
    summary: "Adds elements to a HyperLogLog",
    since: "2.8.9",
    complexity: "O(1) to add every element.",
    arguments: [key(), opt(many(str("element")))],
  },
  PFCOUNT: {
    summary: "Estimates how many distinct elements one or more HyperLogLogs have seen",
    since: "2.8.9",
    complexity:
      "O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.",
    arguments: [many(key())],
  },
  PFDEBUG: {
    summary: "Shows the internals of a HyperLogLog; for development",
    since: "2.8.9",
    complexity: "N/A",
    docFlags: ["syscmd"],
    arguments: [str("subcommand"), key()],
  },
  PFMERGE: {
    summary: "Unites HyperLogLogs in one key",
    since: "2.8.9",
    complexity: "O(N) to merge N HyperLogLogs, but with high constant times.",
    arguments: [key("destkey"), many(key("sourcekey", 1))],
  },
  PFSELFTEST: {
    summary: "Checks the HyperLogLog implementation; for development",
    since: "2.8.9",
    complexity: "N/A",
    docFlags: ["syscmd"],
  },
};
