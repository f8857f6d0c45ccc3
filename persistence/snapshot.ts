/**
 * The snapshot: the whole data set as it was at one instant, written while the server goes on.
 *
 * Redis forks for this; here nothing is copied. Starting a snapshot only raises the store's epoch: every record now
 * carries an older one, which means "not saved yet". The snapshot walks the tables in slices of under a millisecond,
 * writes the records that are not saved and stamps them. A command that is about to change or delete such a record
 * first hands it over (the {@link SnapshotHook}); records made since the cut carry the new epoch and are passed over.
 * So the file is exactly the state at the cut, whatever happens meanwhile, and what it costs beyond the walk is one
 * early write for each old record that is changed.
 *
 * A large value is written in slices, too. Records that must be saved while one is half written are written aside and
 * follow it. Where the large value itself is about to change, it is told who reads it (`guard` in types/kind.ts), sets aside
 * what it changes, and is written in slices all the same, as it was at the cut. Of values that have no guard, which
 * are strings, all that is left is written at once: only then a snapshot holds up the server for as long as the size of a
 * value takes.
 *
 * A database that is emptied (FLUSHALL) hands its tables over as a whole and the walk goes on in them; two that are
 * exchanged (SWAPDB) only change places. Nothing is ever saved in a hurry.
 *
 * Who uses it gives an encoder (RDB or commands) and a sink (a file, the links to replicas); the sink's promise is
 * the back-pressure.
 */
import { PIECE_BYTES } from "./piece_buffer.ts";
import type { Rest } from "./values/rest.ts";
import { type Database, EPOCHS, type SnapshotHook, type Store } from "../store.ts";
import { isObject } from "../types/kind.ts";

/** How records become bytes: persistence/rdb_save.ts or persistence/aof_commands.ts. */
export interface SnapshotEncoder {
  /** Bytes written and not drained yet. */
  readonly length: number;
  /** What stands before the keys. */
  begin(): void;
  /** The records that follow are in this database: about so many, of which so many expire. */
  database(index: number, keys: number, expiring: number): void;
  /**
   * Begins to write a record. What is returned writes the rest of a large value, some of it each time; until that is
   * done nothing else is written here. Null where nothing is left.
   */
  record(db: Database, addr: number): Rest | null;
  /** An encoder of the same form, whose bytes are appended here later. */
  aside(): SnapshotEncoder;
  /** Puts bytes behind what is written, which from now on belong to the encoder. */
  append(bytes: Uint8Array): void;
  /** What stands behind the keys. */
  end(): void;
  /** From now on what only makes the file smaller is left out, or not any more. */
  rush(isRushed: boolean): void;
  /** Sets aside what is written as a piece that {@link drain} hands over by itself. The next may have so many bytes. */
  split(capacity?: number): void;
  /**
   * Hands over the bytes written since the last call, or the first piece that was set aside. `spare` is an earlier piece,
   * to be written to again.
   */
  drain(spare: Uint8Array | null): Uint8Array;
}

/** Where the bytes go. */
export interface SnapshotSink {
  /**
   * Takes a piece, which is written to again once the promise is fulfilled: only then comes the next one. A rejection
   * ends the snapshot.
   */
  write(piece: Uint8Array): Promise<void>;
  /** Brings what was taken to where it is safe, after the last piece. */
  finish?(): Promise<void>;
}

/** What a snapshot needs of its surroundings. */
export interface SnapshotPace {
  /** Milliseconds with fractions that never go back. */
  monotonicMs(): number;
  /** Lets the event loop serve whoever waits, then goes on, at the earliest after so many milliseconds. */
  pause(ms: number): Promise<void>;
  /** The longest stretch of work from now to the next pause, in milliseconds: short while others have work to do. */
  sliceMs(): number;
  /** Milliseconds that saving a key takes longer than it has to (rdb-key-save-delay). */
  readonly keyDelayMs: number;
}

