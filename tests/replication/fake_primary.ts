/** A primary played by a test: it says to PSYNC what it is told to, and sends the file that it is given. */

/** What it says; may be changed between two connections. */
export interface Answers {
  /** The line that answers PSYNC. */
  psync: string;
  file: Uint8Array;
  /** eof: the file ends with a mark. length: its length comes first. cut: as eof, but the connection ends instead. */
  end: "eof" | "length" | "cut";
  /** What follows the file. */
  stream?: string;
  /** The file is announced, and waits for {@link FakePrimary.release}. */
  hold?: boolean;
  /** As many bytes of the file come, and the rest waits for {@link FakePrimary.release}. */
  pauseAt?: number;
  /** Lines that answer other commands than PSYNC, by the first word in capitals; +OK by default, "" for none. */
  others?: Record<string, string>;
}

const MARK = "0123456789".repeat(4);
const ENCODER = new TextEncoder();

/** See the file comment. */
export class FakePrimary {
  readonly port: number;
  readonly #listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  readonly #conns = new Set<Deno.Conn>();
  readonly #tasks = new Set<Promise<void>>();
  #open = true;
  /** Commands that came, one a line. */
  commands: string[] = [];
  readonly answers: Answers;

  constructor(answers: Answers) {
    this.answers = answers;
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#tasks.add(this.#accept());
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#conns.add(conn);
        this.#tasks.add(this.#serve(conn).catch(() => {}));
      }
    } catch {
      // Closed.
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const buf = new Uint8Array(65536);
    let text = "";
    for (;;) {
      const count = await conn.read(buf);
      if (count === null) return;
      text += new TextDecoder().decode(buf.subarray(0, count));
      if (text.startsWith("SYNC\r\n")) {
        text = text.slice(6);
        await this.#answer(conn, ["SYNC"]);
      }
      for (let match; (match = /^\n*\*(\d+)\r\n((?:\$\d+\r\n[^\r]*\r\n)*)/.exec(text)) !== null;) {
        const words = match[2]!.split("\r\n").filter((_, i) => i % 2 === 1);
        if (words.length < Number(match[1])) break;
        text = text.slice(match[0].length);
        await this.#answer(conn, words);
      }
    }
  }

  async #answer(conn: Deno.Conn, words: string[]): Promise<void> {
    this.commands.push(words.join(" "));
    const name = words[0]!.toUpperCase();
    if (name === "REPLCONF" && words[1] === "ACK") return;
    if (name !== "PSYNC" && name !== "SYNC") {
      const line = this.answers.others?.[name] ?? (name === "PING" ? "+PONG" : "+OK");
      return line === "" ? undefined : await this.send(conn, line + "\r\n");
    }
    const { psync, file, end, stream } = this.answers;
    if (name === "PSYNC") await this.send(conn, psync + "\r\n");
    if (name === "SYNC" || psync.startsWith("+FULLRESYNC")) {
      await this.send(conn, end === "length" ? `$${file.length}\r\n` : `$EOF:${MARK}\r\n`);
      if (this.answers.hold) await new Promise<void>((resolve) => this.#held.push(resolve));
      const { pauseAt } = this.answers;
      if (pauseAt !== undefined) {
        await this.#write(conn, file.subarray(0, pauseAt));
        await new Promise<void>((resolve) => this.#held.push(resolve));
      }
      await this.#write(conn, file.subarray(pauseAt ?? 0));
      if (end === "cut") return conn.close();
      if (end === "eof") await this.send(conn, MARK);
    }
    if (stream !== undefined) await this.send(conn, stream);
  }

  #held: (() => void)[] = [];

  /** Sends the file that is held back, and holds none back any more. */
  release(): Promise<void> {
    this.answers.hold = false;
    for (const resolve of this.#held.splice(0)) resolve();
    return Promise.resolve();
  }

  /** Sends text to one replica. */
  send(conn: Deno.Conn, text: string): Promise<void> {
    return this.#write(conn, ENCODER.encode(text));
  }

  async #write(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  }

  /** Sends text to all replicas. */
  async broadcast(text: string): Promise<void> {
    for (const conn of this.#conns) await this.send(conn, text).catch(() => this.#conns.delete(conn));
  }

  /** Ends all connections. */
  cut(): void {
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // Closed by the other side.
      }
    }
    this.#conns.clear();
  }

  /** Lets nobody in any more. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#listener.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.cut();
    await this.release();
    await Promise.all(this.#tasks);
  }
}
