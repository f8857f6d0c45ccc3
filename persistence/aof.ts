/**
 * The append-only file as a whole: its directory, its manifest, its parts, and how a rewrite replaces them.
 *
 * The order of steps is what makes it durable. A file exists, with its directory entry synced, before the manifest
 * names it; the manifest is replaced in one step; files are removed only after no manifest names them as part of the
 * data set. So a crash between any two steps leaves a manifest whose files are all there and hold every command that
 * was acknowledged. Loading is in aof_loader.ts, the writing of commands in aof_writer.ts.
 */
import {
  type AofManifest,
  EMPTY_MANIFEST,
  formatManifest,
  manifestName,
  manifestTempName,
  parseManifest,
  partsToLoad,
  withNextBase,
  withNextIncremental,
  withoutHistory,
} from "./aof_manifest.ts";
import { AofWriter, type AofWriterHost, type AofWriterSettings } from "./aof_writer.ts";
import {
  baseName,
  type Disk,
  type DiskFile,
  errnoText,
  joinPath,
  readWhole,
  removeIfPresent,
  removeLater,
  replaceFile,
} from "./disk.ts";
import type { RequestFrame } from "../resp.ts";
import { fromLatin1, latin1 } from "../types/bytes.ts";

/** The directives that decide names and forms. */
export interface AofSettings extends AofWriterSettings {
  readonly dir: string;
  readonly appenddirname: string;
  readonly appendfilename: string;
  readonly aofUseRdbPreamble: boolean;
  readonly aofDisableAutoGc: boolean;
}

/** What the append-only file needs of its surroundings. */
export interface AofHost extends AofWriterHost {
  readonly settings: AofSettings;
  readonly disk: Disk;
}

/** OFF: not kept. ON: kept. WAITING: turned on, but valid only once the first rewrite is complete. */
export type AofState = "off" | "on" | "waiting";

/** One server's append-only file. */
export class AppendOnlyFile {
  state: AofState = "off";
  manifest: AofManifest = EMPTY_MANIFEST;
  readonly #host: AofHost;
  #writer: AofWriter | null = null;
  /** Bytes of the parts that are not written to any more. */
  #closedBytes = 0;
  #baseBytes = 0;
  /** Size after the last rewrite, or of the base at the start: what auto-aof-rewrite-percentage compares with. */
  rewriteBaseBytes = 0;

  #failedWhenOff = false;

  constructor(host: AofHost) {
    this.#host = host;
  }

  /** The directory of the parts. */
  get directory(): string {
    return joinPath(this.#host.settings.dir, this.#host.settings.appenddirname);
  }

  /** Bytes of all parts, with what is about to be written. */
  get size(): number {
    return this.#closedBytes + (this.#writer?.size ?? 0);
  }

  get baseBytes(): number {
    return this.#baseBytes;
  }

  /** Why writes must be refused; null while all is well. */
  get error(): string | null {
    return this.#writer?.error ?? null;
  }

  /** Whether the last write failed, also one before the file was turned off. */
  get writeFailed(): boolean {
    return this.error !== null || this.#failedWhenOff;
  }

  /** It is turned on again, and what went wrong before is of no matter any more. True where something had. */
  forgetFailure(): boolean {
    const failed = this.#failedWhenOff;
    this.#failedWhenOff = false;
    return failed;
  }

  /** The writer, for statistics; null while off. */
  get writer(): AofWriter | null {
    return this.#writer;
  }

  feed(db: number, frame: RequestFrame): void {
    this.#writer?.feed(db, frame);
  }

  /** See {@link AofWriter.annotate}. */
  annotate(text: string): void {
    this.#writer?.annotate(text);
  }

  /** See {@link AofWriter.keepPlace}. */
  keepPlace(): void {
    this.#writer?.keepPlace();
  }

  /** Bytes of commands that are not written yet. */
  get pending(): number {
    return this.#writer?.pending ?? 0;
  }

  /** See {@link AofWriter.flush}. */
  flush(force = false): boolean {
    return this.#writer === null || this.#writer.flush(force);
  }

  path(name: string): string {
    return joinPath(this.directory, name);
  }

  // -- Starting -------------------------------------------------------------------------------------------------

  /** Reads the manifest that is on disk, if there is one. Throws ManifestError or what the disk throws. */
  readManifest(): void {
    const { disk, settings } = this.#host;
    const path = this.path(manifestName(settings.appendfilename));
    this.manifest = disk.stat(path) === null ? EMPTY_MANIFEST : parseManifest(latin1(readWhole(disk, path)));
  }

  /** Puts a manifest into force, on disk and then here. Throws what the disk throws; the old one then stays. */
  persist(manifest: AofManifest): void {
    const { disk, settings } = this.#host;
    this.#makeDirectory();
    const name = manifestName(settings.appendfilename);
    const temp = manifestTempName(settings.appendfilename);
    try {
      replaceFile(disk, this.directory, name, temp, fromLatin1(formatManifest(manifest)));
      this.manifest = manifest;
    } catch (error) {
      // Whether it is on disk is not certain: the names that it gives out must never stand for another content.
      const { baseSeq, incrementalSeq } = manifest;
      this.manifest = { ...this.manifest, baseSeq, incrementalSeq };
      throw error;
    }
  }

  #makeDirectory(): void {
    const { disk, settings } = this.#host;
    if (disk.stat(this.directory) !== null) return;
    disk.makeDirectory(this.directory);
    disk.syncDirectory(settings.dir);
  }

