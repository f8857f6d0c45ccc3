/**
 * Which arguments are nobody else's business: passwords and the rules of users must reach neither a client in MONITOR
 * nor the slow log.
 */

import type { Args } from "../commands/args.ts";
import type { Command } from "../commands/table.ts";

/** What is shown in place of such an argument. */
export const REDACTED = "(redacted)";

/** Settings that hold secrets. */
const SECRET_SETTINGS = new Set([
  "requirepass",
  "masterauth",
  "masteruser",
  "tls-key-file-pass",
  "tls-client-key-file-pass",
]);

type Rule = (args: Args, i: number) => boolean;

/** By command: whether argument `i` is secret. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["auth", (args, i) => args.count <= 3 && i >= 1],
  // Only a complete AUTH: without its password HELLO fails, and is shown as it is.
  [
    "hello",
    (args, i) =>
      (i >= 3 && i + 1 < args.count && args.is(i - 1, "AUTH")) || (i >= 4 && args.is(i - 2, "AUTH")),
  ],
  ["acl|setuser", (_args, i) => i >= 2],
  ["config|set", (args, i) => i >= 3 && i % 2 === 1 && SECRET_SETTINGS.has(args.text(i - 1).toLowerCase())],
  [
    "migrate",
    (args, i) =>
      i >= 7 && (args.is(i - 1, "AUTH") || args.is(i - 1, "AUTH2") || (i >= 8 && args.is(i - 2, "AUTH2"))),
  ],
]);

const NOTHING: Rule = () => false;

/** Tells which arguments of this command must not be shown. */
export function secretsOf(command: Command): Rule {
  return RULES.get(command.fullName) ?? NOTHING;
}
