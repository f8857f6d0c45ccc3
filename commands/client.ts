/** CLIENT: looking at connections, naming them, steering them. */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";
import type { CommandRow } from "./row.ts";

/** The row of CLIENT and its sub-commands. */
export const clientRow: CommandRow = {
  name: "CLIENT",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    {
      name: "GETNAME",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientGetname,
    },
    {
      name: "ID",
      arity: 2,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientId,
    },
    {
      name: "SETNAME",
      arity: 3,
      flags: ["noscript", "loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: clientSetname,
    },
  ],
};

const BAD_NAME = new CommandError("ERR Client names cannot contain spaces, newlines or special characters.");

/** The name in argument `i`; throws where it holds anything but printable ASCII without spaces. */
export function clientName(args: Args, i: number): string {
  const name = args.text(i);
  if (!/^[!-~]*$/.test(name)) throw BAD_NAME;
  return name;
}

function clientGetname(ctx: Context): void {
  if (ctx.client.name === "") ctx.reply.null();
  else ctx.reply.bulkText(ctx.client.name);
}

function clientId(ctx: Context): void {
  ctx.reply.integer(ctx.client.id);
}

function clientSetname(ctx: Context, args: Args): void {
  ctx.client.name = clientName(args, 2);
  ctx.reply.ok();
}
