/**
 * ACL rules as text: "+get", "~key*", "(+set ~tmp:*)" applied to a user, with the reasons why a rule is refused.
 *
 * Texts are binary strings (one character for each byte). Redis compares words as C strings, so a rule is what stands before a
 * NUL, but patterns and passwords are taken whole. Which commands there are is asked of {@link AclCommands}: rules speak of
 * them by the names they were born with, whatever rename-command calls them.
 */

import { CATEGORIES } from "../commands/row.ts";
import type { Command, CommandTable } from "../commands/table.ts";
import { fromLatin1, lowerCase } from "../types/bytes.ts";
import { cString, splitWords } from "../types/quoting.ts";
import { sha256Hex } from "../types/sha256.ts";
import { Access, Selector, type User } from "./acl_user.ts";

/** Why a rule is refused, in Redis's words. */
export const RuleFault = {
  UNKNOWN: "Unknown command or category name in ACL",
  SYNTAX: "Syntax error",
  AFTER_ALL_KEYS:
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
  AFTER_ALL_CHANNELS:
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
  NO_SUCH_PASSWORD: "The password you are trying to remove from the user does not exist",
  BAD_HASH:
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters",
  DUPLICATE: "Duplicate user found. A user can only be defined once in config files",
  FIRST_ARG_OF_SUBCOMMAND: "Allowing first-arg of a subcommand is not supported",
} as const;

/** One of the texts of {@link RuleFault}; undefined where the rule was applied. */
export type Fault = typeof RuleFault[keyof typeof RuleFault] | undefined;

/** All commands and sub-commands, by the names and categories that rules have for them. */
export class AclCommands {
  /** Containers before their sub-commands. */
  readonly all: readonly Command[];
  /** One more than the highest id. */
  readonly count: number;
  readonly #byName = new Map<string, Command>();
  readonly #byCategory = new Map<string, readonly Command[]>();

  constructor(table: CommandTable) {
    this.all = table.original.flatMap((command) => [command, ...command.subcommands?.all ?? []]);
    this.count = table.count;
    for (const command of this.all) this.#byName.set(command.fullName, command);
    for (const category of CATEGORIES) {
      this.#byCategory.set(category, this.all.filter((command) => command.categories.has(category)));
    }
  }

  /** The command of this full name, in any case. */
  get(fullName: string): Command | undefined {
    return this.#byName.get(lowerCase(cString(fullName)));
  }

  /** The commands of a category (without "@", in any case), or undefined where there is no such category. */
  inCategory(name: string): readonly Command[] | undefined {
    return this.#byCategory.get(lowerCase(cString(name)));
  }
}

/** What rules depend on beside the user. */
export interface RuleContext {
  readonly commands: AclCommands;
  /** acl-pubsub-default: whether new selectors allow all channels. */
  readonly allChannels: () => boolean;
  /** Told of rules that Redis calls misuse. */
  readonly warn: (message: string) => void;
}

/** Whether a name holds a blank or a NUL, which the text form of rules cannot. */
export function hasBlanks(text: string): boolean {
  return /[ \t\n\v\f\r\0]/.test(text);
}

/** A selector without rules. */
export function newSelector(context: RuleContext): Selector {
  return new Selector(context.commands.count, context.allChannels());
}

/**
 * Joins the words of each selector in parentheses to one rule: `(+get`, `~k)` to `(+get ~k)`. A parenthesis opened within another
 * one starts over, and what was in the other is forgotten.
 * @returns the number of the word whose parenthesis is never closed, where there is one
 */
export function mergeSelectors(words: readonly string[]): string[] | number {
  const rules: string[] = [];
  let open = -1;
  let joined = "";
  for (const [i, word] of words.entries()) {
    if (word.startsWith("(") && !word.endsWith(")")) {
      open = i;
      joined = word;
      continue;
    }
    if (open < 0) {
      rules.push(word);
      continue;
    }
    joined += ` ${cString(word)}`;
    if (word.endsWith(")")) {
      rules.push(joined);
      open = -1;
    }
  }
  return open < 0 ? rules : open;
}

/** Applies one rule to a user. A rule that is refused has changed nothing. */
export function applyRule(user: User, rule: string, context: RuleContext): Fault {
  if (rule === "") return undefined;
  const word = WORDS.get(lowerCase(cString(rule)));
  if (word !== undefined) {
    word(user, context);
    return undefined;
  }
  switch (rule[0]) {
    case ">":
      return addPassword(user, sha256Hex(fromLatin1(rule.slice(1))));
    case "#":
      return isHash(rule) ? addPassword(user, rule.slice(1)) : RuleFault.BAD_HASH;
    case "<":
      return removePassword(user, sha256Hex(fromLatin1(rule.slice(1))));
    case "!":
      return isHash(rule) ? removePassword(user, rule.slice(1)) : RuleFault.BAD_HASH;
  }
  if (rule.startsWith("(") && rule.endsWith(")")) return addSelector(user, rule, context);
  return applyToSelector(user.root, rule, context);
}

/** Rules that are one word and speak of the user. */
const WORDS: ReadonlyMap<string, (user: User, context: RuleContext) => void> = new Map([
  ["on", (user: User) => void (user.enabled = true)],
  ["off", (user: User) => void (user.enabled = false)],
  ["nopass", (user: User) => {
    user.nopass = true;
    user.passwords = [];
  }],
  ["resetpass", resetPasswords],
  ["sanitize-payload", (user: User) => void (user.sanitize = "sanitize-payload")],
  ["skip-sanitize-payload", (user: User) => void (user.sanitize = "skip-sanitize-payload")],
  ["clearselectors", (user: User) => void (user.selectors.length = 1)],
  ["reset", (user: User, context: RuleContext) => {
    resetPasswords(user);
    user.enabled = false;
    user.sanitize = "sanitize-payload";
    user.selectors = [newSelector(context)];
  }],
]);

