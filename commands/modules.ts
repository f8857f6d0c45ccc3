/** MODULE: native modules cannot be loaded into this process; the command says so as redis-server does when loading fails. */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";

/** The row of MODULE. */
export const moduleRows: readonly CommandRow[] = [
  {
    name: "MODULE",
    arity: -2,
    flags: [],
    keys: [0, 0, 0],
    categories: [],
    subcommands: [
      {
        name: "HELP",
        arity: 2,
        flags: ["loading", "stale"],
        keys: [0, 0, 0],
        categories: [],
        run: moduleHelp,
      },
      {
        name: "LIST",
        arity: 2,
        flags: ["admin", "noscript"],
        keys: [0, 0, 0],
        categories: [],
        tips: ["nondeterministic_output_order"],
        run: moduleList,
      },
      {
        name: "LOAD",
        arity: -3,
        flags: ["admin", "noscript", "no_async_loading"],
        keys: [0, 0, 0],
        categories: [],
        run: moduleLoad,
      },
      {
        name: "LOADEX",
        arity: -3,
        flags: ["admin", "noscript", "no_async_loading"],
        keys: [0, 0, 0],
        categories: [],
        run: moduleLoad,
      },
      {
        name: "UNLOAD",
        arity: 3,
        flags: ["admin", "noscript", "no_async_loading"],
        keys: [0, 0, 0],
        categories: [],
        run: moduleUnload,
      },
    ],
  },
];

const CANNOT_LOAD = new CommandError("ERR Error loading the extension. Please check the server logs.");
const NOT_LOADED = new CommandError("ERR Error unloading module: no such module with that name");

function moduleList(ctx: Context): void {
  ctx.reply.array(0);
}

function moduleLoad(ctx: Context, args: Args): void {
  ctx.server.log.warning(`Module ${args.text(2)} failed to load: this server has no native modules`);
  throw CANNOT_LOAD;
}

function moduleUnload(_ctx: Context): void {
  throw NOT_LOADED;
}

function moduleHelp(ctx: Context): void {
  replyHelp(ctx, "MODULE", [
    "LIST",
    "    Return a list of loaded modules.",
    "LOAD <path> [<arg> ...]",
    "    Load a module library from <path>, passing to it any optional arguments.",
    "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
    "    Load a module library from <path>, while passing it module configurations and optional arguments.",
    "UNLOAD <name>",
    "    Unload a module.",
  ]);
}
