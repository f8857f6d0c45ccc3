/** ACL: users and their rights, as commands. What a user may do is server/acl.ts's. */

import { formatDouble } from "../types/double.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { CommandError, subcommandSyntax, wrongArity } from "./errors.ts";
import { replyHelp } from "./help.ts";
import { CATEGORIES, type CommandRow } from "./row.ts";

/** A selector's parts as text. */
type SelectorSummary = ReturnType<Context["server"]["acl"]["summary"]>["selectors"][number];

const ADMIN = ["admin", "noscript", "loading", "stale"];
const OPEN = ["noscript", "loading", "stale"];

/** The row of ACL and its sub-commands. */
export const aclRow: CommandRow = {
  name: "ACL",
  arity: -2,
  flags: [],
  keys: [0, 0, 0],
  categories: [],
  subcommands: [
    { name: "CAT", arity: -2, flags: OPEN, keys: [0, 0, 0], categories: [], run: aclCat },
    { name: "DELUSER", arity: -3, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclDeluser },
    { name: "DRYRUN", arity: -4, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclDryrun },
    { name: "GENPASS", arity: -2, flags: OPEN, keys: [0, 0, 0], categories: [], run: aclGenpass },
    { name: "GETUSER", arity: 3, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclGetuser },
    { name: "HELP", arity: 2, flags: ["loading", "stale"], keys: [0, 0, 0], categories: [], run: aclHelp },
    { name: "LIST", arity: 2, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclList },
    { name: "LOAD", arity: 2, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclLoad },
    { name: "LOG", arity: -2, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclLog },
    { name: "SAVE", arity: 2, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclSave },
    { name: "SETUSER", arity: -3, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclSetuser },
    { name: "USERS", arity: 2, flags: ADMIN, keys: [0, 0, 0], categories: [], run: aclUsers },
    { name: "WHOAMI", arity: 2, flags: OPEN, keys: [0, 0, 0], categories: [], run: aclWhoami },
  ],
};

/** Bits of a generated password: what is given without a number, and the most. */
const DEFAULT_BITS = 256;
const MAX_BITS = 4096;
/** Entries that ACL LOG shows without a number. */
const DEFAULT_ENTRIES = 10;

const DEFAULT_STAYS = new CommandError("ERR The 'default' user cannot be removed");
const BAD_BITS = new CommandError(
  `ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to ${MAX_BITS}`,
);
const NO_ACL_FILE = new CommandError(
  "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER " +
    "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users " +
    "in the Redis configuration.",
);
const NOT_SAVED = new CommandError(
  "ERR There was an error trying to save the ACLs. Please check the server logs for more information",
);

function aclCat(ctx: Context, args: Args): void {
  if (args.count > 3) throw subcommandSyntax(args);
  if (args.count === 2) return writeTexts(ctx, CATEGORIES);
  const commands = ctx.server.acl.commands.inCategory(args.text(2));
  if (commands === undefined) throw new CommandError(`ERR Unknown category '${args.cText(2).slice(0, 128)}'`);
  writeTexts(ctx, commands.map((command) => command.fullName));
}

function aclDeluser(ctx: Context, args: Args): void {
  for (let i = 2; i < args.count; i++) if (args.cText(i) === "default") throw DEFAULT_STAYS;
  let deleted = 0;
  for (let i = 2; i < args.count; i++) if (ctx.server.acl.deleteUser(args.text(i))) deleted++;
  ctx.reply.integer(deleted);
}

function aclDryrun(ctx: Context, args: Args): void {
  const { acl, dispatcher } = ctx.server;
  const user = acl.get(args.text(2));
  if (user === undefined) throw new CommandError(`ERR User '${args.cText(2)}' not found`);
  const request = args.tail(3);
  const command = dispatcher.find(request);
  if (command === undefined) throw new CommandError(`ERR Command '${args.cText(3)}' not found`);
  if (!command.takes(request.count)) throw wrongArity(command.fullName);
  const refusal = acl.dryRun(user, command, request);
  if (refusal === null) return ctx.reply.ok();
  const { reason, position } = refusal;
  const refused = reason === "command"
    ? `run the '${command.fullName}' command`
    : `access the '${request.cText(position)}' ${reason}`;
  ctx.reply.bulkText(`This user has no permissions to ${refused}`);
}

function aclGenpass(ctx: Context, args: Args): void {
  if (args.count > 3) throw subcommandSyntax(args);
  const bits = args.count === 3 ? args.integer(2) : DEFAULT_BITS;
  if (bits <= 0 || bits > MAX_BITS) throw BAD_BITS;
  ctx.reply.bulkText(ctx.server.random.secretHex(Math.ceil(bits / 4)));
}

