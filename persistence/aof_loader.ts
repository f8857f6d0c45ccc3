/**
 * Loading the append-only file: its base, then its incremental parts, a slice at a time.
 *
 * A command is executed as if a client had sent it, but never half a transaction: commands between MULTI and EXEC are
 * kept until the EXEC has been read. A tail that a crash has cut short may be cut off the last part, where
 * aof-load-truncated says so; anything else that is wrong ends the start, and nothing on disk has been changed then.
 */
import type { RequestFrame } from "../resp.ts";
import { equalBytes, fromLatin1, latin1 } from "../types/bytes.ts";
import { type AofPart, manifestOfOldFile, partsToLoad } from "./aof_manifest.ts";
import { AofReader, AofStep } from "./aof_reader.ts";
import type { AppendOnlyFile } from "./aof.ts";
import { type Disk, type DiskFile, errnoText, joinPath } from "./disk.ts";

const RDB_SIGNATURE = fromLatin1("REDIS");
const MULTI = fromLatin1("MULTI"), EXEC = fromLatin1("EXEC");
/** Commands run between two looks at the clock. */
const COMMANDS_PER_LOOK = 32;

/** A request that can be kept. */
export interface LoadFrame extends RequestFrame {
  copy(): LoadFrame;
}

/** What loading needs of its surroundings. */
export interface AofLoadHost {
  readonly disk: Disk;
  readonly settings: {
    readonly dir: string;
    readonly appenddirname: string;
    readonly appendfilename: string;
    readonly aofLoadTruncated: boolean;
  };
  /** A frame to read requests into. */
  readonly frame: LoadFrame;
  /** Executes a request. False where there is no such command. */
  execute(frame: LoadFrame): boolean;
  /** Loads the RDB file that begins where the file stands. Returns the offset behind it. */
  loadRdb(file: DiskFile, size: number, name: string): Loading<number>;
  monotonicMs(): number;
  readonly sliceMs: number;
  /** Milliseconds to wait after each command (key-load-delay). */
  delayMs(): number;
  /** The whole size is known; then, again and again: so many bytes more are done. */
  begin(totalBytes: number): void;
  progress(bytes: number): void;
  /** What the annotation says that ends a part, "" without one; the last part comes last. */
  annotation(text: string): void;
  notice(message: string): void;
  warning(message: string): void;
}

/**
 * Work that stops every few milliseconds, so that its driver can serve others, or go on at once. What it yields is how many
 * milliseconds must pass before it goes on: 0 unless key-load-delay asks for more.
 */
export type Loading<T> = Generator<number, T, void>;

/** Why the data set cannot be loaded; the message has been made for the log. */
export class LoadError extends Error {
  override name = "LoadError";
}

/** Loads all parts. False where there is no append-only file. Throws {@link LoadError}. */
export function* loadAppendOnlyFile(aof: AppendOnlyFile, host: AofLoadHost): Loading<boolean> {
  upgradeOldFile(aof, host);
  const parts = partsToLoad(aof.manifest);
  if (parts.length === 0) return false;
  const sizes = parts.map((part) => sizeOf(aof, host, part));
  host.begin(sizes.reduce((sum, size) => sum + size, 0));
  const started = host.monotonicMs();
  for (const [i, part] of parts.entries()) {
    const partStarted = host.monotonicMs();
    yield* new PartLoad(aof, host, part, sizes[i]!, i === parts.length - 1).run();
    const kind = part.type === "b" ? "base" : "incr";
    if (sizes[i]! > 0) {
      host.notice(`DB loaded from ${kind} file ${part.name}: ${seconds(host, partStarted)} seconds`);
    }
  }
  host.notice(`DB loaded from append only file: ${seconds(host, started)} seconds`);
  return true;
}

function seconds(host: AofLoadHost, since: number): string {
  return ((host.monotonicMs() - since) / 1000).toFixed(3);
}

function sizeOf(aof: AppendOnlyFile, host: AofLoadHost, part: AofPart): number {
  const stat = host.disk.stat(aof.path(part.name));
  if (stat !== null && stat.isFile) return stat.size;
  const what = stat === null ? "No such file or directory" : "it is no file";
  throw new LoadError(
    `Unable to obtain the AOF file ${part.name} length. stat: ${what}. The manifest names it: restore it from a backup, ` +
      "or take its line out of the manifest and lose what it held",
  );
}

/**
 * An append-only file of a version before 7.0 is one file beside where the directory is now: it becomes the base. The
 * manifest is written first, so that a crash in between is recognised by a base that is still outside.
 */
function upgradeOldFile(aof: AppendOnlyFile, host: AofLoadHost): void {
  const { dir, appenddirname, appendfilename } = host.settings;
  const old = joinPath(dir, appendfilename);
  if (host.disk.stat(old)?.isFile !== true) return;
  const { base, incremental } = aof.manifest;
  const isInterrupted = base?.name === appendfilename && incremental.length === 0;
  if (partsToLoad(aof.manifest).length > 0 && !isInterrupted) return;
  if (!isInterrupted) aof.persist(manifestOfOldFile(appendfilename));
  host.disk.rename(old, aof.path(appendfilename));
  host.disk.syncDirectory(aof.directory);
  host.disk.syncDirectory(dir);
  host.notice(
    `Successfully migrated an old-style AOF file (${appendfilename}) into the AOF directory (${appenddirname}).`,
  );
}

/** The loading of one file. */
class PartLoad {
  readonly #aof: AppendOnlyFile;
  readonly #host: AofLoadHost;
  readonly #part: AofPart;
  readonly #size: number;
  readonly #isLast: boolean;
  /** Commands of the transaction that is being read, and where they stand; null outside of one. */
  #queue: { frame: LoadFrame; at: number }[] | null = null;
  /** Where the MULTI stands. */
  #multiAt = 0;

