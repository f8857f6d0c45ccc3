/**
 * CONFIG: looking at the settings, changing them, keeping them in redis.conf. The settings themselves are server/config.ts's.
 */

import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError } from "./errors.ts";
import { replyHelp } from "./help.ts";
import type { CommandRow } from "./row.ts";

const FLAGS = ["admin", "noscript", "loading", "stale"];

/** The row of CONFIG and its sub-commands. */
export const configRow: CommandRow = {
  name: "CONFIG",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    { name: "GET", arity: -3, flags: FLAGS, keys: [0, 0, 0], categories: [], run: configGet },
    { name: "HELP", arity: 2, flags: ["loading", "stale"], keys: [0, 0, 0], categories: [], run: configHelp },
    { name: "RESETSTAT", arity: 2, flags: FLAGS, keys: [0, 0, 0], categories: [], run: configResetstat },
    { name: "REWRITE", arity: 2, flags: FLAGS, keys: [0, 0, 0], categories: [], run: configRewrite },
    {
      name: "SET",
      arity: -4,
      flags: FLAGS,
      keys: [0, 0, 0],
      categories: [],
      tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
      run: configSet,
    },
  ],
};

const NO_FILE = new CommandError("ERR The server is running without a config file");

function configGet(ctx: Context, args: Args): void {
  const patterns: string[] = [];
  for (let i = 2; i < args.count; i++) patterns.push(args.text(i));
  const pairs = ctx.server.config.get(patterns);
  ctx.reply.map(pairs.length);
  for (const [name, value] of pairs) {
    ctx.reply.bulkText(name);
    ctx.reply.bulkText(value);
  }
}

function configHelp(ctx: Context): void {
  replyHelp(ctx, "CONFIG", [
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
  ]);
}

function configResetstat(ctx: Context): void {
  ctx.server.resetStats();
  ctx.reply.ok();
}

function configRewrite(ctx: Context): void {
  const { config, log } = ctx.server;
  if (config.file === "") throw NO_FILE;
  const failure = config.rewrite(config.aclfile === "" ? ctx.server.acl.configLines() : undefined);
  if (failure !== undefined) {
    log.warning(`CONFIG REWRITE failed: ${failure}`);
    throw new CommandError(`ERR Rewriting config file: ${failure}`);
  }
  log.warning("CONFIG REWRITE executed with success.");
  ctx.reply.ok();
}

function configSet(ctx: Context, args: Args): void {
  const pairs: string[] = [];
  for (let i = 2; i < args.count; i++) pairs.push(args.text(i));
  const { server } = ctx;
  const error = server.config.set(pairs, {
    local: ctx.client.local,
    loading: server.loading || server.asyncLoading,
    warn: (message) => server.log.warning(message),
  });
  if (error !== undefined) throw new CommandError(error);
  ctx.reply.ok();
}
