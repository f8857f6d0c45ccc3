/**
 * A whole server inside the test's own process, without a network and on a disk that the test holds in its hands: for
 * what no process from outside can be made to do, such as a sync that fails.
 */
import { CommandTable } from "../../commands/table.ts";
import type { Disk } from "../../persistence/disk.ts";
import { systemClock } from "../../server/clock.ts";
import { Client } from "../../server/client.ts";
import { Config } from "../../server/config.ts";
import { parseCommandLine } from "../../server/config_cli.ts";
import { loadConfig } from "../../server/config_file.ts";
import type { Socket } from "../../server/channel.ts";
import { Connection } from "../../server/connection.ts";
import { Log } from "../../server/log.ts";
import { Random } from "../../server/random.ts";
import { RedisServer } from "../../server/server.ts";
import { latin1 } from "../../types/bytes.ts";
import { sleep } from "./client.ts";
import { type Arg, concat, encodeCommand, FrameReader, show } from "./resp.ts";

/** The server and one client of it. */
export class InnerServer {
  readonly server: RedisServer;
  /** What it has logged. */
  log = "";
  readonly #socket = new Pipe();

  /** @param words as on the command line */
  constructor(disk: Disk | undefined, words: readonly string[] = []) {
    const config = new Config();
    loadConfig(config, parseCommandLine(words), { note: () => {}, renameCommand: () => {}, user: () => {} });
    const log = new Log(systemClock, (bytes) => this.log += latin1(bytes, 0, bytes.length));
    this.server = new RedisServer({
      config,
      log,
      clock: systemClock,
      random: new Random(1),
      table: new CommandTable(),
      ...(disk === undefined ? {} : { disk }),
    });
    connect(this.server, this.#socket, "test");
  }

  /** Sends a command and shows its reply. */
  async call(...args: Arg[]): Promise<string> {
    return await this.#socket.ask(encodeCommand(args));
  }

  /** Sends commands together and shows the reply to the first. */
  async pipeline(...commands: Arg[][]): Promise<string> {
    return await this.#socket.ask(concat(commands.map((args) => encodeCommand(args))));
  }

  /** Waits until no snapshot is being written. */
  async saved(): Promise<void> {
    while (this.server.persistence.snapshots.running !== null) await sleep(1);
    await sleep(0); // what hangs on its end
  }

  /** The client goes. */
  close(): void {
    this.#socket.close();
  }
}

/** Makes a client of a server out of a socket. */
export function connect(server: RedisServer, socket: Socket, peer: string): void {
  const connection = new Connection(server, socket, peer, "", 0);
  const { store, acl, clients } = server;
  connection.client = new Client(clients.takeId(), connection, store.databases[0]!, acl.defaultUser, 0);
  clients.add(connection.client);
  connection.run();
}

/** A socket whose other end is {@link ask}. */
class Pipe implements Socket {
  readonly #frames = new FrameReader();
  #request: ((bytes: Uint8Array | null) => void) | null = null;
  #reply: ((text: string) => void) | null = null;

  async ask(request: Uint8Array): Promise<string> {
    const reply = new Promise<string>((resolve) => this.#reply = resolve);
    while (this.#request === null) await sleep(0);
    this.#request(request);
    return await reply;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const bytes = await new Promise<Uint8Array | null>((resolve) => this.#request = resolve);
    this.#request = null;
    if (bytes === null) return null;
    into.set(bytes);
    return bytes.length;
  }

  write(data: Uint8Array): Promise<number> {
    for (const { value } of this.#frames.push(data.slice())) this.#reply?.(show(value));
    return Promise.resolve(data.length);
  }

  close(): void {
    this.#request?.(null);
  }
}