  constructor(aof: AppendOnlyFile, host: AofLoadHost, part: AofPart, size: number, isLast: boolean) {
    this.#aof = aof;
    this.#host = host;
    this.#part = part;
    this.#size = size;
    this.#isLast = isLast;
  }

  *run(): Loading<void> {
    const file = this.#host.disk.open(this.#aof.path(this.#part.name), "read");
    try {
      const from = yield* this.#preamble(file);
      file.seekSync(from, Deno.SeekMode.Start);
      const reader = new AofReader(file, this.#size, from);
      const end = yield* this.#commands(reader);
      this.#host.annotation(end === AofStep.END ? reader.annotation : "");
      if (end === AofStep.DAMAGED) this.#refuseDamaged(reader.offset);
      if (end === AofStep.CUT || this.#queue !== null) this.#cutTail(reader.offset);
    } finally {
      file.close();
    }
  }

  /** Loads the RDB file that the part begins with, if it does. Returns where commands begin. */
  *#preamble(file: DiskFile): Loading<number> {
    const head = new Uint8Array(RDB_SIGNATURE.length);
    const count = this.#size < head.length ? 0 : file.readSync(head);
    file.seekSync(0, Deno.SeekMode.Start);
    if (count !== head.length || !equalBytes(head, 0, head.length, RDB_SIGNATURE, 0, head.length)) return 0;
    const isOldStyle = this.#part.name === this.#host.settings.appendfilename;
    this.#host.notice(
      isOldStyle ? "Reading RDB preamble from AOF file..." : "Reading RDB base file on AOF loading...",
    );
    return yield* this.#host.loadRdb(file, this.#size, this.#aof.path(this.#part.name));
  }

  /** Executes all commands. Returns the AofStep at which they end. */
  *#commands(reader: AofReader): Loading<number> {
    const host = this.#host;
    let deadline = host.monotonicMs() + host.sliceMs;
    let reported = reader.offset;
    for (let n = 1;; n++) {
      const at = reader.offset;
      const step = reader.next(host.frame);
      if (step !== AofStep.COMMAND) return step;
      this.#take(host.frame, at);
      const delayMs = host.delayMs();
      if (delayMs === 0 && (n % COMMANDS_PER_LOOK !== 0 || host.monotonicMs() < deadline)) continue;
      host.progress(reader.offset - reported);
      reported = reader.offset;
      yield delayMs;
      deadline = host.monotonicMs() + host.sliceMs;
    }
  }

  #take(frame: LoadFrame, at: number): void {
    if (frame.count === 1 && this.#queue === null && isWord(frame, MULTI)) {
      this.#queue = [];
      this.#multiAt = at;
    } else if (this.#queue === null) this.#execute(frame, at);
    else if (frame.count === 1 && isWord(frame, EXEC)) {
      const queue = this.#queue;
      this.#queue = null;
      for (const queued of queue) this.#execute(queued.frame, queued.at);
    } else this.#queue.push({ frame: frame.copy(), at });
  }

  #execute(frame: LoadFrame, at: number): void {
    if (this.#host.execute(frame)) return;
    const name = latin1(frame.buf, frame.starts[0]!, frame.ends[0]!);
    throw new LoadError(
      `Unknown command '${name}' reading the append only file ${this.#part.name} (at offset ${at}, or one that does not ` +
        "take so many arguments; restore the file from a backup, or start a server that knows the command)",
    );
  }

  #refuseDamaged(offset: number): never {
    const { name } = this.#part;
    throw new LoadError(
      `Bad file format reading the append only file ${name}: make a backup of your AOF file, then use ` +
        `./redis-check-aof --fix <filename.manifest> (the damage begins at offset ${offset})`,
    );
  }

  /** The file ends within a command or a transaction. */
  #cutTail(offset: number): void {
    const host = this.#host;
    const { name } = this.#part;
    const end = this.#queue === null ? offset : this.#multiAt;
    if (this.#queue !== null) host.warning(`Revert incomplete MULTI/EXEC transaction in AOF file ${name}`);
    if (!this.#isLast) {
      const what = this.#queue === null ? "command" : "transaction";
      throw new LoadError(
        `Fatal error: the truncated file is not the last file (${name} ends within a ${what} at offset ${end}; ` +
          "restore it from a backup, or use ./redis-check-aof --fix <filename.manifest> and lose what follows)",
      );
    }
    if (!host.settings.aofLoadTruncated) {
      throw new LoadError(
        `Unexpected end of file reading the append only file ${name}. You can: 1) Make a backup of your AOF file, ` +
          "then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the " +
          `'aof-load-truncated' configuration option to yes and restart the server. (What is incomplete begins at offset ${end}.)`,
      );
    }
    host.warning(`!!! Warning: short read while loading the AOF file ${name}!!!`);
    host.warning(`!!! Truncating the AOF ${name} at offset ${end} !!!`);
    try {
      const file = host.disk.open(this.#aof.path(name), "append");
      try {
        file.truncateSync(end);
        file.syncDataSync();
      } finally {
        file.close();
      }
    } catch (error) {
      throw new LoadError(`Error truncating the AOF file ${name}: ${errnoText(error)}`);
    }
    host.warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`);
  }
}

/** Whether the only argument is this word, in any case. */
function isWord(frame: LoadFrame, word: Uint8Array): boolean {
  const start = frame.starts[0]!;
  if (frame.ends[0]! - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if ((frame.buf[start + i]! & 0xdf) !== word[i]) return false;
  return true;
}
