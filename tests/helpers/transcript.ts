/**
 * Tests that read as transcripts: `await mustDo(c, "HGET", "k", "f", bulk("v"))` sends a command and compares the
 * reply's bytes, so the RESP type is part of the expectation. The expected reply is always the last argument.
 */
import { quoteIfNeeded, toBytes, toText } from "./bytes.ts";
import type { RawClient } from "./client.ts";
import { concat, parse, show } from "./resp.ts";
import type { Arg, Frame, Reply } from "./resp.ts";

/** What a reply must be: exact bytes, or a predicate with a description. */
export class Expected {
  readonly #bytes: Uint8Array | undefined;
  readonly #test: (reply: Reply) => boolean;
  readonly description: string;

  constructor(what: Uint8Array | ((reply: Reply) => boolean), description?: string) {
    this.#bytes = what instanceof Uint8Array ? what : undefined;
    this.#test = what instanceof Uint8Array ? () => false : what;
    this.description = description ?? (this.#bytes ? show(parse(this.#bytes)) : "(predicate)");
  }

  /** The exact bytes; throws for predicates, which cannot stand inside an array. */
  get bytes(): Uint8Array {
    if (!this.#bytes) throw new TypeError(`${this.description} has no bytes of its own`);
    return this.#bytes;
  }

  /** Whether a frame is what is expected. */
  accepts(frame: Frame): boolean {
    return this.#bytes ? toText(frame.raw) === toText(this.#bytes) : this.#test(frame.value);
  }
}

const line = (text: string) => new Expected(toBytes(text + "\r\n"));
const nested = (head: string, items: readonly Expected[]) =>
  new Expected(concat([toBytes(head + "\r\n"), ...items.map((item) => item.bytes)]));

/** `+text` */
export const simple = (text: string): Expected => line("+" + text);
/** `+OK` */
export const ok: Expected = simple("OK");
/** `+QUEUED` */
export const queued: Expected = simple("QUEUED");
/** `-text`, the whole text. */
export const error = (text: string): Expected => line("-" + text);
/** `:n` */
export const int = (value: number | bigint): Expected => line(":" + value);
/** A bulk string (binary string or bytes). */
export const bulk = (value: string | number | Uint8Array): Expected => {
  const body = value instanceof Uint8Array ? value : toBytes(String(value));
  return new Expected(concat([toBytes(`$${body.length}\r\n`), body, toBytes("\r\n")]));
};
/** RESP2's null bulk string `$-1`. */
export const nil: Expected = line("$-1");
/** RESP2's null array `*-1`. */
export const nilArray: Expected = line("*-1");
/** RESP3's null `_`. */
export const null3: Expected = line("_");
/** An array of expected replies. */
export const array = (...items: Expected[]): Expected => nested(`*${items.length}`, items);
/** An array of bulk strings. */
export const bulks = (...values: (string | number | Uint8Array)[]): Expected =>
  array(...values.map((value) => bulk(value)));
/** RESP3 map: key, value, key, value... */
export const map = (...items: Expected[]): Expected => nested(`%${items.length / 2}`, items);
/** RESP3 set. */
export const set = (...items: Expected[]): Expected => nested(`~${items.length}`, items);
/** RESP3 push. */
export const push = (...items: Expected[]): Expected => nested(`>${items.length}`, items);
/** RESP3 double, in the text that Redis writes. */
export const double = (text: string): Expected => line("," + text);
/** RESP3 boolean. */
export const bool = (value: boolean): Expected => line(value ? "#t" : "#f");
/** RESP3 big number. */
export const bigNumber = (text: string): Expected => line("(" + text);
/** RESP3 verbatim string of format txt. */
export const verbatim = (text: string): Expected => line(`=${text.length + 4}\r\ntxt:${text}`);

/** An array or set whose items are these bulk strings in any order. */
export function unordered(...values: string[]): Expected {
  const want = [...values].sort().join("\0");
  return new Expected((reply) => {
    if (reply.type !== "array" && reply.type !== "set") return false;
    return reply.items.map((item) => item.type === "bulk" ? item.text : show(item)).sort().join("\0") ===
      want;
  }, `in any order: ${values.join(" ")}`);
}

/** An error whose text begins with `prefix`. */
export function errorLike(prefix: string): Expected {
  return new Expected(
    (reply) => reply.type === "error" && reply.text.startsWith(prefix),
    `error ${prefix}...`,
  );
}

/** Any reply for which `test` holds. */
export function satisfying(test: (reply: Reply) => boolean, description: string): Expected {
  return new Expected(test, description);
}

/** Thrown by mustDo: the transcript so far is in the message. */
export class TranscriptError extends Error {
  override name = "TranscriptError";
}

/** What a client did so far, for failure messages. */
const histories = new WeakMap<RawClient, string[]>();

/** Sends a command and requires the reply given as last argument. Returns the parsed reply. */
export async function mustDo(client: RawClient, ...argsAndExpected: [...Arg[], Expected]): Promise<Reply> {
  const expected = argsAndExpected.at(-1) as Expected;
  const args = argsAndExpected.slice(0, -1) as Arg[];
  const command = args.map((arg) => quoteIfNeeded(arg instanceof Uint8Array ? toText(arg) : String(arg)))
    .join(" ");
  return check(client, command, await client.frame(...args), expected);
}

/** Requires the next frame of a client (a push, a blocked command's reply) to be as expected. */
export async function mustGet(client: RawClient, expected: Expected): Promise<Reply> {
  return check(client, "(next)", await client.read(), expected);
}

function check(client: RawClient, command: string, frame: Frame, expected: Expected): Reply {
  const history = histories.get(client) ?? [];
  histories.set(client, history);
  history.push(`> ${clip(command)}\n  ${clip(show(frame.value))}`);
  if (!expected.accepts(frame)) {
    throw new TranscriptError(
      `${history.slice(-8).join("\n")}\n  expected: ${clip(expected.description)}`,
    );
  }
  return frame.value;
}

function clip(text: string): string {
  return text.length > 8000 ? `${text.slice(0, 8000)}... (${text.length} characters)` : text;
}
