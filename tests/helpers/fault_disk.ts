/**
 * A disk in memory for tests of durability: it fails at the call that the test names, and it can crash.
 *
 * What a real disk may lose in a crash is lost here on purpose: bytes written and not synced, and directory entries
 * made, renamed or removed since the directory was synced. `crash()` gives the disk as it would be found afterwards.
 */
import type { Disk, DiskFile, DiskStat, OpenMode } from "../../persistence/disk.ts";

/** A file's content: what programs see, and what is on the medium. */
interface Content {
  bytes: Uint8Array;
  length: number;
  synced: Uint8Array;
}

/** The errors of Deno, by what goes wrong. */
export const FAULTS = {
  ENOSPC: () => new Error("No space left on device (os error 28)"),
  EIO: () => new Error("Input/output error (os error 5)"),
} as const;

/** Names of the calls that can be told to fail. */
export type DiskCall =
  | "open"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "rename"
  | "remove"
  | "link"
  | "makeDirectory"
  | "syncDirectory";

/** See the file comment. */
export class FaultDisk implements Disk {
  /** Every call so far, in order. */
  readonly calls: DiskCall[] = [];
  /** Called before each call with its number (from 1 on); what it returns is thrown. */
  fault: (call: DiskCall, number: number) => Error | null = () => null;
  /** Most bytes that one write takes: short writes. */
  mostPerWrite = Infinity;
  /** Bytes that all files together may have: ENOSPC behind them, as a short write first. */
  capacity = Infinity;
  readonly #files = new Map<string, Content>();
  readonly #directories = new Set<string>([""]);
  /** Directory entries as they are on the medium: path to content. */
  #durable = new Map<string, Content>();
  readonly #durableDirectories = new Set<string>([""]);

  /** Makes a directory that is there from the start. */
  withDirectory(path: string): this {
    this.#directories.add(path);
    this.#durableDirectories.add(path);
    return this;
  }

  /** Puts a file in place, durably. */
  put(path: string, bytes: Uint8Array): void {
    const content: Content = { bytes: bytes.slice(), length: bytes.length, synced: bytes.slice() };
    this.#files.set(path, content);
    this.#durable.set(path, content);
  }

  /** A file's bytes as programs see them; undefined without it. */
  get(path: string): Uint8Array | undefined {
    const content = this.#files.get(path);
    return content?.bytes.slice(0, content.length);
  }

  /** All paths. */
  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** The disk as it is found after a crash now: nothing but what was synced. */
  crash(): FaultDisk {
    const found = new FaultDisk();
    for (const path of this.#durableDirectories) found.withDirectory(path);
    for (const [path, content] of this.#durable) found.put(path, content.synced);
    return found;
  }

  /** The disk as the next process finds it when this one is killed: everything written. */
  kill(): FaultDisk {
    const found = new FaultDisk();
    for (const path of this.#directories) found.withDirectory(path);
    for (const path of this.#files.keys()) found.put(path, this.get(path)!);
    return found;
  }

  enter(call: DiskCall): void {
    this.calls.push(call);
    const error = this.fault(call, this.calls.length);
    if (error !== null) throw error;
  }

  get used(): number {
    let used = 0;
    for (const content of this.#files.values()) used += content.length;
    return used;
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.enter("open");
    let content = this.#files.get(path);
    if (mode === "read" && content === undefined) throw notFound(path);
    if (!this.#directories.has(directoryOf(path))) throw notFound(path);
    if (content === undefined) {
      content = { bytes: new Uint8Array(64), length: 0, synced: new Uint8Array(0) };
      this.#files.set(path, content);
    }
    if (mode === "create") content.length = 0;
    return new FaultFile(this, content, mode);
  }

  rename(from: string, to: string): void {
    this.enter("rename");
    const content = this.#files.get(from);
    if (content === undefined) throw notFound(from);
    this.#files.delete(from);
    this.#files.set(to, content);
  }

  remove(path: string): void {
    this.enter("remove");
    if (!this.#files.delete(path)) throw notFound(path);
  }

  removeBeside(path: string): Promise<void> {
    return Promise.resolve().then(() => this.remove(path));
  }

  link(path: string, second: string): void {
    this.enter("link");
    const content = this.#files.get(path);
    if (content === undefined) throw notFound(path);
    if (this.#files.has(second)) throw new Error("File exists (os error 17)");
    this.#files.set(second, content);
  }

  makeDirectory(path: string): void {
    this.enter("makeDirectory");
    this.#directories.add(path);
  }

  list(path: string): string[] {
    return this.paths().filter((each) => directoryOf(each) === path).map((each) =>
      each.slice(path.length + 1)
    );
  }

  stat(path: string): DiskStat | null {
    const content = this.#files.get(path);
    if (content !== undefined) return { size: content.length, isFile: true, isDirectory: false };
    return this.#directories.has(path) ? { size: 0, isFile: false, isDirectory: true } : null;
  }

  syncDirectory(path: string): void {
    this.enter("syncDirectory");
    for (const each of [...this.#durable.keys()]) {
      if (directoryOf(each) === path && !this.#files.has(each)) this.#durable.delete(each);
    }
    for (const [each, content] of this.#files) {
      if (directoryOf(each) === path) this.#durable.set(each, content);
    }
    for (const each of this.#directories) if (directoryOf(each) === path) this.#durableDirectories.add(each);
  }
}

class FaultFile implements DiskFile {
  readonly #disk: FaultDisk;
  readonly #content: Content;
  readonly #mode: OpenMode;
  #position = 0;

  constructor(disk: FaultDisk, content: Content, mode: OpenMode) {
    this.#disk = disk;
    this.#content = content;
    this.#mode = mode;
  }

  readSync(buf: Uint8Array): number | null {
    this.#disk.enter("read");
    const { bytes, length } = this.#content;
    const count = Math.min(buf.length, length - this.#position);
    if (count <= 0) return null;
    buf.set(bytes.subarray(this.#position, this.#position + count));
    this.#position += count;
    return count;
  }

  writeSync(buf: Uint8Array): number {
    this.#disk.enter("write");
    const room = this.#disk.capacity - this.#disk.used;
    if (room <= 0) throw FAULTS.ENOSPC();
    const count = Math.min(buf.length, this.#disk.mostPerWrite, room);
    const content = this.#content;
    const at = this.#mode === "append" ? content.length : this.#position;
    if (at + count > content.bytes.length) {
      const bigger = new Uint8Array(Math.max(at + count, content.bytes.length * 2));
      bigger.set(content.bytes.subarray(0, content.length));
      content.bytes = bigger;
    }
    content.bytes.set(buf.subarray(0, count), at);
    content.length = Math.max(content.length, at + count);
    this.#position = at + count;
    return count;
  }

  write(buf: Uint8Array): Promise<number> {
    return Promise.resolve().then(() => this.writeSync(buf));
  }

  syncDataSync(): void {
    this.#disk.enter("sync");
    this.#content.synced = this.#content.bytes.slice(0, this.#content.length);
  }

  syncData(): Promise<void> {
    return Promise.resolve().then(() => this.syncDataSync());
  }

  truncateSync(size: number): void {
    this.#disk.enter("truncate");
    this.#content.length = Math.min(this.#content.length, size);
  }

  seekSync(offset: number, _whence: Deno.SeekMode): number {
    return this.#position = offset;
  }

  close(): void {}
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function notFound(path: string): Error {
  return new Deno.errors.NotFound(`No such file or directory (os error 2): ${path}`);
}
