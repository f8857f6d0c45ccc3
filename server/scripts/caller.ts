/**
 * redis.call and redis.pcall: a command of a script runs through the gate like anybody's, for a client that has no
 * connection, in the middle of the command that runs the script. Its arguments are written into one buffer that all calls
 * share, its reply into another, which is then read as a Lua value.
 */

import { Args } from "../../commands/args.ts";
import { Targets } from "../../commands/context.ts";
import { type CommandError, NOREPLICAS, OOM, READONLY } from "../../commands/errors.ts";
import { type Command, Flag } from "../../commands/table.ts";
import { LuaError } from "../../lua/error.ts";
import { generalText } from "../../lua/printf.ts";
import type { LuaValue } from "../../lua/value.ts";
import { writeLatin1 } from "../../types/bytes.ts";
import { Client } from "../client.ts";
import type { RedisServer } from "../server.ts";
import { errorTable, ReplyToLua } from "./to_lua.ts";

/** What a script may do, and what it did. */
export interface Permissions {
  /** Who runs the script, and by which request. */
  readonly caller: Client;
  readonly command: Command;
  args: Args;
  /** It must not write (EVAL_RO, FCALL_RO, the flag no-writes). */
  readonly readOnly: boolean;
  /** Memory was full when it began, and it may not write then. */
  readonly outOfMemory: boolean;
  /** It has called a command that writes: from then on it is neither refused anything nor killed. */
  wrote: boolean;
}

const NO_ARGUMENTS = "ERR Please specify at least one argument for this redis lib call";
const BAD_ARGUMENT = "ERR Lua redis lib command arguments must be strings or integers";
const UNKNOWN = "ERR Unknown Redis command called from script";
const WRONG_ARITY = "ERR Wrong number of args calling Redis command from script";
const NOT_ALLOWED = "ERR This Redis command is not allowed from script";
const STALE = "ERR Can not execute the command on a stale replica";
const READ_ONLY_SCRIPT = "ERR Write commands are not allowed from read-only scripts.";
const DENIED = {
  command: "ERR The user executing the script can't run this command or subcommand",
  key:
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
  channel: "ERR The user executing the script can't publish to the channel mentioned in the command",
} as const;

/** Digits of a number that is an argument: printf's "%.17g". */
const ARGUMENT_DIGITS = 17;

/** Commands between two looks at the clock; a power of two. */
const CALLS_PER_LOOK = 16;
const FIRST_BYTES = 1024;
/** Buffers above this size are given up after the call. */
const KEPT_BYTES = 256 * 1024;

/** Runs the commands of scripts, one script at a time. */
export class ScriptCaller {
  /** The client whose commands they are. */
  readonly client: Client;
  readonly #server: RedisServer;
  readonly #args = new Args();
  readonly #toLua = new ReplyToLua();
  #permissions: Permissions | null = null;
  /** Called from time to time while commands run: they may take long where the script has few steps of its own. */
  checkTime: () => void = () => {};
  #calls = 0;

  constructor(server: RedisServer) {
    this.#server = server;
    const { store, acl } = server;
    this.client = new Client(0, null, store.databases[0]!, acl.defaultUser, server.clock.wallMs());
    this.client.authenticated = true;
    this.#args.buf = new Uint8Array(FIRST_BYTES);
  }

  /** A script begins: in its caller's database and with its caller's rights. */
  begin(permissions: Permissions): void {
    const { client } = this;
    const { caller } = permissions;
    this.#permissions = permissions;
    client.caller = caller;
    client.user = caller.user;
    client.db = caller.db;
    client.loader = caller.loader;
    client.primary = caller.primary;
    client.reply.protocol = 2;
    client.targets = Targets.ALL;
  }

  /** It is over. */
  end(): void {
    this.#permissions = null;
    this.client.caller = null;
  }

  /** True while a script is under way. */
  get active(): boolean {
    return this.#permissions !== null;
  }

  /**
   * Runs a command. Returns its reply; an error too, as a table, unless `raise`.
   * @throws LuaError
   */
  call(values: readonly LuaValue[], raise: boolean): LuaValue {
    const wrong = this.#encode(values);
    if (wrong !== null) return failure(wrong, false, raise);
    const args = this.#args;
    const command = this.#server.dispatcher.find(args);
    const refused = this.#refusal(command, args);
    if (refused !== null) {
      this.#server.errorStats.count(refused);
      if (command !== undefined) command.stats.rejected++;
      return failure(refused, true, raise);
    }
    return this.#run(command!, args, raise);
  }

