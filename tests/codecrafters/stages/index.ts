/** All 115 stages in the course's order. */
import type { Stage } from "../harness.ts";
import { authentication } from "./authentication.ts";
import { base } from "./base.ts";
import { geospatial } from "./geospatial.ts";
import { lists } from "./lists.ts";
import { optimisticLocking } from "./optimistic_locking.ts";
import { persistenceAof } from "./persistence_aof.ts";
import { persistenceRdb } from "./persistence_rdb.ts";
import { pubsub } from "./pubsub.ts";
import { replication } from "./replication.ts";
import { sortedSets } from "./sorted_sets.ts";
import { streams } from "./streams.ts";
import { transactions } from "./transactions.ts";

/** Every stage, by extension. */
export const STAGES: readonly Stage[] = [
  ...base,
  ...lists,
  ...streams,
  ...transactions,
  ...optimisticLocking,
  ...replication,
  ...persistenceRdb,
  ...persistenceAof,
  ...pubsub,
  ...sortedSets,
  ...geospatial,
  ...authentication,
];
