/**
 * The replication stream: which bytes went out, under which history, at which offset.
 *
 * A history has an id of 40 hexadecimal digits and an offset that counts every byte ever sent under it. A server that
 * is promoted begins a history of its own and remembers the old one up to the offset at which they part, so that its
 * sister replicas can go on with it (PSYNC2). A replica does not write a stream: it passes its primary's bytes on as
 * they came, so that offsets mean the same everywhere.
 */
import { isPlain, type RequestFrame } from "../resp.ts";
import { copyBytes, formatInt, fromLatin1, MAX_INT64_DIGITS, writeLatin1 } from "../types/bytes.ts";
import { Backlog } from "./backlog.ts";

/** An id that no history has. */
export const NO_ID = "0".repeat(40);

/** Arguments up to this many bytes are gathered with their headers before they go to the backlog. */
const GATHERED_BYTES = 4096;
const CR = 13, LF = 10, STAR = 42, DOLLAR = 36;

/** What the stream needs of its surroundings. */
export interface StreamHost {
  /** A new id. */
  newId(): string;
  /** repl-backlog-size, bytes. */
  backlogSize(): number;
  /** Bytes were added: replicas are to be fed soon. */
  grown(): void;
  /** The backlog, without which nothing is streamed, is there now, or is gone. */
  backlogChanged(kept: boolean): void;
}

/** One server's stream and its histories. */
export class ReplicationStream {
  /** Says to the gate that messages are fed here too (Sink in server/propagation.ts). */
  readonly isReplicas = true;
  /** The history of the data set, and the one that it continued. */
  id: string;
  id2 = NO_ID;
  /** Bytes of the present history so far. */
  offset = 0;
  /** A replica of the older history may ask for offsets up to this one (counted from 1, as PSYNC does); -1: none. */
  secondOffset = -1;
  backlog: Backlog | null = null;
  /** False while this server follows a primary: effects of commands are not streamed, the primary's bytes are. */
  writes = true;
  /** A command's effects were streamed since somebody last looked. */
  moved = false;
  /** Database that the stream has selected; -1: the next command is preceded by a SELECT. */
  selected = -1;
  readonly #host: StreamHost;
  #scratch = new Uint8Array(GATHERED_BYTES * 2);
  #used = 0;

  constructor(host: StreamHost) {
    this.#host = host;
    this.id = host.newId();
  }

  // -- Histories ------------------------------------------------------------------------------------------------

  /** Begins a history that continues none. */
  beginHistory(): void {
    this.id = this.#host.newId();
    this.forgetOlder();
  }

  /** Nobody can continue from an older history any more. */
  forgetOlder(): void {
    this.id2 = NO_ID;
    this.secondOffset = -1;
  }

  /** The history parts from its old name here: it goes on as `id`, and as the old one for those who come from it. */
  continueAs(id: string): void {
    this.id2 = this.id;
    this.secondOffset = this.offset + 1;
    this.id = id;
  }

  /** This server has been promoted: its own history begins where the primary's ended. */
  promote(): void {
    this.continueAs(this.#host.newId());
    this.selected = -1;
  }

  /** The data set is now that of another history at this offset (a full resync, a loaded file). */
  adopt(id: string, offset: number): void {
    this.id = id;
    this.offset = offset;
  }

  /** Whether a replica that has history `id` (in any case) up to `offset - 1` has a prefix of what is here. */
  isPrefix(id: string, offset: number): boolean {
    const asked = id.toLowerCase();
    return asked === this.id || (asked === this.id2 && offset <= this.secondOffset);
  }

  // -- Backlog --------------------------------------------------------------------------------------------------

  /** Keeps the stream from here on. */
  createBacklog(): void {
    this.backlog = new Backlog(this.offset, this.#host.backlogSize());
    this.#host.backlogChanged(true);
  }

  /** Nobody can continue from here any more. */
  dropBacklog(): void {
    this.backlog = null;
    this.#host.backlogChanged(false);
  }

  /** CONFIG SET repl-backlog-size. */
  resizeBacklog(): void {
    if (this.backlog !== null) this.backlog.capacity = this.#host.backlogSize();
  }

  // -- Bytes ----------------------------------------------------------------------------------------------------

  /** A command that was executed in database `db` goes out. */
  feed(db: number, frame: RequestFrame): void {
    if (!this.writes || this.backlog === null) return;
    if (db !== this.selected && db >= 0) {
      const number = String(db);
      this.#text(`*2\r\n$6\r\nSELECT\r\n$${number.length}\r\n${number}\r\n`);
      this.selected = db;
    }
    const { buf, count, starts, ends } = frame;
    if (isPlain(frame)) {
      if (this.#used > 0) this.#flush();
      this.backlog.append(buf, frame.frameStart, frame.frameEnd);
      return this.#fed();
    }
    this.#header(STAR, count);
    for (let i = 0; i < count; i++) {
      const start = starts[i]!, end = ends[i]!;
      this.#header(DOLLAR, end - start);
      if (end - start <= GATHERED_BYTES) {
        this.#reserve(end - start + 2);
        copyBytes(buf, start, end, this.#scratch, this.#used);
        this.#used += end - start;
      } else {
        this.#flush();
        this.backlog.append(buf, start, end);
      }
      this.#scratch[this.#used++] = CR;
      this.#scratch[this.#used++] = LF;
    }
    this.#flush();
    this.#fed();
  }

  #fed(): void {
    this.offset = this.backlog!.end;
    this.moved = true;
    this.#host.grown();
  }

  /** A command of the replication itself (PING, REPLCONF GETACK): in no database, nobody's write. */
  control(...words: readonly string[]): void {
    if (!this.writes || this.backlog === null) return;
    this.proxy(fromLatin1(encodeWords(words)));
  }

  /** Bytes that go out as they are. */
  proxy(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    if (this.backlog === null) {
      this.offset += end - start;
      return;
    }
    this.backlog.append(bytes, start, end);
    this.offset = this.backlog.end;
    this.#host.grown();
  }

  #text(text: string): void {
    this.#reserve(text.length);
    this.#used = writeLatin1(text, this.#scratch, this.#used);
  }

  #header(type: number, value: number): void {
    this.#reserve(MAX_INT64_DIGITS + 5);
    const scratch = this.#scratch;
    scratch[this.#used] = type;
    const at = formatInt(value, scratch, this.#used + 1);
    scratch[at] = CR;
    scratch[at + 1] = LF;
    this.#used = at + 2;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > this.#scratch.length) this.#flush();
  }

  #flush(): void {
    this.backlog!.append(this.#scratch, 0, this.#used);
    this.#used = 0;
  }
}

/** A command of a few ASCII words as it stands on the wire. */
export function encodeWords(words: readonly string[]): string {
  return `*${words.length}\r\n` + words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
}
