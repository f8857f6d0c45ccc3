/**
 * The disk as persistence sees it: the few file operations that durability is made of, behind one interface.
 *
 * Why: "a failed write or fsync never acknowledges what is not safe" can only be tested where a test decides which
 * call fails, and "kill -9 loses nothing" only where a test decides which bytes had reached the platter. So nothing in
 * persistence/ calls Deno's file functions itself; tests put tests/helpers/fault_disk.ts in the place of the real disk.
 *
 * Calls are synchronous where the caller must not let another command in between (appending a batch, swapping a
 * manifest) and asynchronous where the event loop should go on meanwhile (snapshots, appendfsync everysec).
 */
import { messageOf } from "../util/errors.ts";
import { Buffer } from "node:buffer";

/** An open file. The names and meanings are those of Deno.FsFile, which is the real implementation. */
export interface DiskFile {
  /** Reads up to `buf.length` bytes at the current position; null at the end of the file. */
  readSync(buf: Uint8Array): number | null;
  /** Writes some of `buf` and returns how much: a short count is no error. */
  writeSync(buf: Uint8Array): number;
  /** As {@link writeSync}, without holding up the event loop. One write at a time. */
  write(buf: Uint8Array): Promise<number>;
  /** Waits until the file's data and size are on the medium (fdatasync). */
  syncDataSync(): void;
  /** As {@link syncDataSync}, without holding up the event loop. */
  syncData(): Promise<void>;
  /** Cuts or extends the file to `size` bytes. */
  truncateSync(size: number): void;
  /** Moves the read position to `offset` bytes from the start. */
  seekSync(offset: number, whence: Deno.SeekMode): number;
  close(): void;
}