function resetPasswords(user: User): void {
  user.nopass = false;
  user.passwords = [];
}

function isHash(rule: string): boolean {
  return /^.[0-9a-f]{64}$/.test(rule) && rule.length === 65;
}

function addPassword(user: User, digest: string): Fault {
  if (!user.passwords.includes(digest)) user.passwords.push(digest);
  user.nopass = false;
  return undefined;
}

function removePassword(user: User, digest: string): Fault {
  const at = user.passwords.indexOf(digest);
  if (at < 0) return RuleFault.NO_SUCH_PASSWORD;
  user.passwords.splice(at, 1);
  return undefined;
}

/** A rule in parentheses; quotes that do not match make it an empty selector, as with Redis. */
function addSelector(user: User, rule: string, context: RuleContext): Fault {
  const selector = newSelector(context);
  for (const inner of splitWords(rule.slice(1, -1)) ?? []) {
    const fault = applyToSelector(selector, inner, context);
    if (fault !== undefined) return fault;
  }
  user.selectors.push(selector);
  return undefined;
}

/** Rules that are one word and speak of one selector. */
const SELECTOR_WORDS: ReadonlyMap<string, (selector: Selector) => void> = new Map([
  ["allkeys", (selector: Selector) => setKeys(selector, true)],
  ["~*", (selector: Selector) => setKeys(selector, true)],
  ["resetkeys", (selector: Selector) => setKeys(selector, false)],
  ["allchannels", (selector: Selector) => setChannels(selector, true)],
  ["&*", (selector: Selector) => setChannels(selector, true)],
  ["resetchannels", (selector: Selector) => setChannels(selector, false)],
  ["allcommands", (selector: Selector) => selector.putAll(true)],
  ["+@all", (selector: Selector) => selector.putAll(true)],
  ["nocommands", (selector: Selector) => selector.putAll(false)],
  ["-@all", (selector: Selector) => selector.putAll(false)],
]);

function setKeys(selector: Selector, all: boolean): void {
  selector.allKeys = all;
  selector.patterns = [];
}

function setChannels(selector: Selector, all: boolean): void {
  selector.allChannels = all;
  selector.channels = [];
}

function applyToSelector(selector: Selector, rule: string, context: RuleContext): Fault {
  const word = SELECTOR_WORDS.get(lowerCase(cString(rule)));
  if (word !== undefined) {
    word(selector);
    return undefined;
  }
  switch (rule[0]) {
    case "~":
    case "%":
      return addKeyPattern(selector, rule);
    case "&":
      if (selector.allChannels) return RuleFault.AFTER_ALL_CHANNELS;
      if (hasBlanks(rule)) return RuleFault.SYNTAX;
      selector.addChannel(rule.slice(1));
      return undefined;
    case "+":
    case "-":
      if (rule[1] === "@") return putCategory(selector, rule.slice(2), rule[0] === "+", context);
      return rule[0] === "+" ? allowCommand(selector, rule, context) : denyCommand(selector, rule, context);
  }
  return RuleFault.SYNTAX;
}

/** `~pattern` and `%R~`, `%W~`, `%RW~`. Redis takes `%~pattern` too and stops with a failed assertion when asked to show it. */
function addKeyPattern(selector: Selector, rule: string): Fault {
  if (selector.allKeys) return RuleFault.AFTER_ALL_KEYS;
  const parts = /^(?:~|%(R|W|RW|WR)(?:~|$))(.*)$/si.exec(rule);
  if (parts === null || hasBlanks(parts[2]!)) return RuleFault.SYNTAX;
  const letters = parts[1]?.toUpperCase() ?? "RW";
  const access = (letters.includes("R") ? Access.READ : 0) | (letters.includes("W") ? Access.WRITE : 0);
  selector.addPattern(parts[2]!, access);
  return undefined;
}

function putCategory(selector: Selector, name: string, allow: boolean, context: RuleContext): Fault {
  const commands = context.commands.inCategory(name);
  if (commands === undefined) return RuleFault.UNKNOWN;
  for (const command of commands) selector.put(command, allow);
  return undefined;
}

function denyCommand(selector: Selector, rule: string, { commands }: RuleContext): Fault {
  const command = commands.get(rule.slice(1));
  if (command === undefined) return RuleFault.UNKNOWN;
  selector.put(command, false);
  return undefined;
}

/** `+command`, `+container|sub`, or `+command|word`: the command, but only with this word as its first argument. */
function allowCommand(selector: Selector, rule: string, { commands, warn }: RuleContext): Fault {
  const name = cString(rule).slice(1);
  const bar = name.lastIndexOf("|");
  const command = commands.get(bar < 0 ? name : name.slice(0, bar));
  if (command === undefined) return RuleFault.UNKNOWN;
  if (bar < 0) {
    selector.put(command, true);
    return undefined;
  }
  if (command.parent !== null) return RuleFault.FIRST_ARG_OF_SUBCOMMAND;
  const word = name.slice(bar + 1);
  if (word === "") return RuleFault.SYNTAX;
  if (command.subcommands !== null) {
    const sub = commands.get(name);
    if (sub === undefined) return RuleFault.UNKNOWN;
    selector.put(sub, true);
    return undefined;
  }
  warn(
    "Deprecation warning: Allowing a first arg of an otherwise blocked command is a misuse of ACL and may get disabled in " +
      `the future (offender: +${name})`,
  );
  const words = selector.firstArgs.get(command.id) ?? [];
  if (!words.some((known) => lowerCase(known) === lowerCase(word))) words.push(word);
  selector.firstArgs.set(command.id, words);
  return undefined;
}
