/**
 * The users of one server: who is logged in as whom, what the gate asks, how users come and go.
 *
 * What a user may do is acl_user.ts, rules as text are acl_rules.ts and acl_describe.ts, files are acl_file.ts. Most servers know one
 * user who may do everything; the gate sees that in `user.unrestricted` and never comes here.
 */

import type { Args } from "../commands/args.ts";
import { CommandError } from "../commands/errors.ts";
import { KeyList } from "../commands/keys.ts";
import type { Command } from "../commands/table.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { cString } from "../types/quoting.ts";
import { sha256Hex } from "../types/sha256.ts";
import { messageOf } from "../util/errors.ts";
import { describeUser, summarizeUser, type UserSummary } from "./acl_describe.ts";
import { userOfLine, usersOfFile } from "./acl_file.ts";
import { type AclContext, AclLog, type AclReason } from "./acl_log.ts";
import {
  AclCommands,
  applyRule,
  hasBlanks,
  mergeSelectors,
  newSelector,
  type RuleContext,
} from "./acl_rules.ts";
import { allowsChannel, allowsPattern, Denial, type Question, User } from "./acl_user.ts";
import type { Client } from "./client.ts";
import { clientInfo } from "./client_info.ts";
import { joinPath, SystemError } from "./config_host.ts";
import type { RedisServer } from "./server.ts";

const NO_KEY = new CommandError(
  "NOPERM this user has no permissions to access one of the keys used as arguments",
);
const NO_CHANNEL = new CommandError(
  "NOPERM this user has no permissions to access one of the channels used as arguments",
);

/** What EXEC answers in place of a command that its user has lost the right to while it was queued. */
const LOST = {
  command: lost("no permission to execute the command or subcommand"),
  key: lost("no permission to touch the specified keys"),
  channel: lost("no permission to access one of the channels used as arguments"),
};

function lost(reason: string): CommandError {
  return new CommandError(
    "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " +
      `This command is no longer allowed for the following reason: ${reason}`,
  );
}

/** What a request asks for that its user may not have. */
export type Refused = "command" | "key" | "channel";

/** The users of one server. */
export class Acl {
  /** The user that new connections begin as. The object never changes. */
  readonly defaultUser: User;
  /** Whose rights what comes from the append-only file and from a primary has: all, whatever becomes of the default user. */
  readonly superuser: User;
  readonly commands: AclCommands;
  readonly log = new AclLog();
  readonly #server: RedisServer;
  readonly #context: RuleContext;
  #users = new Map<string, User>();
  readonly #question: Question = { keys: new KeyList(), found: false, position: 0 };

  constructor(server: RedisServer) {
    this.#server = server;
    const { config } = server;
    this.commands = new AclCommands(server.table);
    this.#context = {
      commands: this.commands,
      allChannels: () => config.aclPubsubDefault === "allchannels",
      warn: (message) => server.log.warning(message),
    };
    this.defaultUser = this.#almighty("default");
    this.superuser = this.#almighty("(superuser)");
    this.#users.set("default", this.defaultUser);
    if (config.requirepass !== "") this.#adoptRequirepass();
    config.onApply("requirepass", () => this.#adoptRequirepass());
  }

