/**
 * Loading an RDB file into the keyspace, a slice at a time.
 *
 * A file that turns out to be damaged has been loaded in part by then; who asked for it must not serve what there is
 * (a server that starts ends, a replica empties itself).
 */
import { type Database, ExpiryMode, type Store } from "../store.ts";
import type { KeyAttributes, RdbHandler, RdbReader } from "./rdb_reader.ts";
import { DuplicateKeyError, RdbError, type RdbInput } from "./rdb_input.ts";
import { loadValue } from "./values.ts";
import { EmptyValue, LoadedValue, type LoadTarget } from "./values/value.ts";

/** Records read between two looks at the clock. */
const RECORDS_PER_LOOK = 32;

/** The LRU clock counts seconds up to this, then from 0. */
const ROUND = 0xffffff;
const HALF_ROUND = 0x7fffff;

/** How a file is loaded. */
export interface RdbLoadOptions {
  readonly limits: LoadTarget["limits"];
  readonly lists: LoadTarget["lists"];
  /** Unix time in milliseconds. Keys that expired before it are dropped; null keeps them. */
  readonly dropExpiredBefore: number | null;
  /** Hears of each key that is dropped for that. */
  expired?(db: Database, key: Uint8Array): void;
  /** A key that is there already is replaced instead of being an error (DEBUG RELOAD NOFLUSH). */
  readonly allowDuplicates: boolean;
  /** Where the records go, by number; the store's own databases where it is not given. */
  readonly databases?: readonly Database[];
  /** Takes the source of a function library; throws where it cannot be loaded. */
  functionLibrary(source: Uint8Array, at: number): void;
  /** Hears of each note about the file. */
  aux?(name: string, value: string): void;
}

/** A file's records go into a store. */
export class RdbLoad implements RdbHandler {
  keysLoaded = 0;
  /** Keys dropped because their time had come, and because they held nothing. */
  keysExpired = 0;
  emptyKeysSkipped = 0;
  readonly #store: Store;
  readonly #options: RdbLoadOptions;
  readonly #target: LoadTarget;
  readonly #value = new LoadedValue();
  readonly #databases: readonly Database[];
  #db: Database;

  constructor(store: Store, options: RdbLoadOptions) {
    this.#store = store;
    this.#options = options;
    this.#databases = options.databases ?? store.databases;
    this.#db = this.#databases[0]!;
    this.#target = { db: this.#db, limits: options.limits, lists: options.lists, deep: false };
  }

  aux(name: string, value: string): void {
    this.#options.aux?.(name, value);
  }

  functionLibrary(source: Uint8Array, at: number): void {
    this.#options.functionLibrary(source, at);
  }

  selectDatabase(index: number, at: number): void {
    const db = this.#databases[index];
    if (db === undefined) {
      throw new RdbError(
        `FATAL: Data file was created with a Redis server configured to handle more than ${this.#databases.length} databases. Exiting`,
        at,
      );
    }
    this.#db = this.#target.db = db;
  }

  resize(keys: number, expiring: number): void {
    this.#db.table.reserve(this.#db.size + keys);
    this.#db.expires.reserve(this.#db.volatileSize + expiring);
  }

  key(input: RdbInput, type: number, buf: Uint8Array, length: number, attributes: KeyAttributes): void {
    const value = this.#value;
    const db = this.#db;
    try {
      loadValue(input, type, this.#target, value);
    } catch (error) {
      value.discard();
      if (!(error instanceof EmptyValue)) throw error;
      this.emptyKeysSkipped++;
      return;
    }
    const { dropExpiredBefore } = this.#options;
    if (dropExpiredBefore !== null && attributes.expiry !== -1 && attributes.expiry < dropExpiredBefore) {
      value.discard();
      this.keysExpired++;
      this.#options.expired?.(db, buf.slice(0, length));
      return;
    }
    const before = db.size;
    const addr = value.store(db, buf, 0, length, attributes.expiry);
    if (db.size === before && !this.#options.allowDuplicates) {
      throw new DuplicateKeyError("a key twice in one database", input.offset);
    }
    if (attributes.idle >= 0 || attributes.frequency >= 0) {
      setAccess(db, addr, attributes.idle, attributes.frequency);
    }
    this.keysLoaded++;
  }

  /** Reads records until it `isEnough`, which is asked after every `perLook` records. False when the end is reached. */
  readUntil(reader: RdbReader, isEnough: () => boolean, perLook = RECORDS_PER_LOOK): boolean {
    const store = this.#store;
    const mode = store.expiryMode;
    const announceNew = store.announceNew;
    store.expiryMode = ExpiryMode.IGNORE;
    store.announceNew = false;
    try {
      do {
        for (let i = 0; i < perLook; i++) if (!reader.next()) return false;
      } while (!isEnough());
      return true;
    } finally {
      store.expiryMode = mode;
      store.announceNew = announceNew;
    }
  }
}

/** Sets when a key was used last, or how often, whichever the eviction policy looks at. -1 stands for "not known". */
export function setAccess(db: Database, addr: number, idleSeconds: number, frequency: number): void {
  const { store } = db;
  if (store.lfu) {
    if (frequency >= 0) db.setAccess(addr, (store.lfuClock << 8) | frequency);
  } else if (idleSeconds >= 0) {
    // A clock of 24 bits that seems to have started later than the key was used has come round since.
    const { lruClock } = store;
    db.setAccess(addr, idleSeconds <= lruClock ? lruClock - idleSeconds : (lruClock + HALF_ROUND) % ROUND);
  }
}