  #run(command: Command, args: Args, raise: boolean): LuaValue {
    const { reply } = this.client;
    reply.rewind(0);
    this.#server.dispatcher.run(this.client, command, args);
    if ((command.flags & Flag.READONLY) !== 0) this.#track();
    if ((++this.#calls & CALLS_PER_LOOK - 1) === 0) this.checkTime();
    const isError = raise && reply.buf[0] === 45; // -
    const value = this.#toLua.read(reply, 0);
    reply.rewind(0);
    if (reply.buf.length > KEPT_BYTES) reply.buf = new Uint8Array(FIRST_BYTES);
    if (args.buf.length > KEPT_BYTES) args.buf = new Uint8Array(FIRST_BYTES);
    if (isError) throw new LuaError(value);
    return value;
  }

  /** A tracking client may hold what it has named as its script's keys, as soon as the script reads: so it is in 7.0. */
  #track(): void {
    const { caller, command, args } = this.#permissions!;
    if (caller.tracking !== null) this.#server.tracking.remember(caller, command, args);
  }

  /** Whether the caller may run this command: redis.acl_check_cmd. @throws LuaError */
  allows(values: readonly LuaValue[]): boolean {
    const wrong = this.#encode(values);
    if (wrong !== null) throw new LuaError(errorTable(wrong, false));
    const args = this.#args;
    const { acl, dispatcher } = this.#server;
    const command = dispatcher.find(args);
    if (command === undefined) {
      throw new LuaError(errorTable("ERR Invalid command passed to redis.acl_check_cmd()", false));
    }
    return acl.dryRun(this.client.user, command, args) === null;
  }

  /** Writes the arguments of a call as a request. Returns what is wrong with them. */
  #encode(values: readonly LuaValue[]): string | null {
    const args = this.#args;
    const count = values.length;
    if (count === 0) return NO_ARGUMENTS;
    if (args.starts.length < count) {
      args.starts = new Int32Array(count * 2);
      args.ends = new Int32Array(count * 2);
    }
    let buf = args.buf;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      let text: string;
      if (typeof value === "string") text = value;
      else if (typeof value === "number") text = generalText(value, ARGUMENT_DIGITS);
      else return BAD_ARGUMENT;
      const { length } = text;
      if (at + length > buf.length) buf = this.#grow(at, length);
      args.starts[i] = at;
      at = writeLatin1(text, buf, at);
      args.ends[i] = at;
    }
    args.count = count;
    return null;
  }

  #grow(used: number, more: number): Uint8Array {
    const args = this.#args;
    const grown = new Uint8Array(Math.max(args.buf.length * 2, used + more));
    grown.set(args.buf.subarray(0, used));
    return args.buf = grown;
  }

  /** Why the script must not run this command, in redis-server's order; null where it may. */
  #refusal(command: Command | undefined, args: Args): string | null {
    if (command === undefined) return UNKNOWN;
    if (!command.takes(args.count)) return WRONG_ARITY;
    const server = this.#server;
    const { flags } = command;
    if ((flags & Flag.NOSCRIPT) !== 0 && !server.scriptsMayRunAll) return NOT_ALLOWED;
    // A script within a script there is none, whatever the settings; and containers cannot be run.
    if (command.declaresFlags || command.run === undefined) return NOT_ALLOWED;
    if (server.staleReplica && (flags & Flag.STALE) === 0) return STALE;
    if (!this.client.user.unrestricted) {
      const denied = server.acl.checkScripted(this.client, command, args);
      if (denied !== null) return DENIED[denied];
    }
    if ((flags & (Flag.WRITE | Flag.MAY_REPLICATE | Flag.DENYOOM)) === 0) return null;
    const permissions = this.#permissions!;
    if (permissions.readOnly && (flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0) return READ_ONLY_SCRIPT;
    if (!permissions.wrote) {
      const refused = this.#writeRefusal(flags, permissions);
      if (refused !== null) return refused.text;
    }
    if ((flags & Flag.WRITE) !== 0) permissions.wrote = true;
    return null;
  }

  /** What stops the first write of a script. */
  #writeRefusal(flags: number, { caller, outOfMemory }: Permissions): CommandError | null {
    const server = this.#server;
    const obeyed = caller.primary || caller.loader;
    if ((flags & Flag.WRITE) !== 0) {
      if (server.readOnlyReplica && !obeyed) return READONLY;
      if (server.writesUnsafe !== null && !obeyed) return server.writesUnsafe;
      if (server.lacksReplicas) return NOREPLICAS;
    }
    return outOfMemory && !obeyed && (flags & Flag.DENYOOM) !== 0 ? OOM : null;
  }
}

/** @throws LuaError where the error is to be raised */
function failure(text: string, counted: boolean, raise: boolean): LuaValue {
  const table = errorTable(text, counted);
  if (raise) throw new LuaError(table);
  return table;
}
