/** A replica that only listens: what a primary sends, byte for byte, and what it is told only by the test. */
import { sleep, TimeoutError } from "../helpers/client.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("latin1");

/** Replication ids differ from run to run. */
export function withoutIds(text: string): string {
  return text.replace(/[0-9a-f]{40}/g, "ID");
}

/** See the file comment. Close it with `using`. */
export class RawReplica {
  readonly #conn: Deno.Conn;
  readonly #pump: Promise<void>;
  /** Everything that came and was not taken, as latin1. */
  received = "";
  ended = false;
  /** The stream waits for an acknowledgement; one that comes before the primary expects it does not count. */
  #mustAck = false;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#pump = this.#run();
  }

  static async connect(port: number): Promise<RawReplica> {
    return new RawReplica(await Deno.connect({ port, hostname: "127.0.0.1" }));
  }

  /** Connects, introduces itself and asks for `id offset`. Returns it with the primary's answer taken. */
  static async attach(port: number, request = "? -1", listeningPort = 1): Promise<[RawReplica, string]> {
    const replica = await RawReplica.connect(port);
    await replica.ask(`REPLCONF listening-port ${listeningPort}`);
    await replica.ask("REPLCONF capa eof capa psync2");
    await replica.send(`PSYNC ${request}`);
    return [replica, await replica.take(/^\+[^\r]*\r\n/)];
  }

  async #run(): Promise<void> {
    const buf = new Uint8Array(65536);
    try {
      for (;;) {
        const count = await this.#conn.read(buf);
        if (count === null) break;
        this.received += DECODER.decode(buf.subarray(0, count));
      }
    } catch {
      // The other end, or this one, has closed.
    }
    this.ended = true;
  }

  /** Sends a line. */
  async send(line: string): Promise<void> {
    await this.#conn.write(ENCODER.encode(line + "\r\n"));
  }

  /** Waits until what has come matches, and takes everything up to the end of the match. */
  async take(pattern: RegExp, timeoutMs = 20_000): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (let turn = 1;; turn++, await sleep(5)) {
      if (this.received !== "") this.#mustAck = false;
      else if (this.#mustAck && turn % 20 === 0) await this.send("REPLCONF ACK 0");
      const match = pattern.exec(this.received);
      if (match !== null) {
        const end = match.index + match[0].length;
        const text = this.received.slice(0, end);
        this.received = this.received.slice(end);
        return text;
      }
      if (this.ended || Date.now() > deadline) {
        throw new TimeoutError(`no ${pattern} in ${JSON.stringify(this.received.slice(0, 400))}`);
      }
    }
  }

  /** Sends a line and takes the line that answers it. */
  async ask(line: string): Promise<string> {
    await this.send(line);
    return await this.take(/[^\r]*\r\n/);
  }

  /** Takes the file of a full resync, in either form; where the stream waits for that, the primary is told. */
  async takeFile(): Promise<string> {
    const head = await this.take(/^\n*\$(EOF:.{40}|\d+)\r\n/);
    const mark = /EOF:(.{40})/.exec(head)?.[1];
    if (mark !== undefined) {
      const file = (await this.take(new RegExp(mark))).slice(0, -40);
      await this.send("REPLCONF ACK 0");
      this.#mustAck = true;
      return file;
    }
    const length = Number(/\d+/.exec(head)![0]);
    return await this.take(new RegExp(`^[^]{${length}}`));
  }

  /** Waits until the connection is closed by the other end. */
  async closed(timeoutMs = 20_000): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; !this.ended; await sleep(10)) {
      if (Date.now() > deadline) throw new TimeoutError("the connection stays open");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
    }
    await this.#pump;
  }
}
