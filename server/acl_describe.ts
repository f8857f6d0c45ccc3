/**
 * ACL users as text, in the one form that Redis 7.0 gives the same rights whatever rules led to them: ACL LIST, GETUSER, the ACL
 * file and redis.conf all show it.
 *
 * The commands are the hard part. From bits alone (which is all that is kept) categories are fitted one after the other, always
 * the one that is right about the most commands it has not yet explained, and what then is still wrong is corrected command by
 * command. What is shown depends on the counts, so they are taken exactly as Redis takes them.
 */

import { CATEGORIES } from "../commands/row.ts";
import type { Command } from "../commands/table.ts";
import type { AclCommands } from "./acl_rules.ts";
import { Access, type KeyPattern, Selector, type User } from "./acl_user.ts";

/** The rules that make this user, as they follow its name in a `user` line. */
export function describeUser(user: User, commands: AclCommands): string {
  const words = [...userFlags(user), ...user.passwords.map((digest) => `#${digest}`)];
  for (const [i, selector] of user.selectors.entries()) {
    const text = describeSelector(selector, commands);
    words.push(i === 0 ? text : `(${text})`);
  }
  return words.join(" ");
}

/** The flags of a user, in the order in which replies list them. */
function userFlags(user: User): string[] {
  const flags = [user.enabled ? "on" : "off"];
  if (user.nopass) flags.push("nopass");
  if (user.sanitize !== "") flags.push(user.sanitize);
  return flags;
}

function describeSelector(selector: Selector, commands: AclCommands): string {
  const words = selector.allKeys ? ["~*"] : selector.patterns.map(keyPatternText);
  if (selector.allChannels) words.push("&*");
  else words.push("resetchannels", ...selector.channels.map(({ text }) => `&${text}`));
  words.push(describeCommands(selector, commands));
  return words.join(" ");
}

/** A selector as ACL GETUSER shows it. */
export interface SelectorSummary {
  readonly commands: string;
  readonly keys: string;
  readonly channels: string;
}

/** A user as ACL GETUSER shows it; the first selector is the root. */
export interface UserSummary {
  readonly flags: readonly string[];
  readonly passwords: readonly string[];
  readonly selectors: readonly SelectorSummary[];
}

/** The parts of a user's description, for ACL GETUSER. */
export function summarizeUser(user: User, commands: AclCommands): UserSummary {
  const selectors = user.selectors.map((selector) => ({
    commands: describeCommands(selector, commands),
    keys: selector.allKeys ? "~*" : selector.patterns.map(keyPatternText).join(" "),
    channels: selector.allChannels ? "&*" : selector.channels.map(({ text }) => `&${text}`).join(" "),
  }));
  return { flags: userFlags(user), passwords: user.passwords, selectors };
}

function keyPatternText({ text, access }: KeyPattern): string {
  if (access === Access.BOTH) return `~${text}`;
  return `${access === Access.READ ? "%R~" : "%W~"}${text}`;
}

/** The command rules of a selector, starting with +@all or -@all. */
function describeCommands(selector: Selector, commands: AclCommands): string {
  const additive = !selector.has(commands.count);
  const words = [additive ? "-@all" : "+@all"];
  const shown = new Selector(commands.count, false);
  shown.putAll(!additive);
  const open = selector.copy();
  const applied = new Set<string>();
  for (;;) {
    const best = bestCategory(open, commands, additive, applied);
    if (best === undefined) break;
    applied.add(best);
    words.push(`${additive ? "+" : "-"}@${best}`);
    for (const command of commands.inCategory(best)!) {
      shown.put(command, additive);
      open.put(command, !additive);
    }
  }
  for (const command of commands.all) correct(command, selector, shown, words);
  return words.join(" ");
}

/**
 * The category that is right about more commands than it is wrong about, and wrong about the fewest; of several the one that is right
 * about the most, then the first. `open` holds what no category has explained yet.
 */
function bestCategory(
  open: Selector,
  commands: AclCommands,
  additive: boolean,
  applied: ReadonlySet<string>,
): string | undefined {
  let best: string | undefined;
  let fewestWrong = Infinity;
  let mostRight = 0;
  for (const category of CATEGORIES) {
    if (applied.has(category)) continue;
    let right = 0;
    let wrong = 0;
    for (const command of commands.inCategory(category)!) {
      if (open.has(command.id) === additive) right++;
      else wrong++;
    }
    if (right <= wrong || wrong > fewestWrong || (wrong === fewestWrong && right <= mostRight)) continue;
    best = category;
    fewestWrong = wrong;
    mostRight = right;
  }
  return best;
}

/** Adds the word for one command about which the words so far are wrong, and its first arguments. */
function correct(command: Command, selector: Selector, shown: Selector, words: string[]): void {
  const allowed = selector.has(command.id);
  if (allowed !== shown.has(command.id)) {
    words.push(`${allowed ? "+" : "-"}${command.fullName}`);
    shown.put(command, allowed);
  }
  if (allowed) return;
  for (const word of selector.firstArgs.get(command.id) ?? []) words.push(`+${command.fullName}|${word}`);
}
