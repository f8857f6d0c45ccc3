// What COMMAND DOCS says about MULTI, EXEC and WATCH.

import { key, many } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the transactions group, for COMMAND DOCS. */
export const transactionsDocs: GroupDocs = {
  DISCARD: {
    summary: "Drops the queued commands and ends the transaction",
    since: "2.0.0",
    complexity: "O(N), when N is the number of queued commands",
  },
  EXEC: {
    summary: "Runs the queued commands as one unit",
    since: "1.2.0",
    complexity: "Depends on commands in the transaction",
  },
  MULTI: {
    summary: "Starts to queue commands for a transaction",
    since: "1.2.0",
    complexity: "O(1)",
  },
  UNWATCH: {
    summary: "Ends all WATCHes of this connection",
    since: "2.2.0",
    complexity: "O(1)",
  },
  WATCH: {
    summary: "Makes the next EXEC depend on keys staying unchanged",
    since: "2.2.0",
    complexity: "O(1) for every key.",
    arguments: [many(key())],
  },
};
