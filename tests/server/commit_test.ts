/** No reply leaves before what was executed before it is in the append-only file, whatever else is under way. */
import { assertEquals } from "@std/assert";
import { CommitQueue } from "../../server/commit.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { sleep } from "../helpers/client.ts";
import { connect, InnerServer } from "../helpers/inner_server.ts";

/** What happens, in order: requests that are executed count as unsafe until the file is flushed. */
class World {
  readonly events: string[] = [];
  pending = 0;
  readonly #inner = new InnerServer(undefined, ["--repl-diskless-sync-delay", "0"]);

  constructor() {
    const { server } = this.#inner;
    server.propagation.add({ feed: () => this.pending++ });
    server.commits = new CommitQueue(this);
  }

  flush(): boolean {
    this.events.push(`flush ${this.pending}`);
    this.pending = 0;
    return true;
  }

  connect(name: string): FakeSocket {
    const socket = new FakeSocket(name, this);
    connect(this.#inner.server, socket, name);
    return socket;
  }
}

/** A socket whose other end the test plays. */
class FakeSocket {
  #incoming: ((text: string | null) => void) | null = null;
  #written: (() => void) | null = null;

  constructor(readonly name: string, readonly world: World) {}

  async read(into: Uint8Array): Promise<number | null> {
    const text = await new Promise<string | null>((resolve) => this.#incoming = resolve);
    if (text === null) return null;
    into.set(fromLatin1(text));
    return text.length;
  }

  async write(data: Uint8Array): Promise<number> {
    const text = latin1(data, 0, data.length).replaceAll("\r\n", " ").trimEnd();
    this.world.events.push(`${this.name} gets ${text}${this.world.pending > 0 ? " TOO EARLY" : ""}`);
    await new Promise<void>((resolve) => this.#written = resolve);
    return data.length;
  }

  close(): void {
    this.world.events.push(`${this.name} closed`);
    this.#incoming?.(null);
    this.#written?.();
  }

  /** The server reads this. */
  send(text: string): void {
    this.#incoming!(text);
  }

  /** The kernel has taken what was written last. */
  taken(): void {
    this.#written!();
  }
}

Deno.test("requests that arrive in the same turn share one write and one sync", async () => {
  const world = new World();
  const sockets = ["a", "b", "c"].map((name) => world.connect(name));
  for (const socket of sockets) socket.send("INCR n\r\n");
  await sleep(1);
  assertEquals(world.events, ["flush 3", "a gets :1", "b gets :2", "c gets :3"]);
  for (const socket of sockets) socket.close();
});

Deno.test("the end of an earlier write does not carry replies away that are not safe yet", async () => {
  const world = new World();
  const socket = world.connect("a");
  socket.send("INCR n\r\n");
  await sleep(1);
  socket.send("INCR n\r\n");
  socket.taken(); // while the second request waits for the file
  await sleep(1);
  assertEquals(world.events, ["flush 1", "a gets :1", "flush 1", "a gets :2"]);
  socket.close();
});

Deno.test("replies that wait for the file while a write is under way leave after both", async () => {
  const world = new World();
  const socket = world.connect("a");
  socket.send("INCR n\r\n");
  await sleep(1);
  socket.send("INCR n\r\nINCR n\r\n");
  await sleep(1);
  assertEquals(world.events, ["flush 1", "a gets :1", "flush 2"]);
  socket.taken();
  await sleep(1);
  assertEquals(world.events.at(-1), "a gets :2 :3");
  socket.close();
});

Deno.test("a client that is served by another one gets its reply after the file has both", async () => {
  const world = new World();
  const waiting = world.connect("waiting"), pushing = world.connect("pushing");
  waiting.send("BLPOP l 0\r\n");
  await sleep(1);
  pushing.send("RPUSH l x\r\n");
  await sleep(1);
  assertEquals(world.events, ["flush 2", "waiting gets *2 $1 l $1 x", "pushing gets :1"]);
  waiting.close();
  pushing.close();
});

Deno.test("a client that leaves gets its last replies, and only when they are safe", async () => {
  const world = new World();
  const socket = world.connect("a");
  socket.send("INCR n\r\nQUIT\r\n");
  await sleep(1);
  assertEquals(world.events, ["flush 1", "a gets :1 +OK"]);
  socket.taken();
  await sleep(1);
  assertEquals(world.events.at(-1), "a closed");
});

Deno.test("nothing is acknowledged once the file cannot be written and the process ends", async () => {
  const world = new World();
  world.flush = () => false;
  const socket = world.connect("a");
  socket.send("INCR n\r\n");
  await sleep(5);
  assertEquals(world.events, []);
  socket.close();
});

Deno.test("replicas are not ahead of the file", async () => {
  const world = new World();
  const replica = world.connect("replica"), client = world.connect("client");
  const toReplica = async (text: string) => {
    replica.send(text);
    await sleep(1);
    replica.taken();
  };
  for (const line of ["REPLCONF capa eof\r\n", "PSYNC ? -1\r\n"]) await toReplica(line);
  while (!world.events.some((event) => event.startsWith("replica gets $EOF"))) await sleep(1);
  for (let n = 0; n < 20; n++, await sleep(1)) replica.taken(); // the rest of the file
  await toReplica("REPLCONF ACK 0\r\n");
  client.send("CLIENT REPLY OFF\r\n");
  await sleep(1);
  world.events.length = 0;
  client.send("SET k v\r\n");
  await sleep(1);
  assertEquals(world.events, [
    "flush 1",
    "replica gets *2 $6 SELECT $1 0 *3 $3 SET $1 k $1 v",
  ]);
  replica.close();
  client.close();
});
