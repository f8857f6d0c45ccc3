/** INFO replication: a primary's fields, which are all there is while nobody follows us and we follow nobody. */

import type { Field } from "./info.ts";
import type { RedisServer } from "./server.ts";

const NO_ID = "0".repeat(40);

/** The fields of the section. */
export function replicationSection(server: RedisServer): Field[] {
  return [
    ["role", "master"],
    ["connected_slaves", 0],
    ["master_failover_state", "no-failover"],
    ["master_replid", server.replicationId],
    ["master_replid2", NO_ID],
    ["master_repl_offset", 0],
    ["second_repl_offset", -1],
    ["repl_backlog_active", 0],
    ["repl_backlog_size", server.config.replBacklogSize],
    ["repl_backlog_first_byte_offset", 0],
    ["repl_backlog_histlen", 0],
  ];
}
