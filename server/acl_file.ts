/**
 * Users in files: `user` lines of redis.conf, checked when they are read and loaded when the server starts, and the ACL file of the
 * `aclfile` directive, which is taken whole or not at all.
 *
 * The two are read differently: redis.conf has quotes, the ACL file is cut at every space.
 */

import type { CommandTable } from "../commands/table.ts";
import { cString } from "../types/quoting.ts";
import {
  AclCommands,
  applyRule,
  hasBlanks,
  mergeSelectors,
  newSelector,
  type RuleContext,
  RuleFault,
} from "./acl_rules.ts";
import { User } from "./acl_user.ts";

/** The `user` lines of redis.conf. */
export class UserLines {
  /** The words of each line after "user". */
  readonly lines: string[][] = [];
  readonly #context: RuleContext;

  /** @param warn takes lines for the log */
  constructor(table: CommandTable, warn: (message: string) => void = () => {}) {
    this.#context = { commands: new AclCommands(table), allChannels: () => false, warn };
  }

  /**
   * Keeps a line. Commands that do not exist are let pass here and stop the server later: modules, which bring commands, are
   * loaded in between.
   * @returns the word that is named in the error (Redis counts from the wrong one), and the reason
   */
  add(words: readonly string[]): { word: string; reason: string } | undefined {
    const [name, ...rest] = words;
    const all = ["user", ...words];
    if (this.lines.some((line) => line[0] === name)) return { word: name!, reason: RuleFault.DUPLICATE };
    const rules = mergeSelectors(rest);
    if (typeof rules === "number") return { word: all[rules]!, reason: RuleFault.UNKNOWN };
    const user = new User(name!, newSelector(this.#context));
    for (const [i, rule] of rules.entries()) {
      const fault = applyRule(user, rule, this.#context);
      if (fault !== undefined && fault !== RuleFault.UNKNOWN) return { word: all[i]!, reason: fault };
    }
    this.lines.push([name!, ...rules]);
    return undefined;
  }
}

/** One user of a `user` line of redis.conf. Throws an Error whose message is for the log. */
export function userOfLine([name, ...rules]: readonly string[], context: RuleContext): User {
  if (hasBlanks(name!)) throw new Error("Spaces not allowed in ACL usernames");
  const user = new User(name!, newSelector(context));
  // The default user exists already: what it is begins with a "reset", which shows in its flags.
  if (name === "default") applyRule(user, "reset", context);
  for (const rule of rules) {
    const fault = applyRule(user, rule, context);
    if (fault !== undefined) {
      throw new Error(
        `Error loading ACL rule '${cString(rule)}' for the user named '${cString(name!)}': ${fault}`,
      );
    }
  }
  return user;
}

/**
 * The users of an ACL file, or what is wrong with it in one line of text.
 * @param file the name of the file, for errors
 */
export function usersOfFile(text: string, file: string, context: RuleContext): Map<string, User> | string {
  const users = new Map<string, User>();
  let errors = "";
  for (const [i, raw] of cString(text).split("\n").entries()) {
    const line = raw.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
    if (line !== "") errors += loadLine(line, i + 1, file, users, context);
  }
  if (errors === "") return users;
  return `${errors}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`;
}

/** Adds the user of one line; returns its errors. */
function loadLine(
  line: string,
  number: number,
  file: string,
  users: Map<string, User>,
  context: RuleContext,
): string {
  const [keyword, name, ...words] = line.split(" ");
  if (keyword !== "user" || name === undefined) {
    return `${file}:${number} should start with user keyword followed by the username. `;
  }
  if (hasBlanks(name)) return `'${file}:${number}: username '${name}' contains invalid characters. `;
  if (users.has(name)) return `WARNING: Duplicate user '${name}' found on line ${number}. `;
  const user = new User(name, newSelector(context));
  users.set(name, user);
  const rules = mergeSelectors(words);
  if (typeof rules === "number") return `${file}:${number}: Unmatched parenthesis in selector definition.`;
  let errors = "";
  let silent = false;
  for (const rule of rules) {
    const fault = applyRule(user, rule.replace(/^[\t\r\n]+|[\t\r\n]+$/g, ""), context);
    if (fault === RuleFault.UNKNOWN) {
      errors += `${file}:${number}: Error in applying operation '${rule}': ${fault}. `;
    } else if (fault !== undefined && !silent) {
      // One of these is enough: what follows may be its consequence, and the rule itself may be a password.
      errors += `${file}:${number}: ${fault}. `;
      silent = true;
    }
  }
  return errors;
}
