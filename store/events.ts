/**
 * What the keyspace has to do with the rest of the server, as narrow interfaces: the events it tells of, what a running
 * snapshot must hear before a change, and the two questions about expiry that are answered differently by a primary, a
 * replica and a loader.
 */

import type { Database } from "./database.ts";

/** No expiry. */
export const NO_EXPIRY = -1;
/** Unix time in milliseconds; a bigint beyond 2^53, where a number would not be exact. */
export type Expiry = number | bigint;
/** What happens to a key whose time has come when it is looked up. */
export const ExpiryMode = {
  /** It is deleted (a primary). */
  DELETE: 0,
  /** It is treated as missing but stays until the primary deletes it (a replica's clients; paused writes). */
  HIDE: 1,
  /** It is treated as alive (the replication link of a replica; loading). */
  IGNORE: 2,
} as const;

/** What the keyspace tells the server. `buf[start, end)` is the key; it is valid during the call only. */
export interface KeyspaceEvents {
  /** A key was changed, created or deleted by a command or by expiry. */
  touched(db: Database, buf: Uint8Array, start: number, end: number): void;
  /** A key was added; only called while {@link Store.announceNew} is set. */
  created(db: Database, buf: Uint8Array, start: number, end: number): void;
  /** A key was deleted because its time had come (after the deletion, before the lookup returns). */
  expired(db: Database, buf: Uint8Array, start: number, end: number): void;
  /** A lookup for reading found nothing. */
  missed(db: Database, buf: Uint8Array, start: number, end: number): void;
  /** A database is about to be emptied (null: FLUSHDB) or to get the contents of another one (SWAPDB). */
  flushed(db: Database, replacement: Database | null): void;
}

/** How many numbers there are for epochs: what fits into a record's header. */
export const EPOCHS = 16;

/** What a running snapshot wants to know; null in {@link Store.snapshot} where none runs. */
export interface SnapshotHook {
  /** This record, not yet saved, is about to change or go: save it now. */
  preserve(db: Database, addr: number): void;
  /** This database was emptied; `contents` holds all it had, and is the hook's to {@link Database.discard}. */
  detached(db: Database, contents: Database): void;
  /** These databases have exchanged their contents. */
  swapped(a: Database, b: Database): void;
}
