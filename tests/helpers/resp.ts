/**
 * The tests' own RESP2/RESP3 codec. It shares nothing with the server's resp.ts on purpose: a mistake made in both
 * directions by one piece of code would cancel out and pass every test.
 *
 * A reply is kept in two forms: the raw bytes of its frame (what differential tests compare) and the parsed value
 * (what normalisers and readable assertions look at).
 */
import { quote, toBytes, toText } from "./bytes.ts";

/** A parsed reply. Texts are binary strings; a map's items alternate key, value. */
export type Reply =
  | { type: "simple" | "error" | "bulk" | "bulkError" | "verbatim" | "bigNumber" | "double"; text: string }
  | { type: "integer"; value: bigint }
  | { type: "boolean"; value: boolean }
  | { type: "null"; wire: "_" | "$-1" | "*-1" }
  | { type: "array" | "set" | "push" | "map" | "attribute"; items: Reply[] }
  | { type: "closed" };

/** One whole reply as it came: its bytes and their meaning. */
export interface Frame {
  raw: Uint8Array;
  value: Reply;
}

/** An argument of a command: a binary string, bytes, or a number (written in decimal). */
export type Arg = string | number | bigint | Uint8Array;

const CR = 13, LF = 10;

/** A command as the array of bulk strings that clients send. */
export function encodeCommand(args: readonly Arg[]): Uint8Array {
  const parts: Uint8Array[] = [toBytes(`*${args.length}\r\n`)];
  let size = parts[0]!.length;
  for (const arg of args) {
    const body = arg instanceof Uint8Array ? arg : toBytes(String(arg));
    const head = toBytes(`$${body.length}\r\n`);
    parts.push(head, body, CRLF);
    size += head.length + body.length + 2;
  }
  return concat(parts, size);
}

const CRLF = new Uint8Array([CR, LF]);

/** Joins byte arrays; `size` is the sum of their lengths when the caller knows it. */
export function concat(
  parts: readonly Uint8Array[],
  size = parts.reduce((n, p) => n + p.length, 0),
): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Thrown when the server's bytes are not RESP. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/**
 * Cuts a byte stream into frames. Fed in pieces of any size, it scans every byte once (a 100 MB reply that comes in
 * 64 KiB reads is not rescanned each time).
 */
export class FrameReader {
  #buffer = new Uint8Array(4096);
  #end = 0;
  #frameStart = 0;
  #scan = 0;
  /** Elements still to come on each open aggregate, innermost last. */
  #open: number[] = [];

  /** Bytes received that no complete frame has taken yet. */
  get pending(): Uint8Array {
    return this.#buffer.slice(this.#frameStart, this.#end);
  }

  /** Appends received bytes and returns the frames they complete. Throws ProtocolError on bytes that are not RESP. */
  push(chunk: Uint8Array): Frame[] {
    this.#append(chunk);
    const frames: Frame[] = [];
    while (this.#scanFrame()) {
      const raw = this.#buffer.slice(this.#frameStart, this.#scan);
      this.#frameStart = this.#scan;
      frames.push({ raw, value: parse(raw) });
    }
    return frames;
  }

