/**
 * The few things that configuration asks of the operating system, behind one interface, so that tests can do without a
 * disk and a server inside another program never changes that program's working directory.
 *
 * Paths are binary strings here (one character for each byte), as everywhere in the configuration.
 */
import { type Disk, errnoText, realDisk, replaceFile } from "../persistence/disk.ts";
import { fromLatin1, latin1 } from "../types/bytes.ts";

/** Files and directories as the configuration needs them. Methods throw SystemError. */
export interface ConfigHost {
  /** The directory in which the server was started, absolute. */
  readonly startDirectory: string;
  /** Everything in the file; a directory reads as nothing, as it does with C's stdio. */
  readFile(path: string): string;
  /** Everything from standard input. */
  readStdin(): string;
  /** Paths that match a pattern with `*`, `?` or `[...]`, sorted. */
  glob(pattern: string): string[];
  /** The absolute path, without symbolic links, of a directory that must exist. */
  realDirectory(path: string): string;
  /** Throws when the file cannot be opened to append to it; creates it when missing. */
  checkAppend(path: string): void;
  /** Replaces the file's content in one step: a crash leaves the old or the new one, never a mix. */
  replaceFile(path: string, content: string): void;
}

/** An error of the operating system. Its message is C's text for it, since clients and tools read that. */
export class SystemError extends Error {
  override name = "SystemError";
  /** The file or directory does not exist. */
  readonly missing: boolean;

  constructor(message: string, missing = false) {
    super(message);
    this.missing = missing;
  }
}

/** "No such file or directory", without asking the system. */
export function missingFile(): SystemError {
  return new SystemError("No such file or directory", true);
}

/** Turns an error of Deno's file functions into a SystemError. */
function systemError(error: unknown): SystemError {
  if (error instanceof SystemError) return error;
  return new SystemError(errnoText(error), error instanceof Deno.errors.NotFound);
}

/** A binary string of a JavaScript text: the bytes of its UTF-8 form. */
export function toBinary(text: string): string {
  return latin1(new TextEncoder().encode(text));
}

/** The JavaScript text of a binary string that holds UTF-8. */
export function fromBinary(binary: string): string {
  return new TextDecoder().decode(fromLatin1(binary));
}

const WINDOWS = Deno.build.os === "windows";

/** Whether the path does not depend on a working directory. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/") || (WINDOWS && /^([A-Za-z]:)?[\\/]/.test(path));
}

/** The path, taken from the directory `base` when it is relative. */
export function joinPath(base: string, path: string): string {
  if (isAbsolute(path)) return path;
  return /[\\/]$/.test(base) ? base + path : `${base}/${path}`;
}

/** The real operating system. */
export class SystemHost implements ConfigHost {
  readonly startDirectory: string;
  readonly #disk: Disk;

  /** @param directory the directory in which relative names start, absolute; a JavaScript text */
  constructor(directory: string = Deno.cwd(), disk: Disk = realDisk) {
    this.startDirectory = toBinary(directory);
    this.#disk = disk;
  }

  readFile(path: string): string {
    const target = fromBinary(path);
    try {
      if (this.#disk.stat(target)?.isDirectory) return "";
      const file = this.#disk.open(target, "read");
      try {
        return readToEnd(file);
      } finally {
        file.close();
      }
    } catch (error) {
      throw systemError(error);
    }
  }

  readStdin(): string {
    return readToEnd(Deno.stdin);
  }

  glob(pattern: string): string[] {
    const parts = pattern.split("/");
    let found = [pattern.startsWith("/") ? "/" : ""];
    for (const [i, part] of parts.entries()) {
      if (part === "") continue;
      const last = i === parts.length - 1;
      found = found.flatMap((base) => expand(this.#disk, base, part)).map((path) => last ? path : path + "/");
    }
    return found.sort((a, b) => a < b ? -1 : 1);
  }

  realDirectory(path: string): string {
    try {
      const real = Deno.realPathSync(fromBinary(path));
      if (!this.#disk.stat(real)?.isDirectory) throw new SystemError("Not a directory");
      return toBinary(real);
    } catch (error) {
      throw systemError(error);
    }
  }

  checkAppend(path: string): void {
    try {
      this.#disk.open(fromBinary(path), "append").close();
    } catch (error) {
      throw systemError(error);
    }
  }

  replaceFile(path: string, content: string): void {
    const [, directory, name] = /^(.*[\\/])?([^\\/]*)$/s.exec(fromBinary(path))!;
    try {
      replaceFile(this.#disk, directory ?? "", name!, `${name}-${Deno.pid}.tmp`, fromLatin1(content));
    } catch (error) {
      throw systemError(error);
    }
  }
}

/** Everything that comes: a pipe (`redis-server <(generate-conf)`) has no size to go by. */
function readToEnd(source: { readSync(buf: Uint8Array): number | null }): string {
  let text = "";
  const chunk = new Uint8Array(65536);
  while (true) {
    const count = source.readSync(chunk);
    if (count === null) return text;
    text += latin1(chunk, 0, count);
  }
}

const SPECIAL = /[*?[]/;

/** The entries of the directory `base` ("": the current one) that match one part of a pattern. */
function expand(disk: Disk, base: string, part: string): string[] {
  try {
    if (!SPECIAL.test(part)) return disk.stat(fromBinary(base + part)) ? [base + part] : [];
    const matches = partMatcher(part);
    return disk.list(fromBinary(base || ".")).map(toBinary)
      .filter((name) => matches.test(name)).map((name) => base + name);
  } catch {
    return []; // no directory, or not ours to read
  }
}

/** A part of a shell pattern as an expression; a leading dot must be given. */
function partMatcher(part: string): RegExp {
  let source = part.startsWith(".") ? "" : "(?!\\.)";
  for (let i = 0; i < part.length; i++) {
    const char = part[i]!;
    const close = char === "[" ? part.indexOf("]", part[i + 1] === "!" ? i + 3 : i + 2) : -1;
    if (char === "*") source += "[^]*";
    else if (char === "?") source += "[^]";
    else if (close > 0) {
      const set = part.slice(i + 1, close).replace(/[\\\]^[]/g, "\\$&");
      source += `[${set.startsWith("!") ? "^" + set.slice(1) : set}]`;
      i = close;
    } else source += char.replace(/[^A-Za-z0-9]/, "\\$&");
  }
  return new RegExp(`^${source}$`);
}
