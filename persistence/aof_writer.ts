/**
 * Writing to one part of the append-only file: the buffer of commands, the writes, the syncs, and what happens when
 * one of them fails.
 *
 * Commands are collected while a batch of requests runs. Before any reply of that batch leaves, {@link AofWriter.flush}
 * writes all of it in one write and, under appendfsync always, syncs it; connections whose batches ran in the same
 * turn of the event loop share both (server/commit.ts). Under everysec a sync runs beside the server about once a second.
 *
 * A write that fails leaves no half command behind: the file is cut back to where it was, the buffer is kept and tried
 * again, and {@link AofWriter.error} says that writes must be refused until it works. Under `always` nothing could be
 * promised to the clients that wait, so the process ends instead, as redis-server does.
 */
import { isPlain, type RequestFrame } from "../resp.ts";
import { copyBytes, formatInt, MAX_INT64_DIGITS, writeLatin1 } from "../types/bytes.ts";
import { type DiskFile, errnoText } from "./disk.ts";

/** A buffer larger than this is given up once it is written. */
const KEPT_BUFFER_BYTES = 1024 * 1024;
const FIRST_BUFFER_BYTES = 16 * 1024;
/** appendfsync everysec: how often a sync begins, and how long a write waits for one under way. Milliseconds. */
const SYNC_EVERY_MS = 1000;
const POSTPONE_MS = 2000;
/** How often the same trouble is logged. Milliseconds. */
const LOG_EVERY_MS = 30_000;

/** The directives that the writer follows; read anew each time. */
export interface AofWriterSettings {
  readonly appendfsync: "always" | "everysec" | "no";
  readonly noAppendfsyncOnRewrite: boolean;
  readonly aofTimestampEnabled: boolean;
}

/** What the writer needs of its surroundings. */
export interface AofWriterHost {
  readonly settings: AofWriterSettings;
  wallMs(): number;
  monotonicMs(): number;
  /** Whether a snapshot is being written, during which no-appendfsync-on-rewrite applies. */
  rewriting(): boolean;
  warning(message: string): void;
  notice(message: string): void;
  /** Ends the process: nothing that was not synced may be acknowledged. */
  exit(message: string): void;
  /** {@link AofWriter.error} has changed. */
  errorChanged(): void;
  /**
   * A line for the end of each write, which says where the data set stands in the history of the primary that is
   * followed; null where it follows none. What follows the last such line in a file was cut off by a crash.
   */
  place?(): string | null;
  /** An event of the latency monitor took so many milliseconds, in which nobody was served. */
  took?(event: string, ms: number): void;
  /** Holds up the server before each write, for tests. */
  holdUp?(): void;
}

const CR = 13, LF = 10;
const NOTHING = Promise.resolve();

/** The part that is appended to. */
export class AofWriter {
  /** What the operating system said to the last write or sync that failed; null while all is well. */
  error: string | null = null;
  /** Writes that waited for a sync under way, and went ahead after two seconds all the same. */
  delayedSyncs = 0;
  readonly #host: AofWriterHost;
  #file: DiskFile;
  /** Bytes in the file that belong to whole writes. */
  #size: number;
  #synced: number;
  #buf = new Uint8Array(FIRST_BUFFER_BYTES);
  #length = 0;
  #selected = -1;
  #annotatedSecond = 0;
  #syncing: Promise<void> | null = null;
  #syncFailed = false;
  #lastSyncMs: number;
  #postponedSinceMs = 0;
  #loggedMs = -Infinity;
  #ended = false;
  /** The file ends with what {@link AofWriterHost.place} said; so does the buffer, if it has this many bytes. */
  #placed = false;
  #placedLength = -1;

  /** @param size bytes that the file has already. */
  constructor(file: DiskFile, size: number, host: AofWriterHost) {
    this.#file = file;
    this.#size = size;
    this.#synced = size;
    this.#host = host;
    this.#lastSyncMs = host.monotonicMs();
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#size;
  }

  /** Bytes not written yet. */
  get pending(): number {
    return this.#length;
  }

  /** Whether a sync runs beside the server. */
  get syncing(): boolean {
    return this.#syncing !== null;
  }

  // -- Commands in ----------------------------------------------------------------------------------------------

