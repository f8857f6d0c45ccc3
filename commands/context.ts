/**
 * What a handler gets: who asks, in which database, where the reply goes, and how to say what was changed.
 *
 * One Context serves a whole server; dispatch points it at the client and the command before each run. EXEC, scripts,
 * the append-only file's loader and a replica's stream run the same handlers with another client and reply.
 */

import type { Reply } from "../resp.ts";
import type { Client } from "../server/client.ts";
import type { RedisServer } from "../server/server.ts";
import type { Database, Store } from "../store.ts";
import { equalBytes } from "../types/bytes.ts";
import { isString } from "../types/kind.ts";
import { Args } from "./args.ts";
import { DB_OUT_OF_RANGE, NOT_AN_INT, WRONG_TYPE } from "./errors.ts";
import type { Command } from "./table.ts";

/** For handlers about connections; they take the type from here, since this file alone may name the server's. */
export type { Client };

/** One command to be sent to the append-only file and the replicas in place of, or besides, the one that ran. */
export interface Effect {
  db: number;
  args: Args;
  /** Who alone gets it, where not both do. */
  only?: "replicas" | "file" | undefined;
}

/** Who gets the effects of a script's commands (redis.set_repl), as bits. */
export const Targets = { FILE: 1, REPLICAS: 2, ALL: 3 } as const;

/** The only side that gets an effect with these {@link Targets}; undefined for both. */
export function onlyOf(targets: number): Effect["only"] {
  return targets === Targets.ALL ? undefined : targets === Targets.FILE ? "file" : "replicas";
}

/** Everything a handler may touch. */
export class Context {
  readonly server: RedisServer;
  readonly store: Store;
  /** Who asks. */
  client!: Client;
  /** The database the client has selected. */
  db!: Database;
  /** Where the reply is written: one reply for each command. */
  reply!: Reply;
  /** The command that runs. */
  command!: Command;
  /** False where a command that would block must answer as if its timeout had passed (MULTI, scripts, loading). */
  mayBlock = true;
  /** True where a blocked command runs again because one of its keys may be ready. */
  resumed = false;
  /** The key for which a blocked command runs again: it is served from this one even if it waits for others too. */
  readyKey: Uint8Array | null = null;
  /** Changes made to the data set so far; a command with none is not propagated. */
  dirty = 0;
  /** Set by {@link rewriteAs} and {@link preventPropagation}: the command does not go out as it came in. */
  suppressed = false;
  /** Set by {@link replicateAnyway}. */
  forced = false;
  /** Commands that go out besides the one that ran, in order (see server/propagate.ts). */
  readonly effects: Effect[] = [];

  constructor(server: RedisServer, store: Store) {
    this.server = server;
    this.store = store;
  }

  /** Points at who runs what, and where its reply goes. For dispatch, which also points back when it is over. */
  turnTo(client: Client, db: Database, reply: Reply, command: Command): void {
    this.client = client;
    this.db = db;
    this.reply = reply;
    this.command = command;
  }

  /**
   * True where the reply has passed its client's output limit, so that the client will be closed and the rest is for nobody.
   * To be asked now and then (`(i & 1023) === 0`) where a client chooses how many elements are repeated.
   */
  get overLimit(): boolean {
    const { client } = this;
    if (client.transport === null || this.reply !== client.out) return false;
    return this.server.outputLimits.exceeded(client, client.transport.outputBytes);
  }

  // -- Looking up -----------------------------------------------------------------------------------------------

  /** Record of the key in argument `i` for reading, 0 if there is none. */
  read(args: Args, i: number): number {
    return this.db.lookupRead(args.buf, args.starts[i]!, args.ends[i]!);
  }

  /** As {@link read}, without refreshing the access time. */
  peek(args: Args, i: number): number {
    return this.peekAt(args.buf, args.starts[i]!, args.ends[i]!);
  }

  /** As {@link peek}, for a key that is no argument. */
  peekAt(buf: Uint8Array, start: number, end: number): number {
    const { store } = this;
    store.noTouch = true;
    const addr = this.db.lookupRead(buf, start, end);
    store.noTouch = false;
    return addr;
  }

