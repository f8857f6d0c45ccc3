/** INFO replication: what replication/report.ts tells. */

import type { Field } from "./info.ts";
import type { RedisServer } from "./server.ts";

/** The fields of the section. */
export function replicationSection(server: RedisServer): Field[] {
  return server.replication.info();
}
