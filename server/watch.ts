/** WATCH: which clients watch which keys, and what counts as a change. */

import type { Database } from "../store.ts";
import { equalBytes, latin1 } from "../types/bytes.ts";
import type { Client, Watched } from "./client.ts";

/** A watch besides its key: the name once more, places in a map and a set. */
const WATCH_OVERHEAD = 160;

/** All watched keys of a server. */
export class Watches {
  /** By database number, then by key. */
  readonly #byKey: Map<string, Set<Client>>[] = [];
  /** Watches in force, over all clients and keys. */
  #count = 0;
  /** Bytes that they take, about; of the clients' own shares only a fixed part is counted with them, as in redis-server. */
  bytes = 0;

  /** A client watches a key; a second time is no change. */
  watch(client: Client, db: Database, key: Uint8Array): void {
    for (const w of client.watched) {
      if (w.db === db && equalBytes(w.key, 0, w.key.length, key, 0, key.length)) return;
    }
    const addr = db.findRaw(key, 0, key.length);
    const wasExpired = addr !== 0 && db.isPastExpiry(addr);
    client.watched.push({ db, key, wasExpired });
    const names = this.#byKey[db.index] ??= new Map();
    const name = latin1(key);
    let clients = names.get(name);
    if (clients === undefined) names.set(name, clients = new Set());
    clients.add(client);
    this.#count++;
    this.bytes += key.length + WATCH_OVERHEAD;
  }

  /** A client watches nothing any more. */
  unwatchAll(client: Client): void {
    for (const { db, key } of client.watched) {
      this.bytes -= key.length + WATCH_OVERHEAD;
      const names = this.#byKey[db.index]!;
      const name = latin1(key);
      const clients = names.get(name);
      clients?.delete(client);
      if (clients?.size === 0) names.delete(name);
      this.#count--;
    }
    client.watched.length = 0;
    client.dirtyCas = false;
  }

  /** A key was touched. Costs one comparison while nobody watches. */
  touched(db: Database, buf: Uint8Array, start: number, end: number): void {
    if (this.#count === 0) return;
    const clients = this.#byKey[db.index]?.get(latin1(buf, start, end));
    if (clients === undefined) return;
    const exists = db.findRaw(buf, start, end) !== 0;
    for (const client of clients) {
      const watched = client.watched.find((w) =>
        w.db === db && equalBytes(w.key, 0, w.key.length, buf, start, end)
      )!;
      // A key that was past its time when it was watched, and is now really deleted, has not changed.
      if (!watched.wasExpired) client.dirtyCas = true;
      else if (!exists) watched.wasExpired = false;
    }
  }

  /** A database is about to be emptied, or to get the contents of `replacement`: what it has or will have is touched. */
  flushed(db: Database, replacement: Database | null): void {
    if (this.#count === 0) return;
    for (const [name, clients] of this.#byKey[db.index] ?? []) {
      for (const client of clients) {
        const watched = client.watched.find((w) => w.db === db && latin1(w.key) === name)!;
        replace(client, watched, replacement);
      }
    }
  }

  /** True where a watched key's time has come since: EXEC counts that as a change. */
  anyExpired(client: Client): boolean {
    for (const { db, key, wasExpired } of client.watched) {
      if (wasExpired) continue;
      const addr = db.findRaw(key, 0, key.length);
      if (addr !== 0 && db.isPastExpiry(addr)) return true;
    }
    return false;
  }
}

/** What a watched key has changed to when these contents take the place of its database's; null: none. */
function replace(client: Client, watched: Watched, replacement: Database | null): void {
  const { db, key } = watched;
  const existed = db.findRaw(key, 0, key.length) !== 0;
  const addr = replacement === null ? 0 : replacement.findRaw(key, 0, key.length);
  if (!existed && addr === 0) return;
  const willBeExpired = addr !== 0 && replacement!.isPastExpiry(addr);
  // A key that is past its time is no key: it may go, and come, without a change.
  if (watched.wasExpired && (addr === 0 || willBeExpired)) watched.wasExpired = willBeExpired;
  else if (!existed && willBeExpired) watched.wasExpired = true;
  else client.dirtyCas = true;
}
