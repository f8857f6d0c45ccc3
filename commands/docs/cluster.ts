// What COMMAND DOCS says about the commands of a cluster node.

import { block, int, keyword, many, oneof, opt, since, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the cluster group, for COMMAND DOCS. */
export const clusterDocs: GroupDocs = {
  ASKING: {
    summary: "Lets the next command reach a slot that is being imported, after an -ASK redirect",
    since: "3.0.0",
    complexity: "O(1)",
  },
  CLUSTER: {
    summary: "Groups the subcommands that inspect and manage a cluster node",
    since: "3.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      ADDSLOTS: {
        summary: "Makes this node the owner of the given hash slots",
        since: "3.0.0",
        complexity: "O(N) where N is the total number of hash slot arguments",
        arguments: [many(int("slot"))],
      },
      ADDSLOTSRANGE: {
        summary: "Makes this node the owner of whole ranges of hash slots",
        since: "7.0.0",
        complexity:
          "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
        arguments: [many(block("start-slot_end-slot", int("start-slot"), int("end-slot")))],
      },
      BUMPEPOCH: {
        summary: "Raises the configuration epoch of the node",
        since: "3.0.0",
        complexity: "O(1)",
      },
      "COUNT-FAILURE-REPORTS": {
        summary: "Counts the current reports of other nodes that a node has failed",
        since: "3.0.0",
        complexity: "O(N) where N is the number of failure reports",
        arguments: [str("node-id")],
      },
      COUNTKEYSINSLOT: {
        summary: "Counts the keys this node holds in a hash slot",
        since: "3.0.0",
        complexity: "O(1)",
        arguments: [int("slot")],
      },
      DELSLOTS: {
        summary: "Releases the given hash slots of this node",
        since: "3.0.0",
        complexity: "O(N) where N is the total number of hash slot arguments",
        arguments: [many(int("slot"))],
      },
      DELSLOTSRANGE: {
        summary: "Releases whole ranges of hash slots of this node",
        since: "7.0.0",
        complexity:
          "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
        arguments: [many(block("start-slot_end-slot", int("start-slot"), int("end-slot")))],
      },
      FAILOVER: {
        summary: "Has a replica take over from its primary",
        since: "3.0.0",
        complexity: "O(1)",
        arguments: [opt(oneof("options", token("FORCE"), token("TAKEOVER")))],
      },
      FLUSHSLOTS: {
        summary: "Releases all hash slots of this node",
        since: "3.0.0",
        complexity: "O(1)",
      },
      FORGET: {
        summary: "Drops a node from this node's list of known nodes",
        since: "3.0.0",
        complexity: "O(1)",
        arguments: [str("node-id")],
      },
      GETKEYSINSLOT: {
        summary: "Returns names of keys this node holds in a hash slot",
        since: "3.0.0",
        complexity: "O(log(N)) where N is the number of requested keys",
        arguments: [int("slot"), int("count")],
      },
      HELP: {
        summary: "Lists the subcommands of CLUSTER",
        since: "5.0.0",
        complexity: "O(1)",
      },
      INFO: {
        summary: "Reports the state of the cluster as this node sees it",
        since: "3.0.0",
        complexity: "O(1)",
      },
      KEYSLOT: {
        summary: "Computes the hash slot a key belongs to",
        since: "3.0.0",
        complexity: "O(N) where N is the number of bytes in the key",
        arguments: [str("key")],
      },
      LINKS: {
        summary: "Describes the TCP links of the cluster bus to and from every peer",
        since: "7.0.0",
        complexity: "O(N) where N is the total number of Cluster nodes",
      },
      MEET: {
        summary: "Introduces another node, so that the two join into one cluster",
        since: "3.0.0",
        complexity: "O(1)",
        history: [["4.0.0", "The bus port of the other node can be named with `cluster_bus_port`."]],
        arguments: [str("ip"), int("port"), opt(since("4.0.0", int("cluster_bus_port")))],
      },
      MYID: {
        summary: "Returns the ID of this node",
        since: "3.0.0",
        complexity: "O(1)",
      },
      NODES: {
        summary: "Lists the known nodes in the format of the cluster's configuration file",
        since: "3.0.0",
        complexity: "O(N) where N is the total number of Cluster nodes",
      },
      REPLICAS: {
        summary: "Lists the replicas of a primary",
        since: "5.0.0",
        complexity: "O(1)",
        arguments: [str("node-id")],
      },
      REPLICATE: {
        summary: "Turns this node into a replica of the given primary",
        since: "3.0.0",
        complexity: "O(1)",
        arguments: [str("node-id")],
      },
      RESET: {
        summary: "Makes the node forget its cluster, softly or entirely",
        since: "3.0.0",
        complexity:
          "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
        arguments: [opt(oneof("hard_soft", token("HARD"), token("SOFT")))],
      },
      SAVECONFIG: {
        summary: "Writes the node's view of the cluster to its configuration file",
        since: "3.0.0",
        complexity: "O(1)",
      },
      "SET-CONFIG-EPOCH": {
        summary: "Gives a fresh node its configuration epoch",
        since: "3.0.0",
        complexity: "O(1)",
        arguments: [int("config-epoch")],
      },
      SETSLOT: {
        summary: "Assigns a hash slot to a node or marks it as migrating, importing or stable",
        since: "3.0.0",
        complexity: "O(1)",
        arguments: [
          int("slot"),
          oneof(
            "subcommand",
            keyword("IMPORTING", str("node-id")),
            keyword("MIGRATING", str("node-id")),
            keyword("NODE", str("node-id")),
            token("STABLE"),
          ),
        ],
      },
      SHARDS: {
        summary: "Describes the shards: their slots and their nodes",
        since: "7.0.0",
        complexity: "O(N) where N is the total number of cluster nodes",
      },
      SLAVES: {
        summary: "Lists the replicas of a primary",
        since: "3.0.0",
        complexity: "O(1)",
        docFlags: ["deprecated"],
        deprecatedSince: "5.0.0",
        replacedBy: "`CLUSTER REPLICAS`",
        arguments: [str("node-id")],
      },
      SLOTS: {
        summary: "Lists the ranges of hash slots with the nodes that serve them",
        since: "3.0.0",
        complexity: "O(N) where N is the total number of Cluster nodes",
        docFlags: ["deprecated"],
        deprecatedSince: "7.0.0",
        replacedBy: "`CLUSTER SHARDS`",
        history: [
          ["4.0.0", "Each node is reported with its ID."],
          ["7.0.0", "Each node is reported with further networking metadata."],
        ],
      },
    },
  },
  READONLY: {
    summary: "Accepts stale reads from a cluster replica on this connection",
    since: "3.0.0",
    complexity: "O(1)",
  },
  READWRITE: {
    summary: "Ends READONLY: reads on a cluster replica are redirected again",
    since: "3.0.0",
    complexity: "O(1)",
  },
};