/** What {@link Disk.stat} tells. */
export interface DiskStat {
  readonly size: number;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

/** How {@link Disk.open} opens: an existing file to read, a file to extend, or a new empty file in the place of any. */
export type OpenMode = "read" | "append" | "create";

/**
 * The file system. Errors are those that Deno throws; {@link errnoText} names them as Redis does. Paths are binary
 * strings (a character for each byte), as in the configuration.
 */
export interface Disk {
  open(path: string, mode: OpenMode): DiskFile;
  /** Puts `from` in the place of `to`, atomically. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** As {@link remove}, without holding up the event loop: to give a gigabyte back takes half a second. */
  removeBeside(path: string): Promise<void>;
  /** Gives a file a second name. Throws where that is taken, or where the file system has no such thing. */
  link(path: string, second: string): void;
  /** Makes a directory; no error where it exists already. */
  makeDirectory(path: string): void;
  /** Names in a directory, in no particular order. */
  list(path: string): string[];
  /** Null where nothing has this path. */
  stat(path: string): DiskStat | null;
  /** Makes creations, renames and removals in a directory durable (fsync of the directory; nothing on Windows). */
  syncDirectory(path: string): void;
}

/** The path as the runtime wants it: the text whose UTF-8 form the bytes are. */
function native(path: string): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

function binary(name: string): string {
  return Buffer.from(name, "utf8").toString("latin1");
}

/** The disk of this machine. */
export const realDisk: Disk = {
  open(path: string, mode: OpenMode): DiskFile {
    switch (mode) {
      case "read":
        return Deno.openSync(native(path), { read: true });
      case "append":
        return Deno.openSync(native(path), { append: true, create: true, mode: 0o644 });
      case "create":
        return Deno.openSync(native(path), { write: true, create: true, truncate: true, mode: 0o644 });
    }
  },
  rename: (from, to) => Deno.renameSync(native(from), native(to)),
  remove: (path) => Deno.removeSync(native(path)),
  removeBeside: (path) => Deno.remove(native(path)),
  link: (path, second) => Deno.linkSync(native(path), native(second)),
  makeDirectory: (path) => Deno.mkdirSync(native(path), { recursive: true, mode: 0o755 }),
  list: (path) => Array.from(Deno.readDirSync(native(path)), (entry) => binary(entry.name)),
  stat(path: string): DiskStat | null {
    try {
      return Deno.statSync(native(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  },
  syncDirectory(path: string): void {
    if (Deno.build.os === "windows") return; // directories cannot be opened there, and renames are journaled
    const directory = Deno.openSync(path === "" ? "." : native(path), { read: true });
    try {
      directory.syncSync();
    } finally {
      directory.close();
    }
  },
};

/** Joins a directory and a name; an empty directory is the current one. */
export function joinPath(directory: string, name: string): string {
  if (directory === "") return name;
  return directory.endsWith("/") || directory.endsWith("\\") ? directory + name : `${directory}/${name}`;
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Writes all of `buf`, however short the single writes are. Throws what the disk throws. */
export function writeAllSync(file: DiskFile, buf: Uint8Array): void {
  for (let at = 0; at < buf.length;) {
    const count = file.writeSync(at === 0 ? buf : buf.subarray(at));
    if (count <= 0) throw new Error("write returned 0");
    at += count;
  }
}

/** As {@link writeAllSync}, without holding up the event loop. */
export async function writeAll(file: DiskFile, buf: Uint8Array): Promise<void> {
  for (let at = 0; at < buf.length;) {
    const count = await file.write(at === 0 ? buf : buf.subarray(at));
    if (count <= 0) throw new Error("write returned 0");
    at += count;
  }
}

/** The whole content of a file. */
export function readWhole(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path, "read");
  try {
    const bytes = new Uint8Array(disk.stat(path)?.size ?? 0);
    let at = 0;
    while (at < bytes.length) {
      const count = file.readSync(bytes.subarray(at));
      if (count === null) break;
      at += count;
    }
    return at === bytes.length ? bytes : bytes.subarray(0, at);
  } finally {
    file.close();
  }
}

/**
 * Replaces a small file so that a crash at any moment leaves the old or the new content, never a mixture and never
 * nothing: written beside it, synced, renamed over it, the directory synced.
 */
export function replaceFile(
  disk: Disk,
  directory: string,
  name: string,
  temp: string,
  content: Uint8Array,
): void {
  const tempPath = joinPath(directory, temp);
  const file = disk.open(tempPath, "create");
  try {
    writeAllSync(file, content);
    file.syncDataSync();
  } finally {
    file.close();
  }
  disk.rename(tempPath, joinPath(directory, name));
  disk.syncDirectory(directory);
}

/**
 * Puts `from` in the place of `to`, atomically, without waiting until what `to` was has been given back: that file keeps a
 * second name, `spare`, until it is removed beside the server. (A crash in between leaves the spare, which nobody reads.)
 */
export function renameOver(disk: Disk, from: string, to: string, spare: string): void {
  let isKept = false;
  try {
    if (disk.stat(to)?.isFile === true) {
      disk.link(to, spare);
      isKept = true;
    }
  } catch {
    // Not on this file system: then renaming takes as long as it takes.
  }
  try {
    disk.rename(from, to);
  } finally {
    if (isKept) removeLater(disk, spare);
  }
}

/** Removes a file beside the server, if it is there; for leftovers. That this fails is no news. */
export function removeLater(disk: Disk, path: string): void {
  disk.removeBeside(path).catch(() => {});
}

/** Removes a file if it is there; for leftovers whose absence is the aim. */
export function removeIfPresent(disk: Disk, path: string): void {
  try {
    disk.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What was being done with a file when the disk failed. */
export type FileStep = "open" | "write" | "sync" | "rename" | "directory";

/** What the disk threw, and at which step of writing a file; redis-server's log names the step. */
export class FileError extends Error {
  override name = "FileError";

  constructor(readonly step: FileStep, cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/** Does one step; what it throws becomes a {@link FileError}. */
export function inStep<T>(step: FileStep, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new FileError(step, error);
  }
}

/** As {@link inStep}, for a step that takes its time. */
export async function inLongStep<T>(step: FileStep, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new FileError(step, error);
  }
}

const ERRNO_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/os error 28\b|ENOSPC/i, "No space left on device"],
  [/os error 5\b|\bEIO\b/i, "Input/output error"],
  [/os error 2\b|ENOENT/i, "No such file or directory"],
  [/os error 13\b|EACCES/i, "Permission denied"],
  [/os error 1\b|EPERM/i, "Operation not permitted"],
  [/os error 17\b|EEXIST/i, "File exists"],
  [/os error 20\b|ENOTDIR/i, "Not a directory"],
  [/os error 21\b|EISDIR/i, "Is a directory"],
  [/os error 30\b|EROFS/i, "Read-only file system"],
  [/os error 122\b|EDQUOT/i, "Disk quota exceeded"],
  [/os error 22\b|EINVAL/i, "Invalid argument"],
  [/os error 24\b|EMFILE/i, "Too many open files"],
  [/os error 36\b|ENAMETOOLONG/i, "File name too long"],
  [/os error 40\b|ELOOP/i, "Too many levels of symbolic links"],
  [/^Requires \w+ access to/, "Permission denied"], // the runtime's own refusal
];

/** What strerror(3) says of an error, for log lines and replies that quote it. */
export function errnoText(error: unknown): string {
  const message = messageOf(error);
  for (const [pattern, text] of ERRNO_TEXTS) if (pattern.test(message)) return text;
  return message;
}
