/** Users and what they may do. (Rules, selectors and the log are built on this.) */

import { fromLatin1 } from "../types/bytes.ts";
import { sha256Hex } from "../types/sha256.ts";
import type { Args } from "../commands/args.ts";
import type { CommandError } from "../commands/errors.ts";
import type { Command } from "../commands/table.ts";
import type { Client } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** One user. */
export class User {
  readonly name: string;
  /** Digests of the passwords that open this user. */
  passwords: readonly string[] = [];
  /** New connections are logged in as this user without a password (nopass, enabled). */
  passwordless = true;
  /** May run every command on every key and channel: the usual case, checked without a call. */
  unrestricted = true;

  constructor(name: string) {
    this.name = name;
  }
}

/** The rules of a user line beside its passwords, so far: everything is allowed. */
const ALLOW_ALL: ReadonlySet<string> = new Set([
  "on",
  "nopass",
  "sanitize-payload",
  "~*",
  "allkeys",
  "&*",
  "+@all",
]);

/**
 * Checks a `user` line of redis.conf (its words after "user"). Only the default user with all rights exists so far: that is what
 * CONFIG REWRITE writes.
 * @returns the word that is refused, and why
 */
export function checkUserLine(words: readonly string[]): { word: string; reason: string } | undefined {
  const [name, ...rules] = words;
  if (name !== "default") return { word: name!, reason: "There are no users but default" };
  const word = rules.find((rule) => !ALLOW_ALL.has(rule) && !/^(#[0-9a-f]{64}|>.*)$/s.test(rule));
  return word === undefined ? undefined : { word, reason: "Syntax error" };
}

/** The users of one server. */
export class Acl {
  readonly defaultUser = new User("default");

  constructor({ config }: RedisServer) {
    const adopt = () => {
      const { requirepass } = config;
      this.defaultUser.passwordless = requirepass === "";
      this.defaultUser.passwords = requirepass === "" ? [] : [sha256Hex(fromLatin1(requirepass))];
    };
    adopt();
    config.onApply("requirepass", adopt);
  }

  /** Adopts a `user` line that {@link checkUserLine} accepts. It outweighs requirepass. */
  load(words: readonly string[]): void {
    const user = this.defaultUser;
    user.passwordless = words.includes("nopass");
    user.passwords = words.filter((rule) => /^[#>]/.test(rule)).map((rule) => {
      return rule.startsWith("#") ? rule.slice(1) : sha256Hex(fromLatin1(rule.slice(1)));
    });
  }

  /** Logs a client in; false where name or password are wrong. */
  authenticate(client: Client, name: string, password: Uint8Array): boolean {
    const user = this.defaultUser;
    if (name !== user.name) return false;
    if (!user.passwordless && !user.passwords.includes(sha256Hex(password))) return false;
    client.user = user;
    client.authenticated = true;
    return true;
  }

  /** The users as lines of redis.conf, for CONFIG REWRITE. */
  configLines(): string[] {
    const { passwordless, passwords } = this.defaultUser;
    const secrets = passwordless ? "nopass" : passwords.map((digest) => `#${digest}`).join(" ");
    return [`user default on ${secrets} ~* &* +@all`];
  }

  /** The user of this name. */
  user(name: string): User | undefined {
    return name === this.defaultUser.name ? this.defaultUser : undefined;
  }

  /** Why this client may not run this command; null where it may. */
  check(_client: Client, _command: Command, _args: Args): CommandError | null {
    return null;
  }
}
