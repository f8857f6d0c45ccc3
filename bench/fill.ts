/**
 * Fills a server through one pipelined connection. DEBUG POPULATE would be faster, but then the servers would be compared
 * in how they populate; here both get the commands that clients send.
 */

/** Bytes that are collected before a write. */
const CHUNK_BYTES = 128 * 1024;
const LINE_FEED = 10, MINUS = 45, DOLLAR = 36;

/** A command as RESP; arguments are ASCII. */
export function encodeCommand(args: readonly string[]): string {
  let text = `*${args.length}\r\n`;
  for (const arg of args) text += `$${arg.length}\r\n${arg}\r\n`;
  return text;
}

/** Counts replies in a stream of lines: simple strings, integers and (non-null) bulk strings without line feeds. */
export class ReplyCounter {
  replies = 0;
  /** True when an error was among them. */
  failed = false;
  #atStart = true;
  #isHeader = false;

  /** Takes the next bytes of the stream, cut anywhere. */
  take(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      if (this.#atStart) {
        this.#atStart = false;
        // The line behind a bulk string's length is its content, whatever it begins with.
        if (this.#isHeader) this.#isHeader = false;
        else {
          this.failed ||= bytes[i] === MINUS;
          this.#isHeader = bytes[i] === DOLLAR;
        }
      }
      if (bytes[i] !== LINE_FEED) continue;
      this.#atStart = true;
      if (!this.#isHeader) this.replies++;
    }
  }
}

/** Sends commands to 127.0.0.1:port and waits for all replies. Throws when one is an error. */
export async function fill(port: number, commands: Iterable<readonly string[]>): Promise<void> {
  using conn = await Deno.connect({ port, hostname: "127.0.0.1" });
  let sent = 0, allSent = false;
  const counter = new ReplyCounter();
  const write = async () => {
    const encoder = new TextEncoder();
    let text = "";
    for (const command of commands) {
      text += encodeCommand(command);
      sent++;
      if (text.length < CHUNK_BYTES) continue;
      await writeAll(conn, encoder.encode(text));
      text = "";
    }
    // One more, so that the reader is always woken after everything was sent.
    sent++;
    allSent = true;
    await writeAll(conn, encoder.encode(text + encodeCommand(["PING"])));
  };
  const read = async () => {
    const buffer = new Uint8Array(256 * 1024);
    while (!allSent || counter.replies < sent) {
      const n = await conn.read(buffer);
      if (n === null) throw new Error("the server closed the connection while it was filled");
      counter.take(buffer.subarray(0, n));
      if (counter.failed) throw new Error("the server refused a command while it was filled");
    }
  };
  await Promise.all([write(), read()]);
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** A number the way redis-benchmark writes __rand_int__: twelve digits. */
export function digits(n: number): string {
  return `${n}`.padStart(12, "0");
}

/** A member or list element of 20 bytes. */
export function element(i: number): string {
  return "element:" + digits(i);
}

/** `count` items of 0..., `perCommand` in each command behind `head`; `item` gives an item's arguments. */
export function* variadic(
  head: readonly string[],
  count: number,
  perCommand: number,
  item: (i: number) => readonly string[],
): Generator<string[]> {
  for (let from = 0; from < count; from += perCommand) {
    const args = [...head];
    for (let i = from; i < Math.min(count, from + perCommand); i++) args.push(...item(i));
    yield args;
  }
}

/** SET of the keys that redis-benchmark's `set` and `get` use (16 bytes), with values of `size` bytes. */
export function* stringKeys(count: number, size: number): Generator<string[]> {
  const value = "x".repeat(size);
  for (let i = 0; i < count; i++) yield ["SET", "key:" + digits(i), value];
}
