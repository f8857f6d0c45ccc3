/**
 * The only gate: every request goes through here, in the order in which redis-server checks it, and everything that a
 * command did leaves through here (propagation, statistics, waiting clients).
 *
 * {@link Dispatcher.process} is for requests of clients; {@link Dispatcher.run} runs one command for whoever is
 * entitled already (EXEC, scripts, the append-only file, a primary's stream, a woken client).
 */

import { Args } from "../commands/args.ts";
import { type Block, Suspension } from "../commands/block.ts";
import { Context, onlyOf, Targets } from "../commands/context.ts";
import { CommandError, unknownSubcommand, wrongArity } from "../commands/errors.ts";
import { type Command, Flag } from "../commands/table.ts";
import { type Database, ExpiryMode } from "../store.ts";
import type { Reply } from "../resp.ts";
import { latin1 } from "../types/bytes.ts";
import { cString } from "../types/quoting.ts";
import { traceOf } from "../util/errors.ts";
import { type Client, ReplyMode, type Waiting } from "./client.ts";
import { isHttp } from "./cross_protocol.ts";
import { LEAST_KEYS, LookAhead } from "./look_ahead.ts";
import { POSTPONED, Refusals } from "./refusals.ts";
import type { RedisServer } from "./server.ts";
import { type Frame, PutAside } from "./suspended.ts";

/** Commands that run at once inside MULTI instead of being queued. */
const NOT_QUEUED = new Set(["exec", "discard", "multi", "watch", "quit", "reset"]);
/** Redis's share of a queued argument besides its bytes, for CLIENT LIST. */
const POINTER_BYTES = 8;
/** Longest arguments, and longest reply, of a command that counts as brief. */
const BRIEF_BYTES = 512;
/** An unknown command's arguments are shown up to this many bytes. */
const SHOWN_BYTES = 128;

/** The gate of one server. */
export class Dispatcher {
  readonly #server: RedisServer;
  readonly #refusals: Refusals;
  readonly #lookAhead: LookAhead;
  readonly ctx: Context;
  /** Commands running inside one another: 0 between requests. */
  depth = 0;
  /** How many of the errors in the running command's replies have been counted: each belongs to the innermost command. */
  #errorsCounted = 0;
  /** What a script that runs for long has put aside with it; null without one. */
  #aside: PutAside | null = null;
  /** Commands put aside by the run going on, the outermost first. */
  #frames: Frame[] = [];
  /** By id: whether it is one of {@link NOT_QUEUED}. */
  readonly #notQueued: boolean[];

  constructor(server: RedisServer) {
    this.#server = server;
    this.#refusals = new Refusals(server);
    this.#lookAhead = new LookAhead(server.timer, server.store.keyHash);
    this.ctx = new Context(server, server.store);
    this.#notQueued = server.table.flags((name) => NOT_QUEUED.has(name));
  }

  /** The client whose command runs now, null between commands. */
  get currentClient(): Client | null {
    return this.depth > 0 ? this.ctx.client.caller ?? this.ctx.client : null;
  }

  /** Memory was over its limit when the last request came, before it ran: scripts ask. */
  get outOfMemory(): boolean {
    return this.#refusals.outOfMemory;
  }

  // -- Requests of clients --------------------------------------------------------------------------------------

  /** Runs the request in `client.args`: checks it, queues it or executes it, and writes the reply. */
  process(client: Client): void {
    const args = client.args;
    client.commands++;
    if (client.db.size >= LEAST_KEYS) this.#lookAhead.before(client);
    else this.#server.store.keyHash.begin(args.buf);
    const command = this.find(args);
    if (command === undefined) {
      if (isHttp(args)) return this.#server.crossProtocol.refuse(client);
      this.#reject(client, this.#unknown(args), null);
    } else if (!command.takes(args.count)) this.#reject(client, wrongArity(command.fullName), command);
    else {
      client.lastCommand = command;
      const flags = command.declaresFlags ? this.#server.scripting.flagsOf(command, args) : command.flags;
      const refusal = this.#refusals.of(client, command, args, flags, this.#aside !== null);
      if (refusal === POSTPONED) return;
      if (refusal !== null) this.#reject(client, refusal, command);
      else if (client.transaction !== null && this.#notQueued[command.id] !== true) {
        this.#queue(client, command, args, flags);
      } else this.run(client, command, args);
    }
    if (client.replyMode !== ReplyMode.ON && !client.suspended) client.settleReplies();
  }

