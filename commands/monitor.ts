/** MONITOR: seeing what the server is asked. The showing is done in server/monitor.ts. */

import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";
import type { CommandRow } from "./row.ts";

/** The row of MONITOR. */
export const monitorRow: CommandRow = {
  name: "MONITOR",
  arity: 1,
  flags: ["admin", "noscript", "loading", "stale"],
  keys: [0, 0, 0],
  categories: [],
  run: monitor,
};

const NO_BLOCKING = new CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client");

function monitor(ctx: Context): void {
  if (!ctx.mayBlock) throw NO_BLOCKING;
  ctx.server.monitors.add(ctx.client);
  ctx.reply.ok();
}
