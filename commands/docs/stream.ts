// What COMMAND DOCS says about the commands on streams and their consumer groups.

import { block, int, key, keyword, many, oneof, opt, since, str, token, unixTime } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the stream group, for COMMAND DOCS. */
export const streamDocs: GroupDocs = {
  XACK: {
    summary: "Acknowledges entries, which takes them off the group's pending list",
    since: "5.0.0",
    complexity: "O(1) for each message ID processed.",
    arguments: [key(), str("group"), many(str("id"))],
  },
  XADD: {
    summary: "Appends an entry to a stream",
    since: "5.0.0",
    complexity:
      "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
    history: [
      ["6.2.0", "The option `NOMKSTREAM`, trimming by `MINID`, and `LIMIT`."],
      ["7.0.0", "IDs of the form `<ms>-*`."],
    ],
    arguments: [
      key(),
      opt(since("6.2.0", token("NOMKSTREAM"))),
      opt(
        block(
          "trim",
          oneof("strategy", token("MAXLEN"), since("6.2.0", token("MINID"))),
          opt(oneof("operator", token("=", "equal"), token("~", "approximately"))),
          str("threshold"),
          opt(since("6.2.0", keyword("LIMIT", int("count")))),
        ),
      ),
      oneof("id_or_auto", token("*", "auto_id"), str("id")),
      many(block("field_value", str("field"), str("value"))),
    ],
  },
  XAUTOCLAIM: {
    summary: "Walks over the pending entries of a group and claims those idle for long enough",
    since: "6.2.0",
    complexity: "O(1) if COUNT is small.",
    history: [["7.0.0", "The reply also names the deleted entries that were taken off the pending list."]],
    arguments: [
      key(),
      str("group"),
      str("consumer"),
      str("min-idle-time"),
      str("start"),
      opt(keyword("COUNT", int("count"))),
      opt(token("JUSTID")),
    ],
  },
  XCLAIM: {
    summary: "Makes a consumer the owner of pending entries",
    since: "5.0.0",
    complexity: "O(log N) with N being the number of messages in the PEL of the consumer group.",
    arguments: [
      key(),
      str("group"),
      str("consumer"),
      str("min-idle-time"),
      many(str("id")),
      opt(keyword("IDLE", int("ms"))),
      opt(keyword("TIME", unixTime("unix-time-milliseconds"))),
      opt(keyword("RETRYCOUNT", int("count"))),
      opt(token("FORCE")),
      opt(token("JUSTID")),
      opt(keyword("LASTID", str("id"))),
    ],
  },
  XDEL: {
    summary: "Removes entries from a stream by their IDs",
    since: "5.0.0",
    complexity: "O(1) for each single item to delete in the stream, regardless of the stream size.",
    arguments: [key(), many(str("id"))],
  },
  XGROUP: {
    summary: "Groups the subcommands that manage consumer groups",
    since: "5.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      CREATE: {
        summary: "Creates a consumer group",
        since: "5.0.0",
        complexity: "O(1)",
        history: [["7.0.0", "The option `ENTRIESREAD`, with its argument `entries_read`."]],
        arguments: [
          key(),
          str("groupname"),
          oneof("id", str("id"), token("$", "new_id")),
          opt(token("MKSTREAM")),
          opt(keyword("ENTRIESREAD", int("entries_read"))),
        ],
      },
      CREATECONSUMER: {
        summary: "Creates a consumer in a group",
        since: "6.2.0",
        complexity: "O(1)",
        arguments: [key(), str("groupname"), str("consumername")],
      },
      DELCONSUMER: {
        summary: "Removes a consumer and its pending entries from a group",
        since: "5.0.0",
        complexity: "O(1)",
        arguments: [key(), str("groupname"), str("consumername")],
      },
      DESTROY: {
        summary: "Removes a consumer group",
        since: "5.0.0",
        complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
        arguments: [key(), str("groupname")],
      },
      HELP: {
        summary: "Lists the subcommands of XGROUP",
        since: "5.0.0",
        complexity: "O(1)",
      },
      SETID: {
        summary: "Sets the last ID a group counts as delivered",
        since: "5.0.0",
        complexity: "O(1)",
        history: [["7.0.0", "The option `ENTRIESREAD`, with its argument `entries_read`."]],
        arguments: [
          key(),
          str("groupname"),
          oneof("id", str("id"), token("$", "new_id")),
          opt(keyword("ENTRIESREAD", int("entries_read"))),
        ],
      },
    },
  },
  XINFO: {
    summary: "Groups the subcommands that describe streams, groups and consumers",
    since: "5.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      CONSUMERS: {
        summary: "Describes the consumers of a group",
        since: "5.0.0",
        complexity: "O(1)",
        arguments: [key(), str("groupname")],
      },
      GROUPS: {
        summary: "Describes the consumer groups of a stream",
        since: "5.0.0",
        complexity: "O(1)",
        history: [["7.0.0", "The fields `entries-read` and `lag`."]],
        arguments: [key()],
      },
      HELP: {
        summary: "Lists the subcommands of XINFO",
        since: "5.0.0",
        complexity: "O(1)",
      },
      STREAM: {
        summary: "Describes a stream",
        since: "5.0.0",
        complexity: "O(1)",
        history: [
          ["6.0.0", "The option `FULL`."],
          [
            "7.0.0",
            "The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`.",
          ],
        ],
        arguments: [key(), opt(keyword("FULL", block("full", opt(keyword("COUNT", int("count"))))))],
      },
    },
  },
  XLEN: {
    summary: "Counts the entries of a stream",
    since: "5.0.0",
    complexity: "O(1)",
    arguments: [key()],
  },
  XPENDING: {
    summary: "Summarizes or lists the entries delivered to a group and not acknowledged yet",
    since: "5.0.0",
    complexity:
      "O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.",
    history: [["6.2.0", "The option `IDLE`, and ranges that exclude their ends."]],
    arguments: [
      key(),
      str("group"),
      opt(
        block(
          "filters",
          opt(since("6.2.0", keyword("IDLE", int("min-idle-time")))),
          str("start"),
          str("end"),
          int("count"),
          opt(str("consumer")),
        ),
      ),
    ],
  },
  XRANGE: {
    summary: "Returns the entries between two IDs, oldest first",
    since: "5.0.0",
    complexity:
      "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
    history: [["6.2.0", "Ranges that exclude their ends."]],
    arguments: [key(), str("start"), str("end"), opt(keyword("COUNT", int("count")))],
  },
  XREAD: {
    summary: "Returns the entries after given IDs in one or more streams, optionally waiting for them",
    since: "5.0.0",
    complexity:
      "For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data.",
    arguments: [
      opt(keyword("COUNT", int("count"))),
      opt(keyword("BLOCK", int("milliseconds"))),
      keyword("STREAMS", block("streams", many(key()), many(str("id")))),
    ],
  },
  XREADGROUP: {
    summary: "Reads streams as a consumer of a group: new entries, or its own pending ones",
    since: "5.0.0",
    complexity:
      "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.",
    arguments: [
      keyword("GROUP", block("group_consumer", str("group"), str("consumer"))),
      opt(keyword("COUNT", int("count"))),
      opt(keyword("BLOCK", int("milliseconds"))),
      opt(token("NOACK")),
      keyword("STREAMS", block("streams", many(key()), many(str("id")))),
    ],
  },
  XREVRANGE: {
    summary: "Returns the entries between two IDs, newest first",
    since: "5.0.0",
    complexity:
      "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).",
    history: [["6.2.0", "Ranges that exclude their ends."]],
    arguments: [key(), str("end"), str("start"), opt(keyword("COUNT", int("count")))],
  },
  XSETID: {
    summary: "Sets the last ID of a stream; used by replication",
    since: "5.0.0",
    complexity: "O(1)",
    history: [[
      "7.0.0",
      "The options `ENTRIESADDED` and `MAXDELETEDID`, with their arguments `entries_added` and `max_deleted_entry_id`.",
    ]],
    arguments: [
      key(),
      str("last-id"),
      opt(since("7.0.0", keyword("ENTRIESADDED", int("entries_added")))),
      opt(since("7.0.0", keyword("MAXDELETEDID", str("max_deleted_entry_id")))),
    ],
  },
  XTRIM: {
    summary: "Drops the oldest entries until a stream fits a length or starts at an ID",
    since: "5.0.0",
    complexity:
      "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.",
    history: [["6.2.0", "Trimming by `MINID`, and `LIMIT`."]],
    arguments: [
      key(),
      block(
        "trim",
        oneof("strategy", token("MAXLEN"), since("6.2.0", token("MINID"))),
        opt(oneof("operator", token("=", "equal"), token("~", "approximately"))),
        str("threshold"),
        opt(since("6.2.0", keyword("LIMIT", int("count")))),
      ),
    ],
  },
};
