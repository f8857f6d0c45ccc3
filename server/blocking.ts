/**
 * Clients that wait for keys: who waits for what, who is served first, and when a wait runs out.
 *
 * Waiting clients are filed under each of their keys in order of arrival. A touched key that somebody waits for is
 * remembered as ready; once the command (or the whole transaction) that touched it is over, the waiting clients'
 * commands run again, key by key, oldest client first, until no key is ready any more (serving one client can make
 * another's key ready: BLMOVE chains).
 */

import type { Block } from "../commands/block.ts";
import type { Database } from "../store.ts";
import { latin1 } from "../types/bytes.ts";
import type { Client, Waiting } from "./client.ts";
import type { Clock } from "./clock.ts";

interface ReadyKey {
  db: Database;
  name: string;
  key: Uint8Array;
}

/** Runs a waiting client's command again because this key is ready; true if it got its reply. */
export type Retry = (client: Client, key: Uint8Array) => boolean;
/** Writes the reply of a wait that ran out. */
export type Expire = (client: Client, waiting: Waiting) => void;

/** Who waits for one key. */
class Waiters {
  /** In order of arrival. */
  readonly clients = new Set<Client>();
  /** How many of them take nothing away from the others, and may want to hear that the key is gone. */
  shared = 0;
}

/** All waiting clients of a server. */
export class Blocking {
  /** Clients that wait for keys or replicas now (INFO blocked_clients). */
  count = 0;
  readonly #clock: Clock;
  readonly #retry: Retry;
  readonly #expire: Expire;
  readonly #busy: () => boolean;
  /** By database number, then by key. */
  readonly #byKey: Map<string, Waiters>[] = [];
  readonly #deadlines = new Set<Client>();
  #ready: ReadyKey[] = [];
  readonly #readyNames = new Set<string>();
  #order = 0;
  #serving = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

  /** `busy`: a script is in the middle of its work, and nobody's wait ends before {@link expireDue} is called again. */
  constructor(clock: Clock, retry: Retry, expire: Expire, busy: () => boolean) {
    this.#clock = clock;
    this.#retry = retry;
    this.#expire = expire;
    this.#busy = busy;
  }

  /** True where a key that somebody waits for was touched and {@link serve} is due. */
  get pending(): boolean {
    return this.#ready.length > 0;
  }

  /** Clients whose wait ends by itself at some time. */
  get limited(): number {
    return this.#deadlines.size;
  }

  /** Puts a client to sleep. Its arguments are copied; its reply comes later. */
  block(client: Client, waiting: Omit<Waiting, "order" | "deadline">): void {
    const timeout = waiting.block.timeout;
    const deadline = timeout === 0 ? Infinity : this.#clock.monoMs() + timeout;
    client.waiting = { ...waiting, deadline, order: this.#order++ };
    this.count++;
    const names = this.#byKey[waiting.db.index] ??= new Map();
    for (const key of waiting.block.keys) {
      const name = latin1(key);
      let waiters = names.get(name);
      if (waiters === undefined) names.set(name, waiters = new Waiters());
      // A key may be named twice.
      if (waiting.block.shared && !waiters.clients.has(client)) waiters.shared++;
      waiters.clients.add(client);
    }
    if (deadline !== Infinity) {
      this.#deadlines.add(client);
      this.#arm(deadline);
    }
  }

  /** Takes a client off all lists: it was served, ran out of time, was unblocked or is gone. */
  unblock(client: Client): void {
    const waiting = client.waiting;
    if (waiting === null) return;
    client.waiting = null;
    this.count--;
    this.#deadlines.delete(client);
    const names = this.#byKey[waiting.db.index];
    if (names === undefined) return;
    for (const key of waiting.block.keys) {
      const name = latin1(key);
      const waiters = names.get(name);
      if (!waiters?.clients.delete(client)) continue;
      if (waiting.block.shared) waiters.shared--;
      if (waiters.clients.size === 0) names.delete(name);
    }
  }

  /** A key was touched: remembered if somebody waits for it. Costs one comparison while nobody waits. */
  touched(db: Database, buf: Uint8Array, start: number, end: number): void {
    if (this.count === 0) return;
    const names = this.#byKey[db.index];
    if (names === undefined || names.size === 0) return;
    const name = latin1(buf, start, end);
    if (!names.has(name)) return;
    const unique = db.index + ":" + name;
    if (this.#readyNames.has(unique)) return;
    this.#readyNames.add(unique);
    this.#ready.push({ db, name, key: buf.slice(start, end) });
  }

  /** A database was emptied or exchanged: every key that somebody waits for there counts as touched. */
  flushed(db: Database): void {
    if (this.count === 0) return;
    for (const waiters of this.#byKey[db.index]?.values() ?? []) {
      for (const client of waiters.clients) {
        for (const key of client.waiting!.block.keys) this.touched(db, key, 0, key.length);
        break;
      }
    }
  }

  /** Serves the clients whose keys are ready. What serving them makes ready is served by the same call. */
  serve(): void {
    // A served command ends as every command does, with a call of this: the one going on will see to the rest.
    if (this.#serving) return;
    this.#serving = true;
    try {
      while (this.#ready.length > 0) {
        const ready = this.#ready;
        this.#ready = [];
        this.#readyNames.clear();
        for (const key of ready) this.#serveKey(key);
      }
    } finally {
      this.#serving = false;
    }
  }

  #serveKey({ db, name, key }: ReadyKey): void {
    const waiters = this.#byKey[db.index]?.get(name);
    if (waiters === undefined) return;
    for (const client of waiters.clients) {
      const waiting = client.waiting;
      if (waiting === null) continue;
      const addr = db.find(key, 0, key.length);
      const kind = addr === 0 ? undefined : db.kind(addr);
      if (!waiting.block.wakes(kind)) {
        // The value is used up: nobody who would take some of it gets anything any more.
        if (addr === 0 && waiters.shared === 0) break;
        continue;
      }
      this.#retry(client, key);
    }
  }

  /** Ends waits that have run out. Called by the timer, by the cron should a timer come early, and after a busy script. */
  expireDue(): void {
    if (this.#busy()) return;
    const now = this.#clock.monoMs();
    let next = Infinity;
    for (const client of [...this.#deadlines].sort((a, b) => a.waiting!.deadline - b.waiting!.deadline)) {
      const waiting = client.waiting!;
      if (waiting.deadline > now) {
        next = waiting.deadline;
        break;
      }
      this.unblock(client);
      this.#expire(client, waiting);
    }
    if (next !== Infinity) this.#arm(next);
  }

  /** Stops the timer. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(deadline: number): void {
    if (deadline >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    const delay = Math.min(Math.ceil(Math.max(0, deadline - this.#clock.monoMs())), 2147483647);
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.expireDue();
    }, delay);
  }
}

/** A Block that nothing but {@link Blocking.unblock} or its timeout ends (WAIT, CLIENT PAUSE). */
export function blockWithoutKeys(block: Omit<Block, "keys" | "wakes">): Block {
  return { ...block, keys: [], wakes: () => false };
}