function aclGetuser(ctx: Context, args: Args): void {
  const { reply } = ctx;
  const user = ctx.server.acl.get(args.text(2));
  if (user === undefined) return reply.null();
  const { flags, passwords, selectors } = ctx.server.acl.summary(user);
  const [root, ...others] = selectors as [SelectorSummary, ...SelectorSummary[]];
  reply.map(6);
  reply.bulkText("flags");
  reply.set(flags.length);
  for (const flag of flags) reply.bulkText(flag);
  reply.bulkText("passwords");
  writeTexts(ctx, passwords);
  writeSelector(ctx, root);
  reply.bulkText("selectors");
  reply.array(others.length);
  for (const selector of others) {
    reply.map(3);
    writeSelector(ctx, selector);
  }
}

const HELP = [
  "CAT [<category>]",
  "    List all commands that belong to <category>, or all command categories",
  "    when no category is specified.",
  "DELUSER <username> [<username> ...]",
  "    Delete a list of users.",
  "DRYRUN <username> <command> [<arg> ...]",
  "    Returns whether the user can execute the given command without executing the command.",
  "GETUSER <username>",
  "    Get the user's details.",
  "GENPASS [<bits>]",
  "    Generate a secure 256-bit user password. The optional `bits` argument can",
  "    be used to specify a different size.",
  "LIST",
  "    Show users details in config file format.",
  "LOAD",
  "    Reload users from the ACL file.",
  "LOG [<count> | RESET]",
  "    Show the ACL log entries.",
  "SAVE",
  "    Save the current config to the ACL file.",
  "SETUSER <username> <attribute> [<attribute> ...]",
  "    Create or modify a user with the specified attributes.",
  "USERS",
  "    List all the registered usernames.",
  "WHOAMI",
  "    Return the current connection username.",
];

function aclHelp(ctx: Context): void {
  replyHelp(ctx, "ACL", HELP);
}

function aclList(ctx: Context): void {
  writeTexts(ctx, ctx.server.acl.configLines());
}

function aclLoad(ctx: Context): void {
  if (ctx.server.config.aclfile === "") throw NO_ACL_FILE;
  const errors = ctx.server.acl.loadFile();
  if (errors !== undefined) throw new CommandError(`ERR ${errors}`);
  ctx.reply.ok();
}

function aclLog(ctx: Context, args: Args): void {
  const { log } = ctx.server.acl;
  if (args.count > 3) throw subcommandSyntax(args);
  if (args.count === 3 && args.is(2, "RESET")) {
    log.clear();
    return ctx.reply.ok();
  }
  const count = args.count === 3 ? Math.max(0, args.integer(2)) : DEFAULT_ENTRIES;
  const entries = log.entries.slice(0, count);
  const now = ctx.server.clock.wallMs();
  const { reply } = ctx;
  reply.array(entries.length);
  for (const entry of entries) {
    reply.map(7);
    reply.bulkText("count");
    reply.integer(entry.count);
    writePair(ctx, "reason", entry.reason);
    writePair(ctx, "context", entry.context);
    writePair(ctx, "object", entry.object);
    writePair(ctx, "username", entry.username);
    reply.bulkText("age-seconds");
    reply.doubleText(formatDouble((now - entry.time) / 1000));
    writePair(ctx, "client-info", entry.client);
  }
}

function aclSave(ctx: Context): void {
  if (ctx.server.config.aclfile === "") throw NO_ACL_FILE;
  if (!ctx.server.acl.saveFile()) throw NOT_SAVED;
  ctx.reply.ok();
}

function aclSetuser(ctx: Context, args: Args): void {
  const words: string[] = [];
  for (let i = 3; i < args.count; i++) words.push(args.text(i));
  const failure = ctx.server.acl.setUser(args.text(2), words);
  if (failure !== undefined) throw new CommandError(`ERR ${failure.replace(/[\r\n]/g, " ")}`);
  ctx.reply.ok();
}

function aclUsers(ctx: Context): void {
  writeTexts(ctx, ctx.server.acl.users.map((user) => user.name));
}

function aclWhoami(ctx: Context): void {
  ctx.reply.bulkText(ctx.client.user.name);
}

// -- Writing --------------------------------------------------------------------------------------------------------

function writeTexts(ctx: Context, texts: readonly string[]): void {
  ctx.reply.array(texts.length);
  for (const text of texts) ctx.reply.bulkText(text);
}

function writePair(ctx: Context, name: string, text: string): void {
  ctx.reply.bulkText(name);
  ctx.reply.bulkText(text);
}

/** The three pairs that describe a selector. */
function writeSelector(ctx: Context, { commands, keys, channels }: SelectorSummary): void {
  writePair(ctx, "commands", commands);
  writePair(ctx, "keys", keys);
  writePair(ctx, "channels", channels);
}
