/** INFO: the server tells of itself. What it tells stands in server/info.ts. */

import { fromLatin1 } from "../types/bytes.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import type { CommandRow } from "./row.ts";

/** The row of INFO. */
export const infoRow: CommandRow = {
  name: "INFO",
  arity: -1,
  flags: ["loading", "stale"],
  keys: [0, 0, 0],
  categories: ["dangerous"],
  tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
  run: info,
};

/** INFO [section ...] */
function info(ctx: Context, args: Args): void {
  const names: string[] = [];
  for (let i = 1; i < args.count; i++) names.push(args.text(i).toLowerCase());
  ctx.reply.verbatimBytes(fromLatin1(ctx.server.info(names)));
}
