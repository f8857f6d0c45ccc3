/**
 * Client-side caching: which client may hold which key in its own cache, and telling it when that is no longer true.
 *
 * In the default mode the server remembers, for each key, the clients that read it, and forgets a key once it has sent its
 * invalidation; a limit (tracking-table-max-keys) keeps the memory bounded, evicted keys are invalidated as if changed. In
 * broadcasting mode nothing is remembered: clients name prefixes and hear of every change under them, gathered into one message
 * at the end of a batch of requests.
 */

import type { Args } from "../commands/args.ts";
import { KeyList } from "../commands/keys.ts";
import type { Command } from "../commands/table.ts";
import { Reply } from "../resp.ts";
import { latin1 } from "../types/bytes.ts";
import type { Client } from "./client.ts";
import type { Clients } from "./clients.ts";

const CHANNEL = "__redis__:invalidate";
/** Keys evicted from a table that is too large before one command; a multiple of it where that did not help. */
const EVICTIONS_AT_ONCE = 100;
/** What the table takes for a key besides its bytes, and for each client that may hold it. */
const KEY_OVERHEAD = 250;
const ITEM_BYTES = 20;
/** How long a broadcast waits for the rest of a pipeline that did not fit the read buffer. */
const FOLLOWING_BATCH_MS = 2;

/** What CLIENT TRACKING set for a client. */
export interface TrackingState {
  bcast: boolean;
  optin: boolean;
  optout: boolean;
  noloop: boolean;
  /** Id of the client that gets the messages, 0 for the client itself. */
  redirect: number;
  /** That client is gone. */
  broken: boolean;
  /** CLIENT CACHING was given for the next command. */
  caching: boolean;
  /** What a broadcasting client listens to. */
  readonly prefixes: Set<string>;
}

/** One prefix of the broadcasting mode: who listens, and what changed since the last message. */
interface Prefix {
  readonly clients: Set<Client>;
  /** Changed keys, with the client that changed each (null: nobody). */
  changed: Map<string, Client | null>;
}

/** The tracking of one server. */
export class Tracking {
  /** Clients with tracking on. */
  clientCount = 0;
  readonly #clients: Clients;
  readonly #byKey = new Map<string, Set<number>>();
  readonly #prefixes = new Map<string, Prefix>();
  readonly #keys = new KeyList();
  /** Invalidations of the running command for the client that runs it: they follow its reply. */
  #pending: (string | null)[] = [];
  #items = 0;
  /** Bytes of the keys that are remembered. */
  #keyBytes = 0;
  #anyBroadcast = false;
  #broadcastDue = false;
  #maxKeys = Infinity;
  /** More keys are remembered than tracking-table-max-keys allows. */
  overfull = false;
  /** Times in a row that {@link limit} did not reach the limit. */
  #limiting = 0;

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  /** Keys, remembered reads and prefixes, for INFO. */
  get totalKeys(): number {
    return this.#byKey.size;
  }

  get totalItems(): number {
    return this.#items;
  }

  get totalPrefixes(): number {
    return this.#prefixes.size;
  }

  /** Memory of the table, about. */
  get bytes(): number {
    return this.#keyBytes + this.#byKey.size * KEY_OVERHEAD + this.#items * ITEM_BYTES;
  }

  /** Turns tracking on for a client, or changes it; `prefixes` are added (none in broadcasting mode: all keys). */
  enable(
    client: Client,
    wanted: Omit<TrackingState, "broken" | "caching" | "prefixes">,
    prefixes: string[],
  ): void {
    if (client.tracking === null) this.clientCount++;
    const known = client.tracking?.prefixes ?? new Set<string>();
    const caching = client.tracking?.caching ?? false;
    client.tracking = { ...wanted, broken: false, caching, prefixes: known };
    if (!wanted.bcast) return;
    for (const prefix of prefixes.length === 0 ? [""] : prefixes) {
      known.add(prefix);
      let entry = this.#prefixes.get(prefix);
      if (entry === undefined) this.#prefixes.set(prefix, entry = { clients: new Set(), changed: new Map() });
      entry.clients.add(client);
    }
  }

  /** Turns tracking off, also when the client goes. What was remembered for it is dropped when it comes up. */
  disable(client: Client): void {
    const state = client.tracking;
    if (state === null) return;
    for (const prefix of state.prefixes) {
      const entry = this.#prefixes.get(prefix)!;
      entry.clients.delete(client);
      if (entry.clients.size === 0) this.#prefixes.delete(prefix);
    }
    client.tracking = null;
    this.clientCount--;
  }