  /**
   * Opens the last incremental part to append to it, making what is missing: `writeBase` writes the data set, as it is
   * now, to a base file. Called after loading.
   */
  open(writeBase: (directory: string, name: string) => void): void {
    const { settings } = this.#host;
    let manifest = this.manifest;
    this.#makeDirectory();
    const isFresh = partsToLoad(manifest).length === 0;
    if (isFresh) {
      manifest = withNextBase(manifest, settings.appendfilename, settings.aofUseRdbPreamble, 0);
      writeBase(this.directory, manifest.base!.name);
      this.#host.notice(`Creating AOF base file ${manifest.base!.name} on server start`);
    }
    const isNew = manifest.incremental.length === 0;
    if (isNew) manifest = withNextIncremental(manifest, settings.appendfilename);
    const name = manifest.incremental.at(-1)!.name;
    const file = this.#openPart(this.path(name), isNew);
    if (manifest !== this.manifest) this.persist(manifest);
    this.#host.notice(`${isNew ? "Creating" : "Opening"} AOF incr file ${name} on server start`);
    this.#writer = new AofWriter(file, this.#sizeOf(name), this.#host);
    this.state = "on";
    // A base that was written just now is counted from the next rewrite or start on, as in redis-server.
    if (isFresh) this.#closedBytes = this.#baseBytes = 0;
    else this.#measure();
    this.rewriteBaseBytes = this.#baseBytes;
    this.removeHistory();
  }

