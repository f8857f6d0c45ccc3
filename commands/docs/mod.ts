// The documentation of every command under its full name, and its form on the wire. The files beside this one hold the
// texts, one for each group of the command table.

import type { Reply } from "../../resp.ts";
import { bitmapDocs } from "./bitmap.ts";
import { clusterDocs } from "./cluster.ts";
import { connectionDocs } from "./connection.ts";
import { genericDocs } from "./generic.ts";
import { geoDocs } from "./geo.ts";
import { hashDocs } from "./hash.ts";
import { hyperloglogDocs } from "./hyperloglog.ts";
import { listDocs } from "./list.ts";
import { pubsubDocs } from "./pubsub.ts";
import { scriptingDocs } from "./scripting.ts";
import { serverDocs } from "./server.ts";
import { serverAdminDocs } from "./server_admin.ts";
import { setDocs } from "./set.ts";
import { sortedSetDocs } from "./sorted_set.ts";
import { streamDocs } from "./stream.ts";
import { stringDocs } from "./string.ts";
import { transactionsDocs } from "./transactions.ts";
import type { Argument, CommandDocs, GroupDocs } from "./types.ts";

export type { Argument, ArgumentFlag, ArgumentType, CommandDocs, GroupDocs } from "./types.ts";

const GROUPS: readonly [group: string, docs: GroupDocs][] = [
  ["string", stringDocs],
  ["generic", genericDocs],
  ["list", listDocs],
  ["set", setDocs],
  ["sorted-set", sortedSetDocs],
  ["hash", hashDocs],
  ["stream", streamDocs],
  ["geo", geoDocs],
  ["bitmap", bitmapDocs],
  ["hyperloglog", hyperloglogDocs],
  ["pubsub", pubsubDocs],
  ["transactions", transactionsDocs],
  ["connection", connectionDocs],
  ["server", serverDocs],
  ["server", serverAdminDocs],
  ["scripting", scriptingDocs],
  ["cluster", clusterDocs],
];

/** The documentation of a command, with the group it belongs to. */
export interface DocsEntry {
  /** As on the wire: `hget`, `config|get`. */
  fullname: string;
  group: string;
  docs: CommandDocs;
}

let index: Map<string, DocsEntry> | undefined;

/** Built on the first question: most servers are never asked for documentation. */
function buildIndex(): Map<string, DocsEntry> {
  const entries = new Map<string, DocsEntry>();
  const add = (group: string, docs: GroupDocs, prefix: string): void => {
    for (const [name, one] of Object.entries(docs)) {
      const fullname = prefix + name.toLowerCase();
      entries.set(fullname, { fullname, group, docs: one });
      if (one.subcommands !== undefined) add(group, one.subcommands, `${fullname}|`);
    }
  };
  for (const [group, docs] of GROUPS) add(group, docs, "");
  return entries;
}

/** The documentation of a command by its full name in lower case: `hget`, `config|get`. */
export function docsOf(fullname: string): DocsEntry | undefined {
  index ??= buildIndex();
  return index.get(fullname);
}

/** The documentation's groups, in its order. */
export function documentedGroups(): string[] {
  return [...new Set(GROUPS.map(([group]) => group))];
}

/** The full names of all documented commands and subcommands. */
export function documentedNames(): string[] {
  index ??= buildIndex();
  return [...index.keys()];
}

/** Writes the map that COMMAND DOCS gives for one command, its fields in the order of the real server. */
export function writeDocs(out: Reply, entry: DocsEntry): void {
  const docs = entry.docs;
  out.map(countOf(docs) + 1); // the group is not in the file's own object
  writeText(out, "summary", docs.summary);
  writeText(out, "since", docs.since);
  writeText(out, "group", entry.group);
  writeText(out, "complexity", docs.complexity);
  writeFlags(out, "doc_flags", docs.docFlags);
  writeText(out, "deprecated_since", docs.deprecatedSince);
  writeText(out, "replaced_by", docs.replacedBy);
  if (docs.history !== undefined) writeHistory(out, docs.history);
  writeArguments(out, docs.arguments);
  if (docs.subcommands !== undefined) writeSubcommands(out, entry, docs.subcommands);
}

function writeHistory(out: Reply, history: NonNullable<CommandDocs["history"]>): void {
  out.bulkText("history");
  out.set(history.length);
  for (const [version, change] of history) {
    out.array(2);
    out.bulkText(version);
    out.bulkText(change);
  }
}

function writeSubcommands(out: Reply, container: DocsEntry, subcommands: GroupDocs): void {
  const names = Object.keys(subcommands);
  out.bulkText("subcommands");
  out.map(names.length);
  for (const name of names) {
    const fullname = `${container.fullname}|${name.toLowerCase()}`;
    out.bulkText(fullname);
    writeDocs(out, { fullname, group: container.group, docs: subcommands[name]! });
  }
}

function writeArguments(out: Reply, args: readonly Argument[] | undefined): void {
  if (args === undefined) return;
  out.bulkText("arguments");
  out.array(args.length);
  for (const one of args) writeArgument(out, one);
}

function writeArgument(out: Reply, argument: Argument): void {
  out.map(countOf(argument));
  writeText(out, "name", argument.name);
  writeText(out, "type", argument.type);
  if (argument.keySpec !== undefined) {
    out.bulkText("key_spec_index");
    out.integer(argument.keySpec);
  }
  writeText(out, "token", argument.token);
  writeText(out, "since", argument.since);
  writeText(out, "deprecated_since", argument.deprecatedSince);
  writeFlags(out, "flags", argument.flags);
  writeArguments(out, argument.arguments);
}

function writeText(out: Reply, name: string, text: string | undefined): void {
  if (text === undefined) return;
  out.bulkText(name);
  out.bulkText(text);
}

function writeFlags(out: Reply, name: string, flags: readonly string[] | undefined): void {
  if (flags === undefined) return;
  out.bulkText(name);
  out.set(flags.length);
  for (const flag of flags) out.simple(flag);
}

/** How many fields are present: every field of these objects is one pair on the wire. */
function countOf(fields: CommandDocs | Argument): number {
  let count = 0;
  for (const value of Object.values(fields)) if (value !== undefined) count++;
  return count;
}
