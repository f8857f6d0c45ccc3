/** Users and what they may do. (Rules, selectors and the log are built on this.) */

import type { Args } from "../commands/args.ts";
import type { CommandError } from "../commands/errors.ts";
import type { Command } from "../commands/table.ts";
import type { Client } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** One user. */
export class User {
  readonly name: string;
  /** New connections are logged in as this user without a password (nopass, enabled). */
  passwordless = true;
  /** May run every command on every key and channel: the usual case, checked without a call. */
  unrestricted = true;

  constructor(name: string) {
    this.name = name;
  }
}

/** The users of one server. */
export class Acl {
  readonly defaultUser = new User("default");

  constructor(_server: RedisServer) {
  }

  /** Logs a client in; false where name or password are wrong. */
  authenticate(client: Client, name: string, _password: Uint8Array): boolean {
    if (name !== this.defaultUser.name) return false;
    client.user = this.defaultUser;
    client.authenticated = true;
    return true;
  }

  /** The users as lines of redis.conf, for CONFIG REWRITE. */
  configLines(): string[] {
    return ["user default on nopass ~* &* +@all"];
  }

  /** Why this client may not run this command; null where it may. */
  check(_client: Client, _command: Command, _args: Args): CommandError | null {
    return null;
  }
}
