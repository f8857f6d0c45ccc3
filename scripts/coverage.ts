/**
 * Prints the README's table of commands: for each group of the documentation, what the command table has of it.
 *
 * What there is to have is what commands/docs describes, that is, 7.0.15; what there is is the table the server runs.
 */

import { docsOf, documentedGroups, documentedNames } from "../commands/docs/mod.ts";
import { CommandTable } from "../commands/table.ts";

/** What is there and what is missing of one group, as full names. */
interface Coverage {
  present: string[];
  missing: string[];
}

/** The coverage of each group, groups in the order of the documentation, names in alphabetical order. */
export function coverage(implemented: ReadonlySet<string>): Map<string, Coverage> {
  const groups = new Map<string, Coverage>();
  for (const group of documentedGroups()) groups.set(group, { present: [], missing: [] });
  for (const name of documentedNames().sort()) {
    const { present, missing } = groups.get(docsOf(name)!.group)!;
    (implemented.has(name) ? present : missing).push(name);
  }
  return groups;
}

/** Full names of everything in the table. */
export function implementedNames(table: CommandTable = new CommandTable()): Set<string> {
  const names = new Set<string>();
  for (const command of table.all) {
    names.add(command.fullName);
    for (const sub of command.subcommands?.all ?? []) names.add(sub.fullName);
  }
  return names;
}

/**
 * The table in Markdown: a row for each group, sub-commands in brackets behind their container. The column of what is
 * missing is there only while something is.
 */
export function markdown(groups: ReadonlyMap<string, Coverage>): string {
  const complete = [...groups.values()].every((one) => one.missing.length === 0);
  const row = (...cells: string[]) => `| ${cells.slice(0, complete ? 3 : 4).join(" | ")} |`;
  const lines = [row("Group", "Have", "Commands", "Missing"), row("---", "---", "---", "---")];
  let present = 0;
  let total = 0;
  for (const [group, one] of groups) {
    const size = one.present.length + one.missing.length;
    present += one.present.length;
    total += size;
    lines.push(row(group, `${one.present.length}/${size}`, listed(one.present), listed(one.missing)));
  }
  lines.push(row("**all**", `${present}/${total}`, "", ""));
  return lines.join("\n") + "\n";
}

/** `GET` `CLIENT` (`ID` `LIST`): sub-commands follow their container. */
function listed(names: readonly string[]): string {
  const subs = new Map<string, string[]>();
  for (const name of names) {
    const [container, sub] = name.toUpperCase().split("|") as [string, string | undefined];
    if (!subs.has(container)) subs.set(container, []);
    if (sub !== undefined) subs.get(container)!.push(sub);
  }
  const code = (name: string) => `\`${name}\``;
  return [...subs].map(([name, list]) =>
    list.length > 0 ? `${code(name)} (${list.map(code).join(" ")})` : code(name)
  )
    .join(" ");
}

if (import.meta.main) console.log(markdown(coverage(implementedNames())).trimEnd());
