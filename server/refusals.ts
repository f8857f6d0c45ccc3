/**
 * What stands between a request and its command: log-in, rights, memory, replication, scripts, pauses. The order of the
 * checks is redis-server's, as clients see it in which error they get.
 */

import type { Args } from "../commands/args.ts";
import { CommandError, LOADING, MASTERDOWN, NOAUTH, NOREPLICAS, OOM, READONLY } from "../commands/errors.ts";
import { type Command, Flag } from "../commands/table.ts";
import type { Client } from "./client.ts";
import { allowsProtected, protectedCommandError } from "./config.ts";
import type { RedisServer } from "./server.ts";

/** The request waits for CLIENT UNPAUSE and runs then. */
export const POSTPONED = Symbol("postponed");

/** Commands of a client in MULTI that are allowed while memory is full, beside EXEC. */
const ENDS_MULTI = new Set(["discard", "quit", "reset"]);
/** Commands allowed to a RESP2 client that is subscribed. */
const WHILE_SUBSCRIBED = new Set([
  "ping",
  "subscribe",
  "ssubscribe",
  "sunsubscribe",
  "psubscribe",
  "punsubscribe",
  "unsubscribe",
  "quit",
  "reset",
]);
const NOT_IN_MULTI = new CommandError("ERR Command not allowed inside a transaction");
/** How often the log says that a replica's writes are not saved, milliseconds. */
const UNSAFE_WARNING_MS = 10_000;
/** Commands that a client which only listens (MONITOR, a replica) must not use. */
const USES_KEYS = Flag.WRITE | Flag.READONLY | Flag.MAY_REPLICATE;
const NO_KEYSPACE = new CommandError("ERR Replica can't interact with the keyspace");

const DEBUG_GUARD = { name: "DEBUG", setting: "enable-debug-command", field: "enableDebugCommand" } as const;
const MODULE_GUARD = {
  name: "MODULE",
  setting: "enable-module-command",
  field: "enableModuleCommand",
} as const;
/** Commands that need a setting of their own. */
const GUARDS: readonly [fullName: string, guard: typeof DEBUG_GUARD | typeof MODULE_GUARD][] = [
  ["debug", DEBUG_GUARD],
  ["module|load", MODULE_GUARD],
  ["module|loadex", MODULE_GUARD],
  ["module|unload", MODULE_GUARD],
];

/** The reasons of one server. */
export class Refusals {
  readonly #server: RedisServer;
  /** Memory was over its limit when the last request came, before it ran: scripts ask. */
  outOfMemory = false;
  /** Monotonic milliseconds before which nobody is told again that a replica's writes are not saved. */
  #nextUnsafeWarningMs = 0;
  /** By id: the setting that allows a command which could harm the host. */
  readonly #protected: (typeof DEBUG_GUARD | typeof MODULE_GUARD | undefined)[] = [];
  /** By id: whether it is one of {@link WHILE_SUBSCRIBED}. */
  readonly #whileSubscribed: boolean[];

  constructor(server: RedisServer) {
    this.#server = server;
    for (const [name, guard] of GUARDS) {
      const command = server.table.byFullName(name);
      if (command !== undefined) this.#protected[command.id] = guard;
    }
    this.#whileSubscribed = server.table.flags((name) => WHILE_SUBSCRIBED.has(name));
  }