  /**
   * Takes `$<length>\r\n<bytes>` off the front of the pending bytes: a replication link's RDB file, which is the one
   * thing in RESP's clothes that has no CRLF behind it. Undefined while bytes are missing.
   */
  takeFile(): Uint8Array | undefined {
    const line = this.#buffer.indexOf(LF, this.#frameStart);
    if (line < 0 || line >= this.#end) return undefined;
    const head = toText(this.#buffer, this.#frameStart, line - 1);
    if (!/^\$\d{1,12}$/.test(head)) throw this.#bad("not a file", line);
    const next = line + 1 + Number(head.slice(1));
    if (next > this.#end) return undefined;
    this.#frameStart = this.#scan = next;
    return this.#buffer.slice(line + 1, next);
  }

  #append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) {
      const used = this.#end - this.#frameStart;
      let target = this.#buffer;
      if (used + chunk.length > target.length) {
        target = new Uint8Array(Math.max(used + chunk.length, target.length * 2));
      }
      target.set(this.#buffer.subarray(this.#frameStart, this.#end), 0);
      this.#scan -= this.#frameStart;
      this.#end = used;
      this.#frameStart = 0;
      this.#buffer = target;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Moves #scan to the end of the current frame; false when bytes are missing. */
  #scanFrame(): boolean {
    while (true) {
      const line = this.#buffer.indexOf(LF, this.#scan);
      if (line < 0 || line >= this.#end) return false;
      if (line - this.#scan < 2 || this.#buffer[line - 1] !== CR) throw this.#bad("line without CRLF", line);
      const kind = String.fromCharCode(this.#buffer[this.#scan]!);
      let next = line + 1;
      let children = 0;
      if (kind === "$" || kind === "=" || kind === "!") {
        const length = this.#count(line);
        if (length >= 0) {
          next += length + 2;
          if (next > this.#end) return false;
          if (this.#buffer[next - 2] !== CR || this.#buffer[next - 1] !== LF) {
            throw this.#bad("bulk without CRLF", next);
          }
        }
      } else if (kind === "*" || kind === "~" || kind === ">") {
        children = Math.max(0, this.#count(line));
      } else if (kind === "%") {
        children = 2 * this.#count(line);
      } else if (kind === "|") {
        children = 2 * this.#count(line) + 1; // an attribute is followed by the reply that it describes
      } else if (!"+-:,#_(".includes(kind)) {
        throw this.#bad(`unknown type ${quote(kind)}`, line);
      }
      this.#scan = next;
      if (children > 0) {
        this.#open.push(children);
        continue;
      }
      while (this.#open.length > 0 && --this.#open[this.#open.length - 1]! === 0) this.#open.pop();
      if (this.#open.length === 0) return true;
    }
  }

  #count(line: number): number {
    const text = toText(this.#buffer, this.#scan + 1, line - 1);
    if (!/^(-1|\d{1,12})$/.test(text)) throw this.#bad(`bad length ${quote(text)}`, line);
    return Number(text);
  }

  #bad(why: string, to: number): ProtocolError {
    const from = Math.max(this.#frameStart, this.#scan - 200);
    return new ProtocolError(
      `${why} near ${quote(toText(this.#buffer, from, Math.min(to + 20, this.#end)))}`,
    );
  }
}

/** Parses one complete frame. */
export function parse(raw: Uint8Array): Reply {
  return parseAt(raw, { at: 0 });
}

function parseAt(raw: Uint8Array, cursor: { at: number }): Reply {
  const line = raw.indexOf(LF, cursor.at);
  const kind = String.fromCharCode(raw[cursor.at]!);
  const head = toText(raw, cursor.at + 1, line - 1);
  cursor.at = line + 1;
  const blob = () => {
    const text = toText(raw, cursor.at, cursor.at + Number(head));
    cursor.at += Number(head) + 2;
    return text;
  };
  const items = (count: number) => {
    const list: Reply[] = [];
    for (let i = 0; i < count; i++) list.push(parseAt(raw, cursor));
    return list;
  };
  switch (kind) {
    case "+":
      return { type: "simple", text: head };
    case "-":
      return { type: "error", text: head };
    case ":":
      return { type: "integer", value: BigInt(head) };
    case ",":
      return { type: "double", text: head };
    case "(":
      return { type: "bigNumber", text: head };
    case "#":
      return { type: "boolean", value: head === "t" };
    case "_":
      return { type: "null", wire: "_" };
    case "$":
      return head === "-1" ? { type: "null", wire: "$-1" } : { type: "bulk", text: blob() };
    case "=":
      return { type: "verbatim", text: blob() };
    case "!":
      return { type: "bulkError", text: blob() };
    case "*":
      return head === "-1" ? { type: "null", wire: "*-1" } : { type: "array", items: items(Number(head)) };
    case "~":
      return { type: "set", items: items(Number(head)) };
    case ">":
      return { type: "push", items: items(Number(head)) };
    case "%":
      return { type: "map", items: items(2 * Number(head)) };
    case "|":
      return { type: "attribute", items: items(2 * Number(head) + 1) };
    default:
      throw new ProtocolError(`unknown type ${quote(kind)}`);
  }
}

/** A reply as one line of text that tells every RESP type apart; used in failure reports. */
export function show(reply: Reply): string {
  switch (reply.type) {
    case "simple":
      return "+" + reply.text;
    case "error":
      return "-" + reply.text;
    case "bulk":
      return quote(reply.text);
    case "integer":
      return ":" + reply.value;
    case "boolean":
      return reply.value ? "#t" : "#f";
    case "null":
      return reply.wire;
    case "closed":
      return "(connection closed)";
    case "bulkError":
    case "verbatim":
    case "bigNumber":
    case "double":
      return reply.type + ":" + quote(reply.text);
    default:
      return `${reply.type === "array" ? "" : reply.type}[${reply.items.map(show).join(", ")}]`;
  }
}