/** The same, where a large value is written at once: the fewer pieces there are, the less there is to make. */
const RUSHED_PIECE_BYTES = 512 * 1024;
/** Values of less bytes are written at once where they are about to change: one begun aside has buffers of its own. */
const LARGE_BYTES = 256 * 1024;
/** Table buckets walked between two looks at the clock. */
const BUCKETS_PER_LOOK = 32;
/** A timer takes at least so many milliseconds: shorter delays are put together. */
const SHORTEST_REST_MS = 1;
/** Longest wait, in milliseconds, after which it is looked whether the snapshot is still wanted. */
const DAWDLE_MS = 50;

/** Why a snapshot ended without being complete. */
export class SnapshotAborted extends Error {
  override name = "SnapshotAborted";
}

/** One database of the cut, wherever its tables are now. */
interface Part {
  /** Number at the cut. */
  readonly index: number;
  /** Where its records are: the live database, or the tables that a flush has detached. */
  db: Database;
  /** Detached tables are released when the part is done. */
  detached: boolean;
  readonly keys: number;
  readonly expiring: number;
  /** Whether its number and sizes have been written once. */
  announced: boolean;
}

/** A value that is written in slices. */
interface LargeValue {
  readonly part: Part;
  readonly addr: number;
  readonly rest: Rest;
  /** Where `rest` writes to: the snapshot's own encoder, or one beside it where the value was begun before its turn. */
  readonly encoder: SnapshotEncoder;
  /** Whether it has changed since it was begun: then the record is stamped, and may be anywhere. */
  hasChanged: boolean;
}

/** A running snapshot. */
export class Snapshot implements SnapshotHook {
  readonly #store: Store;
  readonly #encoder: SnapshotEncoder;
  readonly #sink: SnapshotSink;
  readonly #pace: SnapshotPace;
  /** All parts in the order of writing. */
  readonly #parts: Part[] = [];
  /** The part whose records are in live database number i; undefined where those are all newer than the cut. */
  readonly #live: (Part | undefined)[] = [];
  /** The part that the last bytes written belong to. */
  #current: Part | null = null;
  /** What is half written, and what was saved meanwhile. */
  #large: LargeValue | null = null;
  #aside: SnapshotEncoder | null = null;
  /** Large values that were begun because they were about to change, and wait for their turn. */
  readonly #begun: LargeValue[] = [];
  #aborted: string | null = null;
  /** The piece that the sink took last: its memory serves for the next but one. */
  #spare: Uint8Array | null = null;
  /** Keys written so far, and keys at the cut. */
  saved = 0;
  readonly total: number;

  /** Cuts here and now. */
  constructor(store: Store, encoder: SnapshotEncoder, sink: SnapshotSink, pace: SnapshotPace) {
    if (store.snapshot !== null) throw new Error("a snapshot is running already");
    this.#store = store;
    this.#encoder = encoder;
    this.#sink = sink;
    this.#pace = pace;
    this.total = store.size;
    beginEpoch(store);
    store.snapshot = this;
    for (const db of store.databases) {
      if (db.size === 0) continue;
      const part: Part = {
        index: db.index,
        db,
        detached: false,
        keys: db.size,
        expiring: db.volatileSize,
        announced: false,
      };
      this.#parts.push(part);
      this.#live[db.index] = part;
    }
    encoder.begin();
  }