  /** A tracking client has run a command that only reads: it may hold the keys now. */
  remember(client: Client, command: Command, args: Args): void {
    const state = client.tracking!;
    if (state.bcast || (state.optin && !state.caching) || (state.optout && state.caching)) return;
    if (!command.keys.hasKeys) return;
    command.keys.find(args, this.#keys);
    for (let i = 0; i < this.#keys.count; i++) {
      const at = this.#keys.positions[i]!;
      const key = latin1(args.buf, args.starts[at]!, args.ends[at]!);
      let ids = this.#byKey.get(key);
      if (ids === undefined) {
        this.#byKey.set(key, ids = new Set());
        this.#keyBytes += key.length;
        if (this.#byKey.size > this.#maxKeys) this.overfull = true;
      }
      if (ids.has(client.id)) continue;
      ids.add(client.id);
      this.#items++;
    }
  }

  /** True where changes matter: somebody tracks, or what was read before tracking was turned off is still remembered. */
  get active(): boolean {
    return this.clientCount > 0 || this.#byKey.size > 0;
  }

  /** A key was changed, by `current` or (null) by nobody. */
  touched(buf: Uint8Array, start: number, end: number, current: Client | null): void {
    const key = latin1(buf, start, end);
    for (const [prefix, entry] of this.#prefixes) {
      if (!key.startsWith(prefix)) continue;
      entry.changed.set(key, current);
      this.#anyBroadcast = true;
    }
    this.#invalidate(key, current);
  }

  #invalidate(key: string, current: Client | null): void {
    const ids = this.#byKey.get(key);
    if (ids === undefined) return;
    this.#byKey.delete(key);
    this.#keyBytes -= key.length;
    this.#items -= ids.size;
    for (const id of ids) {
      const client = this.#clients.get(id);
      if (client === undefined || client.tracking === null || client.tracking.bcast) continue;
      if (client === current) {
        if (!client.tracking.noloop) this.#pending.push(key);
      } else this.#send(client, [key]);
    }
  }

  /** All databases or one were emptied: every tracking client drops everything. */
  flushed(current: Client | null): void {
    if (!this.active) return;
    for (const client of this.#clients.values()) {
      if (client.tracking === null) continue;
      if (client === current) this.#pending.push(null);
      else this.#send(client, null);
    }
    this.#byKey.clear();
    this.#keyBytes = 0;
    this.#items = 0;
  }

  /** The outermost command of a client is over, its reply written: what it changed itself follows. */
  afterCommand(client: Client): void {
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    if (client.tracking === null) return;
    for (const key of pending) this.#send(client, key === null ? null : [key]);
  }

  /** As {@link broadcast}, once the batch that is likely to follow at once is over, or shows not to follow. */
  broadcastSoon(): void {
    if (!this.#anyBroadcast || this.#broadcastDue) return;
    this.#broadcastDue = true;
    setTimeout(() => {
      this.#broadcastDue = false;
      this.broadcast();
    }, FOLLOWING_BATCH_MS);
  }

  /** Sends what broadcasting clients are to know; once for each batch of requests. */
  broadcast(): void {
    if (!this.#anyBroadcast) return;
    this.#anyBroadcast = false;
    // In the order of their bytes, prefixes and keys alike: redis-server keeps both in radix trees.
    for (const name of [...this.#prefixes.keys()].sort()) {
      const entry = this.#prefixes.get(name)!;
      if (entry.changed.size === 0) continue;
      const { changed } = entry;
      entry.changed = new Map();
      for (const client of entry.clients) {
        const own = client.tracking!.noloop;
        const keys = [...changed].filter(([, by]) => !own || by !== client).map(([key]) => key).sort();
        if (keys.length > 0) this.#send(client, keys);
      }
    }
  }

  /** tracking-table-max-keys; 0: no limit. */
  set maxKeys(keys: number) {
    this.#maxKeys = keys === 0 ? Infinity : keys;
    this.overfull = this.#byKey.size > this.#maxKeys;
  }

  /**
   * Brings the table back to its limit by invalidating keys, oldest first, or goes a step towards it. Called before
   * commands while {@link overfull}, and by the cron.
   */
  limit(): void {
    let left = EVICTIONS_AT_ONCE * ++this.#limiting;
    for (const key of this.#byKey.keys()) {
      if (this.#byKey.size <= this.#maxKeys) break;
      if (left-- === 0) return;
      this.#invalidate(key, null);
    }
    this.overfull = false;
    this.#limiting = 0;
  }

  /** One message to a tracking client, or to where it redirects; `keys` null means everything. */
  #send(tracking: Client, keys: string[] | null): void {
    const state = tracking.tracking!;
    let client = tracking;
    if (state.redirect !== 0) {
      const target = this.#clients.get(state.redirect);
      if (target === undefined) return this.#redirectBroken(tracking, state);
      client = target;
    }
    const { out } = client;
    if (out.protocol >= 3) {
      out.push(2);
      out.bulkText("invalidate");
    } else if (state.redirect !== 0 && client.subscribed) {
      out.push(3);
      out.bulkText("message");
      out.bulkText(CHANNEL);
    } else return;
    if (keys === null) nullOf(tracking.out.protocol, out);
    else {
      out.array(keys.length);
      for (const key of keys) out.bulkText(key);
    }
    client.transport?.wakeSoon();
  }

  #redirectBroken(client: Client, state: TrackingState): void {
    state.broken = true;
    const { out } = client;
    if (out.protocol < 3) return;
    out.push(2);
    out.bulkText("tracking-redir-broken");
    out.integer(state.redirect);
    client.transport?.wakeSoon();
  }
}

/** The null of the tracking client's protocol, whatever the receiver speaks (as redis-server). */
function nullOf(protocol: number, out: Reply): void {
  const own = out.protocol;
  out.protocol = protocol;
  out.null();
  out.protocol = own;
}