  /** Adds a command that was executed in database `db`. */
  feed(db: number, frame: RequestFrame): void {
    if (this.#host.settings.aofTimestampEnabled) this.#annotate();
    if (db !== this.#selected && db >= 0) {
      const number = String(db);
      this.#text(`*2\r\n$6\r\nSELECT\r\n$${number.length}\r\n${number}\r\n`);
      this.#selected = db;
    }
    const { buf, count, starts, ends } = frame;
    if (isPlain(frame)) {
      const length = frame.frameEnd - frame.frameStart;
      this.#reserve(length);
      copyBytes(buf, frame.frameStart, frame.frameEnd, this.#buf, this.#length);
      this.#length += length;
      return;
    }
    this.#reserve(MAX_INT64_DIGITS + 3);
    this.#header(42, count);
    for (let i = 0; i < count; i++) {
      const start = starts[i]!, end = ends[i]!;
      this.#reserve(end - start + MAX_INT64_DIGITS + 5);
      this.#header(36, end - start);
      copyBytes(buf, start, end, this.#buf, this.#length);
      this.#length += end - start;
      this.#buf[this.#length++] = CR;
      this.#buf[this.#length++] = LF;
    }
  }

  /** Adds a line that loading passes over, for whoever looks for it. `text` is short and has no line breaks. */
  annotate(text: string): void {
    this.#text(`#${text}\r\n`);
  }

  /** From time to time: a file to which nothing was written since it was begun says where it stands, too. */
  keepPlace(): void {
    if (this.#placed || this.#length > 0) return;
    const place = this.#host.place?.() ?? null;
    if (place !== null) this.annotate(place);
  }

  /** The time, once a second: where redis-check-aof can cut the file to go back in time. */
  #annotate(): void {
    const second = Math.floor(this.#host.wallMs() / 1000);
    if (second <= this.#annotatedSecond) return;
    this.#annotatedSecond = second;
    this.#text(`#TS:${second}\r\n`);
  }

  #text(text: string): void {
    this.#reserve(text.length);
    this.#length = writeLatin1(text, this.#buf, this.#length);
  }

  #header(type: number, value: number): void {
    const buf = this.#buf;
    buf[this.#length] = type;
    const at = formatInt(value, buf, this.#length + 1);
    buf[at] = CR;
    buf[at + 1] = LF;
    this.#length = at + 2;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buf.length) return;
    const bigger = new Uint8Array(Math.max(needed, this.#buf.length * 2));
    bigger.set(this.#buf.subarray(0, this.#length));
    this.#buf = bigger;
  }

  // -- Bytes out ------------------------------------------------------------------------------------------------

  /**
   * Makes everything fed so far as safe as appendfsync says; replies wait for it. `force` does not wait for a sync under
   * way. False where that cannot be reached and the process ends: nothing may be acknowledged any more.
   */
  flush(force = false): boolean {
    if (this.#ended) return false;
    const always = this.#host.settings.appendfsync === "always";
    if (this.#length > 0 && !this.#mustWait(force, always)) this.#write(always);
    // A sync that failed is tried again, whether anything new was written or not: writes are refused until then.
    if (!this.#ended && (this.#synced < this.#size || this.#syncFailed)) this.#syncAsAsked(always);
    return !this.#ended;
  }

  #syncAsAsked(always: boolean): void {
    const { noAppendfsyncOnRewrite, appendfsync } = this.#host.settings;
    if (noAppendfsyncOnRewrite && this.#host.rewriting()) return;
    if (always) this.#syncNow();
    else if (appendfsync === "everysec" || this.#syncFailed) this.#syncSometimes();
  }

  /** A write beside a running sync would hold up the server until the disk is done: it is put off, for a while. */
  #mustWait(force: boolean, always: boolean): boolean {
    if (force || always || this.#syncing === null) {
      this.#postponedSinceMs = 0;
      return false;
    }
    const now = this.#host.monotonicMs();
    if (this.#postponedSinceMs === 0) this.#postponedSinceMs = now;
    if (now - this.#postponedSinceMs < POSTPONE_MS) return true;
    this.#postponedSinceMs = 0;
    this.delayedSyncs++;
    this.#host.notice(
      "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync " +
        "to complete, this may slow down Redis.",
    );
    return false;
  }

  #write(always: boolean): void {
    this.#host.holdUp?.();
    if (this.#length !== this.#placedLength) { // else this is another try
      const place = this.#host.place?.() ?? null;
      if (place !== null) this.annotate(place);
      this.#placed = place !== null;
    }
    const wanted = this.#length;
    const startedMs = this.#host.monotonicMs();
    let written = 0;
    try {
      while (written < wanted) {
        const count = this.#file.writeSync(this.#buf.subarray(written, wanted));
        if (count <= 0) throw new Error("write returned 0");
        written += count;
      }
    } catch (error) {
      return this.#writeFailed(error, written, wanted, always);
    } finally {
      this.#tellTime(startedMs);
    }
    this.#size += wanted;
    this.#length = 0;
    this.#placedLength = -1;
    if (this.#buf.length > KEPT_BUFFER_BYTES) this.#buf = new Uint8Array(FIRST_BUFFER_BYTES);
    if (this.error !== null && !this.#syncFailed) {
      this.#host.warning("AOF write error looks solved, Redis can write again.");
      this.#setError(null);
    }
  }

  /** Tells the latency monitor of a write, and what it may have waited for. */
  #tellTime(startedMs: number): void {
    const ms = this.#host.monotonicMs() - startedMs;
    const beside = this.syncing ? "pending-fsync" : this.#host.rewriting() ? "active-child" : "alone";
    this.#host.took?.(`aof-write-${beside}`, ms);
    this.#host.took?.("aof-write", ms);
  }

  #writeFailed(error: unknown, written: number, wanted: number, always: boolean): void {
    const text = errnoText(error);
    const now = this.#host.monotonicMs();
    if (now - this.#loggedMs > LOG_EVERY_MS) {
      this.#loggedMs = now;
      this.#host.warning(
        written === 0
          ? `Error writing to the AOF file: ${text}`
          : `Short write while writing to the AOF file: (nwritten=${written}, expected=${wanted})`,
      );
    }
    if (written > 0) written = this.#cutBack(written);
    if (always) {
      return this.#end(
        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
      );
    }
    // What could not be cut off again is in the file: only the rest is tried again.
    this.#size += written;
    this.#buf.copyWithin(0, written, this.#length);
    this.#length -= written;
    if (this.#placed) this.#placedLength = this.#length;
    this.#setError(text);
  }

  /** Removes a half-written tail. Returns how much of it stays. */
  #cutBack(written: number): number {
    try {
      this.#file.truncateSync(this.#size);
      return 0;
    } catch (error) {
      this.#host.warning(
        "Could not remove short write from the append-only file.  Redis may refuse to load the AOF the next time it " +
          `starts.  ftruncate: ${errnoText(error)}`,
      );
      return written;
    }
  }

  #syncNow(): void {
    const startedMs = this.#host.monotonicMs();
    try {
      this.#file.syncDataSync();
      this.#host.took?.("aof-fsync-always", this.#host.monotonicMs() - startedMs);
      this.#lastSyncMs = this.#host.monotonicMs();
      this.#syncedUpTo(this.#size);
    } catch (error) {
      this.#end(
        `Can't persist AOF for fsync error when the AOF fsync policy is 'always': ${
          errnoText(error)
        }. Exiting...`,
      );
    }
  }

  #syncSometimes(): void {
    const now = this.#host.monotonicMs();
    if (this.#syncing !== null || now - this.#lastSyncMs < SYNC_EVERY_MS) return;
    this.#lastSyncMs = now;
    const size = this.#size, file = this.#file;
    this.#syncing = file.syncData().then(() => {
      if (file === this.#file) this.#syncedUpTo(size); // else the sizes are another file's
    }, (error) => {
      this.#syncFailed = true;
      this.#host.warning(`Fail to fsync the AOF file: ${errnoText(error)}`);
      this.#setError(errnoText(error));
    }).finally(() => this.#syncing = null);
  }

  #syncedUpTo(size: number): void {
    this.#synced = Math.max(this.#synced, size);
    if (!this.#syncFailed) return;
    this.#syncFailed = false;
    this.#setError(null);
  }

  #setError(text: string | null): void {
    if (this.error === text) return;
    this.error = text;
    this.#host.errorChanged();
  }

  #end(message: string): void {
    this.#ended = true;
    this.#host.exit(message);
  }

  // -- Changing parts -------------------------------------------------------------------------------------------

  /**
   * Goes on in another file, whose first command will say its database. What is pending is written to the old one,
   * which is synced and closed beside the server. Throws where the old file cannot take what is pending.
   */
  switchTo(file: DiskFile, size: number): void {
    this.flush(true);
    if (this.#length > 0) throw new Error(this.error ?? "the append-only file cannot be written");
    this.#closeLater(this.#file, this.#synced < this.#size);
    this.#file = file;
    this.#size = this.#synced = size;
    this.#selected = -1;
    this.#placed = false;
  }

  #closeLater(file: DiskFile, sync: boolean): void {
    const before = this.#syncing ?? NOTHING;
    before.then(() => sync ? file.syncData() : undefined).catch((error) => {
      this.#syncFailed = true;
      this.#setError(errnoText(error));
    }).finally(() => file.close());
  }

  /** Closes the file, whatever was to be written to it. */
  drop(): void {
    this.#length = 0;
    this.#closeLater(this.#file, false);
  }

  /** Writes and syncs everything. Throws what the disk throws. */
  sync(): void {
    this.flush(true);
    if (this.#length > 0) throw new Error(this.error ?? "the append-only file cannot be written");
    this.#file.syncDataSync();
    this.#synced = this.#size;
  }

  /** As {@link sync}, and closes the file. */
  close(): void {
    try {
      this.sync();
    } finally {
      this.#file.close();
    }
  }
}