  /** Writes everything; fulfilled when the sink has taken the last piece. Rejects with SnapshotAborted or the sink's error. */
  async run(): Promise<void> {
    let complete = false;
    try {
      for (const part of this.#parts) await this.#writePart(part);
      await this.#flush(1);
      this.#encoder.end();
      await this.#flush(1);
      complete = true;
    } finally {
      this.#finish(complete);
    }
  }

  /** Gives up at once: another snapshot may begin. {@link run} rejects as soon as it gets to it. */
  abort(reason: string): void {
    this.#aborted ??= reason;
    this.#finish(false);
  }

  async #writePart(part: Part): Promise<void> {
    let cursor = 0;
    let isDone = false;
    let owedMs = 0;
    let deadline = this.#pace.monotonicMs() + this.#pace.sliceMs();
    const visit = (addr: number): void => {
      // Behind a large value that is begun here the bucket is visited again.
      if (this.#large === null && part.db.epochOf(addr) !== this.#store.epoch) this.#begin(part, addr);
    };
    while (!isDone || this.#large !== null || this.#begun.length > 0) {
      const before = this.saved;
      if (this.#large === null) this.#continueBegun();
      const buckets = this.#pace.keyDelayMs > 0 ? 1 : BUCKETS_PER_LOOK;
      for (let i = 0; i < buckets && this.#large === null && !isDone; i++) {
        const next = part.db.table.scan(cursor, visit);
        if (this.#large !== null) break;
        cursor = next;
        isDone = next === 0;
      }
      if (this.#large !== null) this.#advance(this.#large);
      if (this.#encoder.length >= PIECE_BYTES) await this.#flush(PIECE_BYTES);
      owedMs += (this.saved - before) * this.#pace.keyDelayMs;
      if (owedMs >= SHORTEST_REST_MS) {
        await this.#dawdle(owedMs);
        owedMs = 0;
        deadline = this.#pace.monotonicMs() + this.#pace.sliceMs();
      }
      if (this.#pace.monotonicMs() < deadline) continue;
      await this.#pace.pause(0);
      this.#check();
      deadline = this.#pace.monotonicMs() + this.#pace.sliceMs();
    }
    if (part.detached) part.db.discard();
  }

  /** Waits, but not for long after somebody gave the snapshot up. */
  async #dawdle(ms: number): Promise<void> {
    for (let left = ms; left > 0 && this.#aborted === null; left -= DAWDLE_MS) {
      await this.#pace.pause(Math.min(left, DAWDLE_MS));
    }
    this.#check();
  }

  /** Brings pieces to the sink as long as there are so many bytes. */
  async #flush(least: number): Promise<void> {
    while (this.#encoder.length >= least) {
      const piece = this.#encoder.drain(this.#spare);
      await this.#sink.write(piece);
      this.#spare = piece;
      this.#check();
    }
  }

  #check(): void {
    if (this.#aborted !== null) throw new SnapshotAborted(this.#aborted);
  }

  /** Begins to save a record; a small one is saved then. Nothing is half written now. */
  #begin(part: Part, addr: number): void {
    this.#announce(this.#encoder, part);
    const rest = this.#encoder.record(part.db, addr);
    if (rest === null || rest.next().done === true) return this.#saved(part, addr);
    this.#large = { part, addr, rest, encoder: this.#encoder, hasChanged: false };
  }

  /** Begins to save a record that is about to change and tells who reads it. False where that does not pay, or has no guard. */
  #beginAside(part: Part, addr: number): boolean {
    const { db } = part;
    if (!isObject(db.kind(addr))) return false;
    const value = db.object(addr);
    if (value.guard === undefined || value.memoryBytes() < LARGE_BYTES) return false;
    const encoder = this.#encoder.aside();
    const rest = encoder.record(db, addr);
    if (rest === null) throw new Error("a large value is written in slices");
    rest.next();
    this.#begun.push({ part, addr, rest, encoder, hasChanged: true });
    return true;
  }

  /** It is the turn of a value that was begun aside. Nothing is half written now. */
  #continueBegun(): void {
    const value = this.#begun.shift();
    if (value === undefined) return;
    this.#announce(this.#encoder, value.part);
    this.#large = value;
  }

  /** Saves some more of a large value. */
  #advance(value: LargeValue): void {
    const isDone = value.rest.next().done === true;
    if (value.encoder !== this.#encoder && (isDone || value.encoder.length >= PIECE_BYTES)) {
      while (value.encoder.length > 0) this.#encoder.append(value.encoder.drain(null));
    }
    if (!isDone) return;
    this.#large = null;
    if (value.hasChanged) this.saved++;
    else this.#saved(value.part, value.addr);
    const aside = this.#aside;
    this.#aside = null;
    while (aside !== null && aside.length > 0) this.#encoder.append(aside.drain(null));
  }