  /**
   * A part to append to; a new one is empty. Always opened to append: a failed write is cut off again, and what is
   * written next must not leave a gap.
   */
  #openPart(path: string, isNew: boolean): DiskFile {
    const { disk } = this.#host;
    const file = disk.open(path, "append");
    if (isNew) {
      file.truncateSync(0);
      disk.syncDirectory(this.directory);
    }
    return file;
  }

  #sizeOf(name: string): number {
    return this.#timed("aof-fstat", () => this.#host.disk.stat(this.path(name))?.size ?? 0);
  }

  /** Does something with the disk, and tells the latency monitor how long that took. */
  #timed<T>(event: string, work: () => T): T {
    const startedMs = this.#host.monotonicMs();
    const result = work();
    this.#host.took?.(event, this.#host.monotonicMs() - startedMs);
    return result;
  }

  /** Takes the sizes of all parts but the last from the disk. */
  #measure(): void {
    const { base, incremental } = this.manifest;
    this.#baseBytes = base === null ? 0 : this.#sizeOf(base.name);
    this.#closedBytes = this.#baseBytes;
    const closed = this.state === "on" ? incremental.slice(0, -1) : incremental;
    for (const part of closed) this.#closedBytes += this.#sizeOf(part.name);
  }

  // -- Turning on and off at run time -----------------------------------------------------------------------------

  /** Turned on: from the next rewrite on there will be an append-only file. */
  wait(): void {
    this.state = "waiting";
  }

  /** What is left of a rewrite that was given up. Called when the process ends. */
  removeTemporary(): void {
    if (this.state === "waiting") removeIfPresent(this.#host.disk, this.#tempIncremental);
  }

  /** Turned off: what is pending is written and synced; the files stay. Throws what the disk throws. */
  stop(): void {
    const waiting = this.state === "waiting";
    this.#failedWhenOff ||= this.error !== null;
    this.state = "off";
    this.close();
    if (waiting) removeIfPresent(this.#host.disk, this.#tempIncremental);
  }

  // -- Rewriting ------------------------------------------------------------------------------------------------

  /** The state in which the rewrite under way began. */
  #begunAs: AofState = "off";

  get #tempIncrementalName(): string {
    return `temp-${this.#host.settings.appendfilename}.incr`;
  }

  get #tempIncremental(): string {
    return this.path(this.#tempIncrementalName);
  }

  /**
   * The instant of the cut: commands from here on go to a new part. While the append-only file is being turned on
   * nothing of the old one may be touched, so the new part has a temporary name and no manifest yet.
   */
  beginRewrite(): void {
    this.#makeDirectory();
    this.#begunAs = this.state;
    if (this.state === "off") return; // only a base is written, for who turns the file on at the next start
    // What waits to be written belongs before the cut; a new part may have the old one's temporary name.
    this.#writer?.flush(true);
    if (this.pending > 0) throw new Error(this.error ?? "the append-only file cannot be written");
    if (this.state === "waiting") {
      const file = this.#openPart(this.#tempIncremental, true);
      this.#host.notice(`Creating AOF incr file ${this.#tempIncrementalName} on background rewrite`);
      if (this.#writer === null) this.#writer = new AofWriter(file, 0, this.#host);
      else this.#writer.switchTo(file, 0);
      return;
    }
    const manifest = withNextIncremental(this.manifest, this.#host.settings.appendfilename);
    const name = manifest.incremental.at(-1)!.name;
    const file = this.#openPart(this.path(name), true);
    try {
      this.persist(manifest);
      const before = this.#writer!.size;
      this.#writer!.switchTo(file, 0);
      this.#closedBytes += before;
    } catch (error) {
      file.close();
      throw error;
    }
    this.#host.notice(`Creating AOF incr file ${name} on background rewrite`);
  }

  /** The rewrite that was to turn the file on has failed: what was kept for it is of no use to the next one. */
  giveUpRewrite(): void {
    if (this.state !== "waiting") return;
    this.#writer?.drop();
    this.#writer = null;
    this.#host.errorChanged();
    this.#host.notice(`Removing the temp incr aof file ${this.#tempIncrementalName} in the background`);
    removeLater(this.#host.disk, this.#tempIncremental);
  }

  /** The snapshot is complete in this file, synced: it becomes the base. Throws what the disk throws. */
  finishRewrite(tempBase: string): void {
    const { disk, settings } = this.#host;
    const waiting = this.#begunAs === "waiting";
    let manifest = withNextBase(
      this.manifest,
      settings.appendfilename,
      settings.aofUseRdbPreamble,
      this.#begunAs === "on" ? 1 : 0,
    );
    const base = this.path(manifest.base!.name);
    this.#timed("aof-rename", () => disk.rename(tempBase, base));
    this.#host.notice(
      `Successfully renamed the temporary AOF base file ${baseName(tempBase)} into ${manifest.base!.name}`,
    );
    if (waiting) {
      manifest = withNextIncremental(manifest, settings.appendfilename);
      const name = manifest.incremental.at(-1)!.name;
      this.#timed("aof-rename", () => disk.rename(this.#tempIncremental, this.path(name)));
      this.#host.notice(
        `Successfully renamed the temporary AOF incr file ${this.#tempIncrementalName} into ${name}`,
      );
    }
    disk.syncDirectory(this.directory);
    this.persist(manifest);
    if (waiting) this.state = "on";
    this.#measure();
    this.rewriteBaseBytes = this.size;
    this.removeHistory();
  }

  /**
   * Removes the parts that were replaced, beside the server, and then their names. That this fails is logged; the next
   * start tries again.
   */
  async removeHistory(): Promise<void> {
    const { disk, settings } = this.#host;
    const { history } = this.manifest;
    if (history.length === 0 || settings.aofDisableAutoGc) return;
    try {
      for (const part of history) {
        this.#host.notice(`Removing the history file ${part.name} in the background`);
        await disk.removeBeside(this.path(part.name)).catch((error) => {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        });
      }
      this.persist(withoutHistory(this.manifest, history));
    } catch (error) {
      this.#host.warning(`Removing replaced parts of the append-only file failed: ${errnoText(error)}`);
    }
  }

  /** Writes and syncs what is pending, before the process ends. Throws what the disk throws. */
  sync(): void {
    this.#writer?.sync();
  }

  /** As {@link sync}, and closes. */
  close(): void {
    const writer = this.#writer;
    this.#writer = null;
    writer?.close();
  }
}