  /** As {@link peek}, without the event of a key that is missing: OBJECT and its like. */
  peekQuietly(args: Args, i: number): number {
    return this.db.lookupQuietly(args.buf, args.starts[i]!, args.ends[i]!);
  }

  /** Record of the key in argument `i` for a look from outside: nothing is counted, even what has expired is found. */
  inspect(args: Args, i: number): number {
    return this.db.findRaw(args.buf, args.starts[i]!, args.ends[i]!);
  }

  /** Record of the key in argument `i` for changing, 0 if there is none. */
  write(args: Args, i: number): number {
    return this.db.lookupWrite(args.buf, args.starts[i]!, args.ends[i]!);
  }

  /** As {@link read}, for a string: throws WRONGTYPE for anything else. */
  readString(args: Args, i: number): number {
    const addr = this.read(args, i);
    if (addr !== 0 && !isString(this.db.kind(addr))) throw WRONG_TYPE;
    return addr;
  }

  /** As {@link write}, for a string: throws WRONGTYPE for anything else. */
  writeString(args: Args, i: number): number {
    const addr = this.write(args, i);
    if (addr !== 0 && !isString(this.db.kind(addr))) throw WRONG_TYPE;
    return addr;
  }

  /** Database number in argument `i`; throws "DB index is out of range". */
  database(args: Args, i: number): Database {
    const index = args.integer(i);
    if (index !== (index | 0)) throw NOT_AN_INT;
    const db = this.store.databases[index];
    if (db === undefined) throw DB_OUT_OF_RANGE;
    return db;
  }

  /** False where the command runs again because of another key than the one in argument `i`. */
  mayTakeFrom(args: Args, i: number): boolean {
    const key = this.readyKey;
    return key === null || equalBytes(key, 0, key.length, args.buf, args.starts[i]!, args.ends[i]!);
  }

  // -- Saying what was changed ----------------------------------------------------------------------------------

  /**
   * The usual end of a change: the key in argument `i` was touched, this event is published, one change is counted.
   * `type` is one of Notify in commands/notify_classes.ts.
   */
  changed(type: number, event: string, args: Args, i: number, changes = 1): void {
    const start = args.starts[i]!;
    const end = args.ends[i]!;
    this.store.events.touched(this.db, args.buf, start, end);
    this.notify(type, event, args.buf, start, end);
    this.dirty += changes;
  }

  /** The key was touched: WATCH, tracking and blocked clients hear of it. */
  touch(buf: Uint8Array, start: number, end: number, db: Database = this.db): void {
    this.store.events.touched(db, buf, start, end);
  }

  /** Publishes a keyspace notification, where configured. */
  notify(
    type: number,
    event: string,
    buf: Uint8Array,
    start: number,
    end: number,
    db: Database = this.db,
  ): void {
    const notifier = this.server.notifier;
    if ((notifier.classes & type) !== 0) notifier.publish(type, event, buf, start, end, db.index);
  }

  /** Deletes the key in argument `i` because a collection became empty: event "del", no change counted. */
  deleteEmptied(args: Args, i: number, notifyType: number): void {
    this.db.delete(args.buf, args.starts[i]!, args.ends[i]!);
    this.notify(notifyType, "del", args.buf, args.starts[i]!, args.ends[i]!);
  }

  // -- What goes to the append-only file and the replicas -------------------------------------------------------

  /** True where somebody listens to effects; saves building them where nobody does. */
  get propagates(): boolean {
    return this.server.propagation.active;
  }

  /** The command goes out as this one instead of as it came in. */
  rewriteAs(...items: (Uint8Array | string)[]): void {
    this.suppressed = true;
    const { targets } = this.client;
    if (targets === 0 || !this.propagates) return;
    this.effects.push({ db: this.db.index, args: Args.of(items), only: onlyOf(targets) });
  }

  /** This command goes out too, before the one that ran. */
  alsoPropagate(...items: (Uint8Array | string)[]): void {
    if (this.propagates) this.effects.push({ db: this.db.index, args: Args.of(items) });
  }

  /** The command goes to the replicas (not to the append-only file) although it changed nothing: messages do. */
  replicateAnyway(): void {
    this.forced = true;
  }

  /** The command does not go out; effects named by {@link alsoPropagate} do. */
  preventPropagation(): void {
    this.suppressed = true;
  }
}
