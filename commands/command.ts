/**
 * COMMAND: what the server says about its own commands. Everything comes from the command table and from
 * commands/docs; nothing is written down twice.
 *
 * The order of commands in a reply is that of the table (in redis-server it is that of a hash table).
 */

import type { Reply } from "../resp.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { globMatch } from "../types/glob.ts";
import type { Args } from "./args.ts";
import type { Context } from "./context.ts";
import { type DocsEntry, docsOf, writeDocs } from "./docs/mod.ts";
import { CommandError, SYNTAX } from "./errors.ts";
import { replyHelp } from "./help.ts";
import { keyFlagWords, KeyList } from "./keys.ts";
import { CATEGORIES, type CommandRow, type KeySpec } from "./row.ts";
import type { Command } from "./table.ts";

/** The row of COMMAND and its sub-commands. */
export const commandRow: CommandRow = {
  name: "COMMAND",
  arity: -1,
  flags: ["loading", "stale"],
  keys: [0, 0, 0],
  categories: ["connection"],
  tips: ["nondeterministic_output_order"],
  subcommands: [
    {
      name: "COUNT",
      arity: 2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: commandCount,
    },
    {
      name: "DOCS",
      arity: -2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      tips: ["nondeterministic_output_order"],
      run: commandDocs,
    },
    {
      name: "GETKEYS",
      arity: -4,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: commandGetkeys,
    },
    {
      name: "GETKEYSANDFLAGS",
      arity: -4,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: commandGetkeysandflags,
    },
    {
      name: "HELP",
      arity: 2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      run: commandHelp,
    },
    {
      name: "INFO",
      arity: -2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      tips: ["nondeterministic_output_order"],
      run: commandInfo,
    },
    {
      name: "LIST",
      arity: -2,
      flags: ["loading", "stale"],
      keys: [0, 0, 0],
      categories: ["connection"],
      tips: ["nondeterministic_output_order"],
      run: commandList,
    },
  ],
  run: command,
};

const INVALID_COMMAND = new CommandError("ERR Invalid command specified");
const NO_KEY_ARGUMENTS = new CommandError("ERR The command has no key arguments");
const INVALID_ARITY = new CommandError("ERR Invalid number of arguments specified for command");
const INVALID_ARGUMENTS = new CommandError("ERR Invalid arguments specified for command");

function command(ctx: Context): void {
  writeAllInfo(ctx);
}

function commandCount(ctx: Context): void {
  ctx.reply.integer(ctx.server.table.all.length);
}

function commandDocs(ctx: Context, args: Args): void {
  const entries: DocsEntry[] = [];
  const add = (found: Command | undefined) => {
    const entry = found && docsOf(found.fullName);
    if (entry !== undefined) entries.push(entry);
  };
  if (args.count === 2) ctx.server.table.all.forEach(add);
  for (let i = 2; i < args.count; i++) add(named(ctx, args, i));
  ctx.reply.map(entries.length);
  for (const entry of entries) {
    ctx.reply.bulkText(entry.fullname);
    writeDocs(ctx.reply, entry);
  }
}

function commandGetkeys(ctx: Context, args: Args): void {
  const request = args.tail(2);
  const keys = keysOfRequest(ctx, request);
  ctx.reply.array(keys.count);
  for (let i = 0; i < keys.count; i++) writeKey(ctx.reply, request, keys.positions[i]!);
}

function commandGetkeysandflags(ctx: Context, args: Args): void {
  const request = args.tail(2);
  const keys = keysOfRequest(ctx, request);
  ctx.reply.array(keys.count);
  for (let i = 0; i < keys.count; i++) {
    ctx.reply.array(2);
    writeKey(ctx.reply, request, keys.positions[i]!);
    writeFlags(ctx.reply, keyFlagWords(keys.flags[i]!));
  }
}

const HELP = [
  "(no subcommand)",
  "    Return details about all Redis commands.",
  "COUNT",
  "    Return the total number of commands in this Redis server.",
  "LIST",
  "    Return a list of all commands in this Redis server.",
  "INFO [<command-name> ...]",
  "    Return details about multiple Redis commands.",
  "    If no command names are given, documentation details for all",
  "    commands are returned.",
  "DOCS [<command-name> ...]",
  "    Return documentation details about multiple Redis commands.",
  "    If no command names are given, documentation details for all",
  "    commands are returned.",
  "GETKEYS <full-command>",
  "    Return the keys from a full Redis command.",
  "GETKEYSANDFLAGS <full-command>",
  "    Return the keys and the access flags from a full Redis command.",
];

function commandHelp(ctx: Context): void {
  replyHelp(ctx, "COMMAND", HELP);
}

function commandInfo(ctx: Context, args: Args): void {
  if (args.count === 2) return writeAllInfo(ctx);
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const found = named(ctx, args, i);
    if (found === undefined) ctx.reply.null();
    else writeInfo(ctx.reply, found);
  }
}

function commandList(ctx: Context, args: Args): void {
  const passes = listFilter(args);
  const names: string[] = [];
  for (const one of ctx.server.table.all) {
    if (passes(one)) names.push(one.fullName);
    for (const sub of one.subcommands?.all ?? []) if (passes(sub)) names.push(sub.fullName);
  }
  ctx.reply.array(names.length);
  for (const name of names) ctx.reply.bulkText(name);
}

