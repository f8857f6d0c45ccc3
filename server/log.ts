/**
 * The log, line by line in Redis's format, since people and tools read it with the eyes of Redis:
 *
 *     1234:M 22 Nov 2026 17:51:07.639 * Ready to accept connections
 *
 * process id, role (C until the server is set up, M primary, S replica), local time, level (. - * #), message.
 *
 * Lines of one turn of the event loop go out in one write when the turn is over, so that a command never waits for the disk between
 * two others; warnings go out at once, so that the last words of a dying process are on record. The file is opened for
 * each write: it may be moved away (log rotation) or removed at any time. A log that cannot be written must not stop the
 * server; what does not fit is dropped.
 */
import { type Disk, realDisk, writeAllSync } from "../persistence/disk.ts";
import { fromLatin1 } from "../types/bytes.ts";
import type { Clock } from "./clock.ts";

/** How important a line is. Lines below `loglevel` are not written. */
export type LogLevel = "debug" | "verbose" | "notice" | "warning";

/** Who writes: C during start-up, X for a sentinel, M primary, S replica. */
export type LogRole = "C" | "X" | "M" | "S";

/** Takes finished bytes. May throw: the log goes on. */
export type LogSink = (bytes: Uint8Array) => void;

const RANKS: Readonly<Record<LogLevel, number>> = { debug: 0, verbose: 1, notice: 2, warning: 3 };
const MARKS = ".-*#";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Bytes of a message at most; the rest is cut off. */
const MAX_MESSAGE = 1023;

/** Bytes held back at most until the turn is over. */
const MAX_HELD = 64 * 1024;

/** See the file comment. */
export class Log {
  role: LogRole = "C";
  readonly #clock: Clock;
  readonly #pid: number;
  #sink: LogSink;
  #threshold = RANKS.notice;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #second = NaN;
  #secondText = "";

  constructor(clock: Clock, sink: LogSink = standardOutput, pid: number = Deno.pid) {
    this.#clock = clock;
    this.#sink = sink;
    this.#pid = pid;
  }

  /** The least level that is written. */
  setLevel(level: LogLevel): void {
    this.#threshold = RANKS[level];
  }

  /** Where lines go from now on. */
  setSink(sink: LogSink): void {
    this.flush();
    this.#sink = sink;
  }

  /** Whether lines of this level are written: ask before composing an expensive message. */
  enabled(level: LogLevel): boolean {
    return RANKS[level] >= this.#threshold;
  }

  debug(message: string): void {
    this.#line(RANKS.debug, message);
  }

  verbose(message: string): void {
    this.#line(RANKS.verbose, message);
  }

  notice(message: string): void {
    this.#line(RANKS.notice, message);
  }

  warning(message: string): void {
    this.#line(RANKS.warning, message);
  }

  /** What a signal brought, in the form that Redis gives its lines there: the time as a number of seconds. */
  fromHandler(message: string): void {
    this.raw(`${this.#pid}:signal-handler (${Math.floor(this.#clock.wallMs() / 1000)}) ${message}\n`);
  }

  /** Text as it is, without the head of a line: the banner, a crash report. */
  raw(text: string): void {
    this.#hold(encode(text));
    this.flush();
  }

  /** Writes what is held back. Called at the end of a turn, and before the process ends. */
  flush(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    const bytes = held.length === 1 ? held[0]! : joined(held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    try {
      this.#sink(bytes);
    } catch { /* see the file comment */ }
  }

  #line(rank: number, message: string): void {
    if (rank < this.#threshold) return;
    const body = encode(message).subarray(0, MAX_MESSAGE);
    const head = encode(`${this.#pid}:${this.role} ${this.#time()} ${MARKS[rank]} `);
    const line = new Uint8Array(head.length + body.length + 1);
    line.set(head);
    line.set(body, head.length);
    line[line.length - 1] = 0x0a;
    this.#hold(line);
    if (rank === RANKS.warning || this.#heldBytes > MAX_HELD) this.flush();
  }

  #hold(bytes: Uint8Array): void {
    if (this.#held.length === 0) queueMicrotask(() => this.flush());
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  /** The local time, "22 Nov 2026 17:51:07.639". */
  #time(): string {
    const now = this.#clock.wallMs();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      const date = new Date(now);
      const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
      this.#secondText = `${two(date.getDate())} ${MONTHS[date.getMonth()]} ${date.getFullYear()} ${clock}`;
      this.#second = second;
    }
    return `${this.#secondText}.${String(now - second * 1000).padStart(3, "0")}`;
  }
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Binary strings as their bytes, other text as UTF-8. */
function encode(text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) return new TextEncoder().encode(text);
  }
  return fromLatin1(text);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The sink for an empty `logfile`. */
export function standardOutput(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** The sink that appends to a file. `path` is asked each time, since `dir` may change. */
export function fileSink(path: () => string, disk: Disk = realDisk): LogSink {
  return (bytes) => {
    const file = disk.open(path(), "append");
    try {
      writeAllSync(file, bytes);
    } finally {
      file.close();
    }
  };
}
