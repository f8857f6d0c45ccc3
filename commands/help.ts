/** The shape of every HELP sub-command's reply: a headline, the lines, and HELP itself. */

import type { Context } from "./context.ts";

/** Replies the help of `container` (upper case). The lines are wire text: clients compare them. */
export function replyHelp(ctx: Context, container: string, lines: readonly string[]): void {
  const { reply } = ctx;
  reply.array(lines.length + 3);
  reply.simple(`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  for (const line of lines) reply.simple(line);
  reply.simple("HELP");
  reply.simple("    Prints this help.");
}