  /**
   * The first reason not to run this command with these flags, in redis-server's order; null to run it. `busy`: a script is
   * in the middle of its work.
   */
  of(
    client: Client,
    command: Command,
    args: Args,
    flags: number,
    busy: boolean,
  ): CommandError | null | typeof POSTPONED {
    const server = this.#server;
    const guard = this.#protected[command.id];
    if (guard !== undefined && !allowsProtected(server.config[guard.field], client.local)) {
      return new CommandError(protectedCommandError(guard.name, guard.setting));
    }
    if (!client.authenticated && (flags & Flag.NO_AUTH) === 0 && server.acl.mustLogIn(client)) return NOAUTH;
    if (client.transaction !== null && (flags & Flag.NO_MULTI) !== 0) return NOT_IN_MULTI;
    if (!client.user.unrestricted) {
      const denied = server.acl.check(client, command, args);
      if (denied !== null) return denied;
    }
    if (client.loader) return null;
    if (client.primary) {
      // Where replica-ignore-maxmemory says no, a full replica takes no more, and has other data than its primary then.
      if (server.maxmemoryActive && server.makeRoom() && this.#needsMemory(client, command, flags)) {
        return OOM;
      }
      if (server.writesUnsafe !== null) this.#obeyUnsafely(client, command, flags);
      return null;
    }
    if (server.maxmemoryActive) {
      this.outOfMemory = !busy && server.makeRoom();
      if (this.outOfMemory && this.#needsMemory(client, command, flags)) return OOM;
    } else this.outOfMemory = false;
    if (server.tracking.overfull) server.tracking.limit();
    const mayWrite = (flags & (Flag.WRITE | Flag.MAY_REPLICATE)) !== 0 || command.fullName === "exec";
    if (mayWrite || server.writesUnsafe !== null) {
      const refused = this.#writeRefusal(client, command, flags);
      if (refused !== null) return refused;
    }
    if (client.restricted && this.#whileSubscribed[command.id] !== true) {
      return new CommandError(
        `ERR Can't execute '${command.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      );
    }
    if (client.replica && (flags & USES_KEYS) !== 0) return NO_KEYSPACE;
    if (server.staleReplica && (flags & Flag.STALE) === 0) return MASTERDOWN;
    if (server.loading && (flags & Flag.LOADING) === 0) return LOADING;
    if (busy && (flags & Flag.ALLOW_BUSY) === 0) return server.scripting.busyError;
    if (server.asyncLoading && (flags & Flag.NO_ASYNC_LOADING) !== 0) return LOADING;
    if (client.monitor && (flags & USES_KEYS) !== 0) return NO_KEYSPACE;
    if (server.pauses.active && !client.replica && server.pauses.holds(client, command, flags)) {
      server.pauses.postpone(client);
      return POSTPONED;
    }
    return null;
  }

  /** While memory is full nothing may be queued either; EXEC may run what needs none. */
  #needsMemory(client: Client, command: Command, flags: number): boolean {
    if ((flags & Flag.DENYOOM) !== 0) return true;
    if (client.transaction === null) return false;
    if (command.fullName !== "exec") return !ENDS_MULTI.has(command.fullName);
    return client.transaction.queue.some((queued) => (queued.flags & Flag.DENYOOM) !== 0);
  }

  /** Reasons that only stop commands which change data (EXEC: which hold one that does). */
  #writeRefusal(client: Client, command: Command, flags: number): CommandError | null {
    const server = this.#server;
    const isWrite = holdsWrite(client, command, flags);
    const unsafe = server.writesUnsafe;
    if (unsafe !== null && (isWrite || command.fullName === "ping")) return unsafe;
    if (!isWrite) return null;
    if (server.lacksReplicas) return NOREPLICAS;
    if (server.readOnlyReplica) return READONLY;
    return null;
  }

  /** The primary's write cannot be saved here: it is run all the same, or nothing is any more. */
  #obeyUnsafely(client: Client, command: Command, flags: number): void {
    const isPing = command.fullName === "ping";
    if (!isPing && !holdsWrite(client, command, flags)) return;
    const server = this.#server;
    if (!isPing && !server.config.replicaIgnoreDiskWriteErrors) {
      server.crash("panic", "Replica was unable to write command to disk.");
    }
    const now = server.clock.monoMs();
    if (now < this.#nextUnsafeWarningMs) return;
    this.#nextUnsafeWarningMs = now + UNSAFE_WARNING_MS;
    server.log.warning("Replica is applying a command even though it is unable to write to disk.");
  }
}

/** Whether this command changes data; of EXEC, whether a queued one does. */
function holdsWrite(client: Client, command: Command, flags: number): boolean {
  if ((flags & Flag.WRITE) !== 0) return true;
  return command.fullName === "exec" && client.transaction !== null &&
    client.transaction.queue.some((queued) => (queued.flags & Flag.WRITE) !== 0);
}