  #almighty(name: string): User {
    const user = new User(name, newSelector(this.#context));
    for (const rule of ["on", "nopass", "~*", "&*", "+@all"]) applyRule(user, rule, this.#context);
    user.become(user.copy());
    return user;
  }

  /** requirepass is the default user's only password. */
  #adoptRequirepass(): void {
    const { requirepass } = this.#server.config;
    const user = this.defaultUser;
    user.nopass = requirepass === "";
    user.passwords = requirepass === "" ? [] : [sha256Hex(fromLatin1(requirepass))];
  }

  // -- Users ----------------------------------------------------------------------------------------------------

  /** The user of this name. */
  get(name: string): User | undefined {
    return this.#users.get(name);
  }

  /** All users, by name. */
  get users(): User[] {
    return [...this.#users.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** The rules that make this user. */
  describe(user: User): string {
    return describeUser(user, this.commands);
  }

  /** The parts of that, for ACL GETUSER. */
  summary(user: User): UserSummary {
    return summarizeUser(user, this.commands);
  }

  /** The users as lines of redis.conf or of an ACL file. */
  configLines(): string[] {
    return this.users.map((user) => `user ${user.name} ${this.describe(user)}`);
  }

  /**
   * ACL SETUSER: applies rules to a user, which is made where there is none of this name. All rules are good or none is applied.
   * @returns what is wrong, without its error code
   */
  setUser(name: string, words: readonly string[]): string | undefined {
    if (hasBlanks(name)) return "Usernames can't contain spaces or null characters";
    const rules = mergeSelectors(words);
    if (typeof rules === "number") {
      return `Unmatched parenthesis in acl selector starting at '${cString(words[rules]!)}'.`;
    }
    const known = this.#users.get(name);
    const user = known?.copy() ?? new User(name, newSelector(this.#context));
    for (const rule of rules) {
      const fault = applyRule(user, rule, this.#context);
      if (fault !== undefined) return `Error in ACL SETUSER modifier '${cString(rule)}': ${fault}`;
    }
    if (known === undefined) {
      user.become(user.copy());
      this.#users.set(name, user);
    } else {
      this.#endLostSubscriptions(known, user);
      known.become(user);
    }
    return undefined;
  }

  /** ACL DELUSER: removes a user and closes its clients. False where there is none. */
  deleteUser(name: string): boolean {
    const user = this.#users.get(name);
    if (user === undefined) return false;
    this.#users.delete(name);
    this.#closeClients(user);
    return true;
  }

  /** Closes all clients that are logged in as this user. */
  #closeClients(user: User): void {
    for (const client of [...this.#server.clients.values()]) {
      if (client.user !== user) continue;
      client.user = this.defaultUser;
      client.authenticated = false;
      this.#close(client);
    }
  }

  /** Closes a client; the one whose command this is gets its reply first. */
  #close(client: Client): void {
    const { dispatcher } = this.#server;
    if (dispatcher.depth > 0 && dispatcher.ctx.client === client) client.closeAfterReply = true;
    else this.#server.kill(client);
  }

  /** Closes clients that listen to what their user will not be allowed to listen to any more. */
  #endLostSubscriptions(before: User, after: User): void {
    if (after.selectors.some((selector) => selector.allChannels)) return;
    const channels = after.selectors.flatMap((selector) => selector.channels);
    const kept = new Set(channels.map(({ text }) => text));
    const superset = before.selectors.every((selector) =>
      !selector.allChannels && selector.channels.every(({ text }) => kept.has(text))
    );
    if (superset) return;
    const allows = (channel: string) => {
      const name = fromLatin1(channel);
      return allowsChannel(channels, name, 0, name.length);
    };
    for (const client of [...this.#server.clients.values()]) {
      if (client.user !== before || !client.subscribed) continue;
      const keeps = [...client.patterns].every((pattern) => allowsPattern(channels, pattern)) &&
        [...client.channels].every(allows) && [...client.shardChannels].every(allows);
      if (!keeps) this.#close(client);
    }
  }

  // -- Logging in -----------------------------------------------------------------------------------------------

  /** Whether this client may do nothing before it logs in. Not where the default user needs no password by now. */
  mustLogIn(client: Client): boolean {
    return !client.authenticated && !this.defaultUser.passwordless;
  }

  /** Logs a client in; false where name or password are wrong. `given` is the command that tries, as it was written. */
  authenticate(client: Client, name: string, password: Uint8Array, given: string): boolean {
    const user = this.#users.get(name);
    if (user === undefined || !user.enabled || !(user.nopass || user.opensWith(sha256Hex(password)))) {
      this.#record(client, "auth", contextOf(client), given, name);
      return false;
    }
    client.user = user;
    client.authenticated = true;
    return true;
  }

  // -- What the gate asks ---------------------------------------------------------------------------------------

  /** Why this client may not run this command; null where it may. A refusal is logged. */
  check(client: Client, command: Command, args: Args): CommandError | null {
    const refused = this.#refuses(client, command, args, contextOf(client));
    if (refused === null) return null;
    if (refused === "key") return NO_KEY;
    if (refused === "channel") return NO_CHANNEL;
    return new CommandError(`NOPERM this user has no permissions to run the '${command.fullName}' command`);
  }

  /** As {@link check}, for a command that was queued and allowed then. */
  checkQueued(client: Client, command: Command, args: Args): CommandError | null {
    const refused = this.#refuses(client, command, args, "multi");
    return refused === null ? null : LOST[refused];
  }

  /** As {@link check}, for a command of a script: what is refused. */
  checkScripted(client: Client, command: Command, args: Args): Refused | null {
    return this.#refuses(client, command, args, "lua");
  }

  /** What this user may not have of a request, and the argument that says it; null where all is well. Nothing is logged. */
  dryRun(user: User, command: Command, args: Args): { reason: Refused; position: number } | null {
    const denial = user.refuses(command, args, this.#question);
    return denial === Denial.NONE ? null : { reason: wordOf(denial), position: this.#question.position };
  }

  /** Whether this client may look at any key in the course of this request (BY and GET of SORT). */
  mayReadAllKeys(client: Client, command: Command, args: Args): boolean {
    return client.user.unrestricted || client.user.mayReadAllKeys(command, args, this.#question);
  }

  #refuses(client: Client, command: Command, args: Args, context: AclContext): Refused | null {
    const { user } = client;
    if (user.unrestricted) return null;
    const question = this.#question;
    const denial = user.refuses(command, args, question);
    if (denial === Denial.NONE) return null;
    const refused = wordOf(denial);
    const object = refused === "command" ? command.fullName : args.text(question.position);
    this.#record(client, refused, context, object, user.name);
    return refused;
  }

  #record(client: Client, reason: AclReason, context: AclContext, object: string, username: string): void {
    const { config, clock } = this.#server;
    this.log.add({
      count: 1,
      reason,
      context,
      object,
      username,
      time: clock.wallMs(),
      client: clientInfo(this.#server, client.caller ?? client),
    }, config.acllogMaxLen);
  }

  // -- Files ----------------------------------------------------------------------------------------------------

  /**
   * Makes the users that the configuration names: by `user` lines or an ACL file, not both. Throws an Error whose message is for the
   * log.
   */
  loadAtStart(lines: readonly (readonly string[])[]): void {
    const { config } = this.#server;
    if (config.aclfile !== "" && lines.length > 0) {
      throw new Error(
        "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is " +
          "very likely to lead to configuration errors and security holes, please define either an ACL file or declare users " +
          "directly in your redis.conf, but not both.",
      );
    }
    for (const line of lines) this.#loadLine(line);
    if (config.aclfile === "") return;
    const errors = this.loadFile();
    if (errors !== undefined) throw new Error(`Aborting Redis startup because of ACL errors: ${errors}`);
  }

  #loadLine(line: readonly string[]): void {
    const { log } = this.#server;
    let user: User;
    try {
      user = userOfLine(line, this.#context);
    } catch (error) {
      log.warning(messageOf(error));
      throw new Error("Critical error while loading ACLs. Exiting.");
    }
    if (!user.enabled) {
      log.notice(
        `The user '${user.name}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a ` +
          "configuration error.",
      );
    }
    const known = this.#users.get(user.name) ?? user;
    known.become(user.copy());
    this.#users.set(user.name, known);
  }

  /** ACL LOAD: the users of the ACL file take the place of all others, whose clients are closed. Returns what is wrong with it. */
  loadFile(): string | undefined {
    const { config } = this.#server;
    let text: string;
    try {
      text = config.host.readFile(joinPath(config.dir, config.aclfile));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return `Error loading ACLs, opening file '${config.aclfile}': ${error.message}`;
    }
    const users = usersOfFile(text, config.aclfile, this.#context);
    if (typeof users === "string") return users;
    this.defaultUser.become(users.get("default") ?? this.#almighty("default"));
    for (const user of users.values()) user.become(user.copy());
    users.set("default", this.defaultUser);
    const before = this.#users;
    this.#users = users;
    for (const user of before.values()) if (user !== this.defaultUser) this.#closeClients(user);
    return undefined;
  }

  /** ACL SAVE. False, and a line in the log, where that fails. */
  saveFile(): boolean {
    const { config, log } = this.#server;
    try {
      config.host.replaceFile(
        joinPath(config.dir, config.aclfile),
        this.configLines().map((line) => `${line}\n`).join(""),
      );
      return true;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      log.warning(`Saving ACLs to '${config.aclfile}' failed: ${error.message}`);
      return false;
    }
  }
}

function wordOf(denial: number): Refused {
  return denial === Denial.KEY ? "key" : denial === Denial.CHANNEL ? "channel" : "command";
}

function contextOf(client: Client): AclContext {
  return client.transaction === null ? "toplevel" : "multi";
}
