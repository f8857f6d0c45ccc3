// What COMMAND DOCS says about publishing and subscribing.

import { block, many, opt, pattern, str } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the pubsub group, for COMMAND DOCS. */
export const pubsubDocs: GroupDocs = {
  PSUBSCRIBE: {
    summary: "Subscribes to every channel whose name matches a pattern",
    since: "2.0.0",
    complexity: "O(N) where N is the number of patterns the client is already subscribed to.",
    arguments: [many(block("pattern", pattern("pattern")))],
  },
  PUBLISH: {
    summary: "Sends a message to the subscribers of a channel",
    since: "2.0.0",
    complexity:
      "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).",
    arguments: [str("channel"), str("message")],
  },
  PUBSUB: {
    summary: "Groups the subcommands that look at channels and subscriptions",
    since: "2.8.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      CHANNELS: {
        summary: "Lists the channels that have subscribers",
        since: "2.8.0",
        complexity:
          "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)",
        arguments: [opt(pattern("pattern"))],
      },
      HELP: {
        summary: "Lists the subcommands of PUBSUB",
        since: "6.2.0",
        complexity: "O(1)",
      },
      NUMPAT: {
        summary: "Counts the distinct patterns subscribed to",
        since: "2.8.0",
        complexity: "O(1)",
      },
      NUMSUB: {
        summary: "Counts the subscribers of each given channel",
        since: "2.8.0",
        complexity: "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
        arguments: [opt(many(str("channel")))],
      },
      SHARDCHANNELS: {
        summary: "Lists the shard channels that have subscribers",
        since: "7.0.0",
        complexity:
          "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).",
        arguments: [opt(pattern("pattern"))],
      },
      SHARDNUMSUB: {
        summary: "Counts the subscribers of each given shard channel",
        since: "7.0.0",
        complexity: "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
        arguments: [opt(many(str("shardchannel")))],
      },
    },
  },
  PUNSUBSCRIBE: {
    summary: "Ends subscriptions to patterns, or all of them",
    since: "2.0.0",
    complexity:
      "O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client).",
    arguments: [opt(many(pattern("pattern")))],
  },
  SPUBLISH: {
    summary: "Sends a message to the subscribers of a shard channel",
    since: "7.0.0",
    complexity: "O(N) where N is the number of clients subscribed to the receiving shard channel.",
    arguments: [str("shardchannel"), str("message")],
  },
  SSUBSCRIBE: {
    summary: "Subscribes to shard channels",
    since: "7.0.0",
    complexity: "O(N) where N is the number of shard channels to subscribe to.",
    arguments: [many(str("shardchannel"))],
  },
  SUBSCRIBE: {
    summary: "Subscribes to channels",
    since: "2.0.0",
    complexity: "O(N) where N is the number of channels to subscribe to.",
    arguments: [many(str("channel"))],
  },
  SUNSUBSCRIBE: {
    summary: "Ends subscriptions to shard channels, or all of them",
    since: "7.0.0",
    complexity: "O(N) where N is the number of clients already subscribed to a shard channel.",
    arguments: [opt(many(str("shardchannel")))],
  },
  UNSUBSCRIBE: {
    summary: "Ends subscriptions to channels, or all of them",
    since: "2.0.0",
    complexity: "O(N) where N is the number of clients already subscribed to a channel.",
    arguments: [opt(many(str("channel")))],
  },
};