// -- Looking up -----------------------------------------------------------------------------------------------------

/** The command whose full name is argument `i`. */
function named(ctx: Context, args: Args, i: number): Command | undefined {
  return ctx.server.table.byFullName(args.text(i));
}

/** The keys of a complete command; throws what COMMAND GETKEYS answers where there are none. */
function keysOfRequest(ctx: Context, request: Args): KeyList {
  const found = ctx.server.dispatcher.find(request);
  if (found === undefined) throw INVALID_COMMAND;
  if (!found.keys.hasKeys) throw NO_KEY_ARGUMENTS;
  if (!found.takes(request.count)) throw INVALID_ARITY;
  const keys = new KeyList();
  found.keys.find(request, keys);
  if (keys.count === 0 && !found.row.flags.includes("no_mandatory_keys")) throw INVALID_ARGUMENTS;
  return keys;
}

/** The test that COMMAND LIST's FILTERBY stands for. There are no modules, so none has commands. */
function listFilter(args: Args): (one: Command) => boolean {
  if (args.count === 2) return () => true;
  if (args.count !== 5 || !args.is(2, "FILTERBY")) throw SYNTAX;
  if (args.is(3, "MODULE")) return () => false;
  if (args.is(3, "ACLCAT")) {
    const category = args.text(4).toLowerCase();
    return (one) => one.categories.has(category);
  }
  if (!args.is(3, "PATTERN")) throw SYNTAX;
  const { buf } = args;
  const start = args.start(4);
  const end = args.end(4);
  return (one) => {
    const name = fromLatin1(one.fullName);
    return globMatch(buf, start, end, name, 0, name.length, true);
  };
}

// -- Writing --------------------------------------------------------------------------------------------------------

function writeAllInfo(ctx: Context): void {
  const all = ctx.server.table.all;
  ctx.reply.array(all.length);
  for (const one of all) writeInfo(ctx.reply, one);
}

/** The ten elements that describe a command. */
function writeInfo(reply: Reply, one: Command): void {
  const { row } = one;
  reply.array(10);
  reply.bulkText(one.fullName);
  reply.integer(row.arity);
  writeFlags(reply, row.flags);
  for (const position of row.keys) reply.integer(position);
  writeFlags(reply, CATEGORIES.filter((category) => one.categories.has(category)).map((name) => `@${name}`));
  writeTips(reply, row.tips ?? []);
  writeSpecs(reply, row.specs ?? []);
  writeSubcommands(reply, one.subcommands?.all ?? []);
}

function writeFlags(reply: Reply, flags: readonly string[]): void {
  reply.set(flags.length);
  for (const flag of flags) reply.simple(flag);
}

function writeTips(reply: Reply, tips: readonly string[]): void {
  reply.set(tips.length);
  for (const tip of tips) reply.bulkText(tip);
}

/** Sub-commands are an array where there are any, but an empty set where there are none. */
function writeSubcommands(reply: Reply, subcommands: readonly Command[]): void {
  if (subcommands.length === 0) return reply.set(0);
  reply.array(subcommands.length);
  for (const sub of subcommands) writeInfo(reply, sub);
}

function writeSpecs(reply: Reply, specs: readonly KeySpec[]): void {
  reply.set(specs.length);
  for (const spec of specs) {
    reply.map(spec.notes === undefined ? 3 : 4);
    if (spec.notes !== undefined) {
      reply.bulkText("notes");
      reply.bulkText(spec.notes);
    }
    reply.bulkText("flags");
    writeFlags(reply, spec.flags);
    reply.bulkText("begin_search");
    writeBegin(reply, spec.begin);
    reply.bulkText("find_keys");
    writeFind(reply, spec.find);
  }
}

function writeBegin(reply: Reply, begin: KeySpec["begin"]): void {
  if (begin === "unknown") writeStep(reply, "unknown", {});
  else if ("index" in begin) writeStep(reply, "index", { index: begin.index });
  else writeStep(reply, "keyword", { keyword: begin.keyword, startfrom: begin.from });
}

function writeFind(reply: Reply, find: KeySpec["find"]): void {
  if (find === "unknown") writeStep(reply, "unknown", {});
  else if ("keynum" in find) {
    writeStep(reply, "keynum", { keynumidx: find.keynum, firstkey: find.first, keystep: find.step });
  } else writeStep(reply, "range", { lastkey: find.last, keystep: find.step, limit: find.limit });
}

/** One half of a key spec: its type and that type's numbers. */
function writeStep(reply: Reply, type: string, numbers: Record<string, number | string>): void {
  const entries = Object.entries(numbers);
  reply.map(2);
  reply.bulkText("type");
  reply.bulkText(type);
  reply.bulkText("spec");
  reply.map(entries.length);
  for (const [name, value] of entries) {
    reply.bulkText(name);
    if (typeof value === "string") reply.bulkText(value);
    else reply.integer(value);
  }
}

function writeKey(reply: Reply, request: Args, i: number): void {
  reply.bulk(request.buf, request.start(i), request.end(i));
}