  /** The command or sub-command that these arguments name. */
  find(args: Args): Command | undefined {
    const command = this.#server.table.find(args.buf, args.starts[0]!, args.ends[0]!);
    if (command === undefined || command.subcommands === null || args.count < 2) return command;
    return command.subcommands.find(args.buf, args.starts[1]!, args.ends[1]!);
  }

  #unknown(args: Args): CommandError {
    const container = this.#server.table.find(args.buf, args.starts[0]!, args.ends[0]!);
    if (container !== undefined) return unknownSubcommand(args);
    let rest = "";
    for (let i = 1; i < args.count && rest.length < SHOWN_BYTES; i++) {
      rest += `'${shown(args, i, SHOWN_BYTES - rest.length)}' `;
    }
    return new CommandError(`ERR unknown command '${shown(args, 0)}', with args beginning with: ${rest}`);
  }

  #reject(client: Client, error: CommandError, command: Command | null): void {
    if (client.transaction !== null) client.transaction.aborted = true;
    if (command !== null) command.stats.rejected++;
    if (command?.fullName === "exec") {
      // A transaction that may not run is over; its reply names the reason.
      this.#server.discard(client);
      const text = error.text.startsWith("EXECABORT")
        ? error.text
        : `EXECABORT Transaction discarded because of: ${error.text.replace(/^ERR /, "")}`;
      client.reply.error(text);
    } else client.reply.error(error.text);
    this.#server.errorStats.count(client.reply.lastError);
    this.#endCaching(client, command);
  }

  #queue(client: Client, command: Command, args: Args, flags: number): void {
    const transaction = client.transaction!;
    // A transaction that is certain not to run need not be kept.
    if (!transaction.aborted && !client.dirtyCas) {
      const copy = args.copy();
      transaction.queue.push({ command, args: copy, flags });
      for (let i = 0; i < copy.count; i++) {
        transaction.bytes += copy.ends[i]! - copy.starts[i]! + POINTER_BYTES;
      }
    }
    client.reply.simple("QUEUED");
  }

  // -- Running --------------------------------------------------------------------------------------------------

  /**
   * Runs one command for a client without asking whether it may. Nested calls (EXEC, scripts) share the time and the
   * propagation of the outermost one. Returns what the command waits for (the client is asleep already then) or that it
   * goes on later.
   */
  run(client: Client, command: Command, args: Args): Block | Suspension | null {
    const server = this.#server;
    const ctx = this.ctx;
    const outermost = this.depth++ === 0;
    const { client: outerClient, db: outerDb, reply: outerReply, command: outerCommand } = ctx;
    const dirtyBefore = ctx.dirty;
    const reply = client.reply;
    const mark = reply.pos;
    const outerErrors = this.#errorsCounted;
    if (!outermost && reply === outerReply) this.#countErrors(reply); // EXEC's own so far
    this.#errorsCounted = reply.errors;
    const { db } = client;
    ctx.turnTo(client, db, reply, command);
    ctx.suppressed = false;
    if (outermost) {
      server.store.freeze();
      server.store.expiryMode = this.#expiryMode(client);
    }
    const brief = command.brief && argumentBytes(args) <= BRIEF_BYTES;
    const started = server.timer.start(brief);
    let outcome: Block | Suspension | void = undefined;
    try {
      outcome = command.run!(ctx, args);
    } catch (error) {
      this.#failed(error, client, mark, command);
    }
    if (outcome instanceof Suspension) {
      // Not through yet: what has to be done when it is stays with it.
      const kept = args.copy();
      this.#frames[this.depth - 1] = {
        client,
        command,
        args: kept,
        db,
        dirtyBefore,
        suspension: outcome,
      };
      this.#countErrors(reply);
      this.depth--;
      if (outermost) this.#putAside(client, mark);
    } else {
      const took = server.timer.stop(started, brief && reply.pos - mark <= BRIEF_BYTES);
      this.#finish(client, command, args, db, took, dirtyBefore, outcome);
      if (reply !== outerReply) this.#errorsCounted = outerErrors;
      this.depth--;
      if (outermost) {
        server.store.thaw();
        server.afterCommand(client);
      }
    }
    if (!outermost) ctx.turnTo(outerClient, outerDb, outerReply, outerCommand);
    return outcome ?? null;
  }

  /** What is due when a command is through: statistics, MONITOR, going to sleep, effects, tracking. */
  #finish(
    client: Client,
    command: Command,
    args: Args,
    db: Database,
    took: number,
    dirtyBefore: number,
    block: Block | void,
  ): void {
    const server = this.#server;
    const ctx = this.ctx;
    const failed = this.#countErrors(client.reply);
    const waits = block !== undefined && ctx.mayBlock;
    server.records.ran(client, command, args, took, failed, waits);
    if (server.monitors.any && (command.flags & (Flag.SKIP_MONITOR | Flag.ADMIN)) === 0 && !ctx.resumed) {
      server.monitors.show(client, command, args);
    }
    if (waits) this.#sleep(client, command, args, db, block as Block);
    this.#propagate(db.index, args, ctx.dirty !== dirtyBefore);
    if (client.tracking !== null) this.#track(client, command, args);
  }

  // -- What goes on later ---------------------------------------------------------------------------------------

  /** A command of this client goes on later: everything that belongs to it leaves the stage. */
  #putAside(client: Client, mark: number): void {
    this.#aside = new PutAside(this.ctx, client, mark, this.#frames);
    this.#frames = [];
    client.suspended = true;
  }

  /**
   * Lets the command that was put aside go on for a while. Returns its client once it is through, else null.
   */
  goOn(): Client | null {
    const aside = this.#aside!;
    const { client } = aside;
    const mark = client.reply.pos;
    const server = this.#server;
    const ctx = this.ctx;
    const frames = this.#frames = aside.restore(ctx);
    this.#aside = null;
    while (frames.length > 0) {
      const frame = frames.at(-1)!;
      this.depth = frames.length;
      ctx.turnTo(frame.client, frame.db, frame.client.reply, frame.command);
      this.#errorsCounted = frame.client.reply.errors;
      let outcome: Suspension | void = undefined;
      try {
        outcome = frame.suspension.resume();
      } catch (error) {
        this.#failed(error, frame.client, frame.client.reply.pos, frame.command);
      }
      if (outcome instanceof Suspension) {
        frame.suspension = outcome;
        this.depth = 0;
        this.#putAside(client, mark);
        return null;
      }
      const took = server.clock.monoMs() - frame.suspension.beganMs;
      this.#finish(frame.client, frame.command, frame.args, frame.db, took, frame.dirtyBefore, undefined);
      frames.pop();
    }
    this.depth = 0;
    client.suspended = false;
    server.store.thaw();
    server.afterCommand(client);
    if (client.replyMode !== ReplyMode.ON) client.settleReplies();
    return client;
  }

  /** True while a command that was put aside waits to go on. */
  get busy(): boolean {
    return this.#aside !== null;
  }

  /**
   * Runs one command of the append-only file: as {@link run}, without what only matters where clients wait for it (times,
   * statistics, blocking) and where somebody follows (propagation).
   */
  replay(client: Client, command: Command, args: Args): void {
    const { store } = this.#server;
    const ctx = this.ctx;
    // DEBUG LOADAOF is a command itself, which goes on afterwards.
    const { client: outerClient, db: outerDb, reply: outerReply, command: outerCommand } = ctx;
    const mark = client.reply.pos;
    ctx.turnTo(client, client.db, client.reply, command);
    ctx.suppressed = false;
    store.freeze();
    store.expiryMode = ExpiryMode.IGNORE;
    this.depth++;
    try {
      command.run!(ctx, args);
    } catch (error) {
      this.#failed(error, client, mark, command);
    }
    this.depth--;
    store.thaw();
    ctx.turnTo(outerClient, outerDb, outerReply, outerCommand);
  }

  /** A waiting client's key may be ready: runs its command again. True if it got its reply. */
  retry(client: Client, key: Uint8Array): boolean {
    const waiting = client.waiting!;
    const { command, args } = waiting;
    const server = this.#server;
    const selected = client.db;
    client.db = waiting.db;
    this.ctx.resumed = true;
    this.ctx.readyKey = key;
    const block = this.#rerun(client, command, args);
    this.ctx.resumed = false;
    this.ctx.readyKey = null;
    client.db = selected;
    if (block !== null) return false;
    server.blocking.unblock(client);
    server.wakeUps.wake(client);
    return true;
  }

  /** A wait has run out: writes the reply that the waiting command gave for that case. The caller wakes the client. */
  expireWait(client: Client, waiting: Waiting): void {
    const ctx = this.ctx;
    // CLIENT UNBLOCK calls this from within another client's command, whose own reply is still to come.
    const { client: caller, db, reply, command } = ctx;
    ctx.turnTo(client, waiting.db, client.reply, waiting.command);
    waiting.block.expired(ctx);
    ctx.turnTo(caller, db, reply, command);
  }

  /** A key was deleted by expiry or eviction: replicas and the append-only file are told so. */
  propagateDelete(db: Database, key: Uint8Array, lazy: boolean): void {
    if (!this.#server.propagation.active) return;
    this.ctx.effects.push({ db: db.index, args: Args.of([lazy ? "UNLINK" : "DEL", key]) });
    if (this.depth === 0) this.#server.propagation.flush(this.ctx.effects);
  }

  /** As run, but the client stays filed where it is if it must go on waiting. */
  #rerun(client: Client, command: Command, args: Args): Block | Suspension | null {
    const mayBlock = this.ctx.mayBlock;
    this.#keepWaiting = true;
    const block = this.run(client, command, args);
    this.#keepWaiting = false;
    this.ctx.mayBlock = mayBlock;
    return block;
  }

  #keepWaiting = false;

  #sleep(client: Client, command: Command, args: Args, db: Waiting["db"], block: Block): void {
    if (this.#keepWaiting) return;
    this.#server.blocking.block(client, { block, command, args: args.copy(), db });
  }

  /** Sends on what a command did. At the outermost level everything goes out; below it is collected. */
  #propagate(db: number, args: Args, changed: boolean): void {
    const ctx = this.ctx;
    const propagation = this.#server.propagation;
    const message = ctx.forced && !changed;
    const asItIs = message || (changed && !ctx.suppressed);
    ctx.suppressed = ctx.forced = false;
    if (!propagation.active) {
      // Collected before the last listener left, in the middle of a transaction. Setting a length is a call of the runtime.
      if (ctx.effects.length > 0) ctx.effects.length = 0;
      return;
    }
    if (this.depth > 1) {
      if (asItIs) this.#collect(db, args, message);
      return;
    }
    const only = message ? "replicas" : undefined;
    if (asItIs && ctx.effects.length === 0) return propagation.feed(db, args, only);
    if (asItIs) ctx.effects.push({ db, args, only });
    propagation.flush(ctx.effects);
  }

  /** A command within another goes out with that one. */
  #collect(db: number, args: Args, message: boolean): void {
    const { client, effects } = this.ctx;
    if (client.caller === null) {
      effects.push({ db, args, only: message ? "replicas" : undefined });
      return;
    }
    // A script may keep its effects from one side, and its next command has its arguments in the same place.
    const targets = message ? client.targets & Targets.REPLICAS : client.targets;
    const only = onlyOf(targets);
    if (targets !== 0 && this.#server.propagation.reaches(only)) {
      effects.push({ db, args: args.copy(), only });
    }
  }

  /** What a tracking client has read, and the end of CLIENT CACHING's word. */
  #track(client: Client, command: Command, args: Args): void {
    // Of a script that only reads it is its commands that count, not the keys that it was called with.
    if ((command.flags & Flag.READONLY) !== 0 && !command.declaresFlags) {
      this.#server.tracking.remember(client, command, args);
    }
    this.#endCaching(client, command);
  }

  /** The word of CLIENT CACHING counts for the next request, refused or not; any CLIENT command leaves it standing. */
  #endCaching({ tracking, transaction }: Client, command: Command | null): void {
    if (tracking === null || transaction !== null || command?.fullName.startsWith("client|")) return;
    tracking.caching = false;
  }

  #expiryMode(client: Client): number {
    const server = this.#server;
    if (client.loader || client.primary) return ExpiryMode.IGNORE;
    return server.isReplica || server.pauses.active ? ExpiryMode.HIDE : ExpiryMode.DELETE;
  }

  /** Counts the errors that were written since it was last asked; false where there were none. */
  #countErrors(reply: Reply): boolean {
    if (this.#errorsCounted === reply.errors) return false;
    for (; this.#errorsCounted < reply.errors; this.#errorsCounted++) {
      this.#server.errorStats.count(reply.lastError);
    }
    return true;
  }

  #failed(error: unknown, client: Client, mark: number, command: Command): void {
    client.reply.rewind(mark);
    if (error instanceof CommandError) {
      client.reply.error(error.text);
      return;
    }
    // A fault of ours: the client is answered, everybody else is served on.
    this.#server.log.warning(
      `BUG: ${command.fullName} failed: ${traceOf(error)}`,
    );
    client.reply.error(`ERR internal error in '${command.fullName}' command`);
  }
}

/** From the first byte of the name to the last one of the last argument. */
function argumentBytes(args: Args): number {
  return args.ends[args.count - 1]! - args.starts[0]!;
}

/** An argument for an error text: up to `limit` bytes, cut at a zero byte as C does. */
function shown(args: Args, i: number, limit = SHOWN_BYTES): string {
  const start = args.starts[i]!;
  return cString(latin1(args.buf, start, Math.min(args.ends[i]!, start + limit)));
}