  /** Saves a record at once, whatever is half written. */
  #save(part: Part, addr: number): void {
    const large = this.#large;
    if (large !== null && large.part === part && large.addr === addr && !large.hasChanged) {
      const isGuarded = isObject(part.db.kind(addr)) && part.db.object(addr).guard !== undefined;
      if (isGuarded) {
        large.hasChanged = true;
        return;
      }
      this.#rush(this.#encoder, large.rest);
      return this.#advance(large);
    }
    if (this.#beginAside(part, addr)) return;
    const encoder = large === null ? this.#encoder : this.#aside ??= this.#encoder.aside();
    this.#announce(encoder, part);
    const rest = encoder.record(part.db, addr);
    if (rest !== null) this.#rush(encoder, rest);
    this.#saved(part, addr);
  }

  /** Writes all that is left of a large value, while everybody waits. */
  #rush(encoder: SnapshotEncoder, rest: Rest): void {
    encoder.rush(true);
    const before = encoder.length;
    let begun = before;
    while (rest.next().done !== true) {
      if (encoder.length - begun < RUSHED_PIECE_BYTES) continue;
      encoder.split(RUSHED_PIECE_BYTES + PIECE_BYTES);
      begun = encoder.length;
    }
    // Short ones stay together: each piece has a buffer.
    if (encoder.length - before >= PIECE_BYTES) encoder.split();
    encoder.rush(false);
  }

  #announce(encoder: SnapshotEncoder, part: Part): void {
    if (this.#current === part) return;
    encoder.database(part.index, part.announced ? 0 : part.keys, part.announced ? 0 : part.expiring);
    part.announced = true;
    this.#current = part;
  }

  #saved(part: Part, addr: number): void {
    part.db.stamp(addr);
    this.saved++;
  }

  #finish(complete: boolean): void {
    if (this.#store.snapshot !== this) return;
    this.#store.snapshot = null;
    this.#large?.rest.return();
    for (const value of this.#begun) value.rest.return();
    this.#large = this.#aside = null;
    this.#begun.length = 0;
    this.#store.mixedEpochs = complete ? 0 : this.#store.mixedEpochs + 1;
    for (const part of this.#parts) if (part.detached) part.db.discard();
  }

  // -- What the store tells while the snapshot runs -----------------------------------------------------------------

  preserve(db: Database, addr: number): void {
    const part = this.#live[db.index];
    if (part !== undefined) this.#save(part, addr);
  }

  detached(db: Database, contents: Database): void {
    const part = this.#live[db.index];
    if (part === undefined) return void contents.discard();
    part.db = contents;
    part.detached = true;
    this.#live[db.index] = undefined;
  }

  swapped(a: Database, b: Database): void {
    const first = this.#live[a.index], second = this.#live[b.index];
    this.#live[a.index] = second;
    this.#live[b.index] = first;
    if (second !== undefined) second.db = a;
    if (first !== undefined) first.db = b;
  }
}

/**
 * Raises the epoch, so that every record is older than it. The numbers are few and come round again; that is harmless
 * as long as snapshots are completed, since one leaves no record with an older number. After many that were not, the
 * stragglers are brought up to date first.
 */
function beginEpoch(store: Store): void {
  if (store.mixedEpochs >= EPOCHS - 2) {
    for (const db of store.databases) db.table.forEach((addr) => db.stamp(addr));
    store.mixedEpochs = 0;
  }
  store.epoch = (store.epoch + 1) % EPOCHS;
  store.epochsBegun++;
}
