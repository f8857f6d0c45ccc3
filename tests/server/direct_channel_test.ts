/** TCP sockets read and written by the runtime's callbacks, apart from the server. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type RequestFrame, RequestReader } from "../../resp.ts";
import type { ChannelHost, Receiver } from "../../server/channel.ts";
import { DirectChannel } from "../../server/direct_channel.ts";
import { Turns } from "../../server/turns.ts";
import { sleep } from "../helpers/client.ts";

const LIMITS = { maxBulk: 1 << 29, maxQueryBuffer: 1 << 30 };

/** Both ends of a connection, ours taken over. */
async function pair(): Promise<
  { channel: DirectChannel; peer: Deno.TcpConn; host: ChannelHost & Disposable }
> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peer = await Deno.connect({ port: (listener.addr as Deno.NetAddr).port });
  const turns = new Turns();
  const host = { turns, clients: { size: 1 }, [Symbol.dispose]: () => turns.close() };
  const channel = DirectChannel.over(await listener.accept(), host);
  if (channel === null) throw new Error("the runtime has no handle for TCP sockets");
  return { channel, peer, host };
}

function emptyFrame(): RequestFrame {
  const spans = () => new Int32Array(4);
  return { buf: new Uint8Array(0), starts: spans(), ends: spans(), count: 0, frameStart: 0, frameEnd: 0 };
}

/** Takes requests and keeps the length of each one's last argument. */
class Lengths implements Receiver {
  readonly lengths: number[] = [];
  readonly end = Promise.withResolvers<unknown>();
  /** What the next batch is to wait for. */
  wait: Promise<void> | null = null;
  readonly #reader: RequestReader;
  readonly #frame = emptyFrame();

  constructor(reader: RequestReader) {
    this.#reader = reader;
  }

  received(): Promise<void> | null {
    while (this.#reader.parse(this.#frame)) {
      const last = this.#frame.count - 1;
      this.lengths.push(this.#frame.ends[last]! - this.#frame.starts[last]!);
    }
    return this.wait;
  }

  ended(error: unknown): void {
    this.end.resolve(error);
  }
}

function request(length: number): Uint8Array {
  return new TextEncoder().encode(`*2\r\n$4\r\nECHO\r\n$${length}\r\n${"x".repeat(length)}\r\n`);
}

async function writeAll(peer: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await peer.write(bytes.subarray(at));
}

/** As `isTrue` becomes true; fails after ten seconds. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    assert(tries < 1000, "it never came");
    await sleep(10);
  }
}

Deno.test("requests come in whole, however large, and the end after them", async () => {
  const { channel, peer, host } = await pair();
  using _ = host;
  const reader = new RequestReader(LIMITS);
  const receiver = new Lengths(reader);
  channel.start(reader, receiver);
  const sizes = [0, 1, 4000, 5000, 70_000, 3, 3_000_000, 12];
  for (const size of sizes) await writeAll(peer, request(size));
  peer.close();
  assertEquals(await receiver.end.promise, undefined);
  assertEquals(receiver.lengths, sizes);
  channel.close();
});

Deno.test("a batch that has to wait holds up the reading", async () => {
  const { channel, peer, host } = await pair();
  using _ = host;
  const reader = new RequestReader(LIMITS);
  const receiver = new Lengths(reader);
  const { promise, resolve } = Promise.withResolvers<void>();
  receiver.wait = promise;
  channel.start(reader, receiver);
  await writeAll(peer, request(1));
  await until(() => receiver.lengths.length === 1);
  await writeAll(peer, request(2));
  await sleep(30);
  assertEquals(receiver.lengths, [1]);
  receiver.wait = null;
  resolve();
  await until(() => receiver.lengths.length === 2);
  channel.close();
  await receiver.end.promise;
  peer.close();
});

Deno.test("a write that the kernel does not take at once ends when the other side reads", async () => {
  const { channel, peer, host } = await pair();
  using _ = host;
  const reader = new RequestReader(LIMITS);
  const receiver = new Lengths(reader);
  channel.start(reader, receiver);
  assertEquals(await channel.write(new Uint8Array(5).fill(1)), 5);
  const large = new Uint8Array(20_000_000).map((_, i) => i % 251);
  const written = channel.write(large);
  assert(written instanceof Promise);
  const buffer = new Uint8Array(1 << 20);
  let got = 0;
  for (; got < large.length + 5;) {
    const count = (await peer.read(buffer))!;
    for (let i = 0; i < count; i += 997) {
      const at = got + i - 5;
      if (at >= 0) assertEquals(buffer[i], at % 251);
    }
    got += count;
  }
  assertEquals(await written, large.length);
  channel.close();
  assertEquals(await peer.read(buffer), null);
  peer.close();
});

Deno.test("closing ends the write under way and gives the descriptors back", async () => {
  const descriptors = () => Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : 0;
  const before = descriptors();
  for (let round = 0; round < 5; round++) {
    const { channel, peer, host } = await pair();
    using _ = host;
    const reader = new RequestReader(LIMITS);
    const receiver = new Lengths(reader);
    channel.start(reader, receiver);
    const written = channel.write(new Uint8Array(20_000_000));
    assert(written instanceof Promise);
    const failure = assertRejects(() => written, Deno.errors.BrokenPipe);
    channel.close();
    await failure;
    assertEquals(await receiver.end.promise, undefined);
    peer.close();
  }
  await until(() => descriptors() <= before);
});
