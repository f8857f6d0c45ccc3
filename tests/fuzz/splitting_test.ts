/**
 * TCP cuts a stream wherever it likes: requests split at every byte boundary, and pipelines grouped at random, must
 * give the same replies as when each arrives whole.
 */
import { assertEquals } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { concat, encodeCommand, FrameReader } from "../helpers/resp.ts";
import { toBytes, toText } from "../helpers/bytes.ts";
import { Random } from "../helpers/random.ts";
import { startServer } from "../helpers/server.ts";
import { steadySequence } from "./corpus.ts";

/** Forms of the protocol itself; each gives exactly one reply and leaves no state. */
const FORMS = [
  "PING\r\n",
  "PING\n",
  "  ECHO   word  \r\n",
  'ECHO "a b\\x00\\n\\"c"\r\n',
  "ECHO 'single \\' quote'\r\n",
  "\r\nPING\r\n",
  "*0\r\nPING\r\n",
  "*-1\r\nPING\r\n",
  "*1\r\n$4\r\nPING\r\n",
  "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
  "*2\r\n$4\r\nECHO\r\n$6\r\na\r\nb\r\n\r\n",
  "*2\r\n$4\r\necho\r\n$4\r\n*1\r\n\r\n",
  "*2\r\n$3\r\nGET\r\n$11\r\nmissing-key\r\n",
  "*1\r\n$6\r\nNOSUCH\r\n",
  "*3\r\n$3\r\nGET\r\n$1\r\na\r\n$1\r\nb\r\n",
  "*5\r\n$6\r\nOBJECT\r\n$8\r\nENCODING\r\n$1\r\nx\r\n$1\r\ny\r\n$0\r\n\r\n",
];

Deno.test("a request split at any byte boundary gives the same reply", async () => {
  await using server = await startServer("toy");
  await using client = await server.connect();
  await using other = await server.connect();
  for (const form of FORMS) {
    const bytes = toBytes(form);
    await client.write(bytes);
    const whole = toText((await client.read()).raw);
    for (let at = 1; at < bytes.length; at++) {
      await client.write(bytes.subarray(0, at));
      await other.call("PING"); // the server has had a turn to read the first part
      await client.write(bytes.subarray(at));
      assertEquals(toText((await client.read()).raw), whole, `${JSON.stringify(form)} split at ${at}`);
    }
    for (const byte of bytes) await client.write(new Uint8Array([byte]));
    assertEquals(toText((await client.read()).raw), whole, `${JSON.stringify(form)} byte by byte`);
  }
});

Deno.test("a request of many arguments may come in many reads", async () => {
  await using server = await startServer("toy");
  await using client = await server.connect();
  await using other = await server.connect();
  const members = Array.from({ length: 100_000 }, (_, i) => `${i}`);
  const bytes = concat([encodeCommand(["SADD", "set", ...members]), encodeCommand(["SCARD", "set"])]);
  for (let at = 0; at < bytes.length; at += 50_000) {
    await client.write(bytes.subarray(at, at + 50_000));
    await other.call("PING"); // the server has had a turn to read this part
  }
  assertEquals(toText((await client.read()).raw), ":100000\r\n");
  assertEquals(toText((await client.read()).raw), ":100000\r\n");
});

/** The replies to a stream cut into the given pieces, from an empty server. */
async function replies(
  port: number,
  pieces: readonly Uint8Array[],
  count: number,
  pause: boolean,
): Promise<string[]> {
  const flush = await RawClient.connect(port);
  await flush.call("FLUSHALL");
  await flush.call("FUNCTION", "FLUSH");
  await flush.call("SCRIPT", "FLUSH");
  await using client = await RawClient.connect(port);
  const writing = (async () => {
    for (const piece of pieces) {
      await client.write(piece);
      if (pause) await flush.call("PING");
    }
  })();
  const out: string[] = [];
  for (let i = 0; i < count; i++) out.push(toText((await client.read()).raw));
  await writing;
  await flush.close();
  return out;
}

function cut(random: Random, bytes: Uint8Array, longest: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = random.int(1, longest);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

Deno.test("a pipeline gives the same replies in every grouping", async () => {
  await using server = await startServer("toy");
  for (let seed = 1; seed <= 6; seed++) {
    const random = new Random(seed);
    const commands = steadySequence(random, 400);
    const parts = commands.map(encodeCommand);
    const expected = await replies(server.port, parts, commands.length, true);
    const stream = concat(parts);
    for (
      const [longest, pause] of [[stream.length, false], [3000, true], [100_000, true], [200, false], [
        40,
        true,
      ]] as const
    ) {
      const got = await replies(server.port, cut(random, stream, longest), commands.length, pause);
      for (let i = 0; i < commands.length; i++) {
        if (got[i] === expected[i]) continue;
        throw new Error(
          `seed ${seed}, pieces up to ${longest}: ${JSON.stringify(commands[i])} gave ${
            JSON.stringify(got[i])
          }, not ${JSON.stringify(expected[i])}`,
        );
      }
    }
  }
});

Deno.test("100,000 commands in one write", async () => {
  await using server = await startServer("toy");
  await using client = await server.connect();
  const one = encodeCommand(["INCR", "n"]);
  const count = 100_000;
  const stream = new Uint8Array(one.length * count);
  for (let i = 0; i < count; i++) stream.set(one, i * one.length);
  const writing = client.write(stream);
  const reader = new FrameReader();
  for (let i = 1; i <= count; i++) {
    const { raw } = await client.read();
    if (i % 10_000 === 0) assertEquals(reader.push(raw)[0]!.value, { type: "integer", value: BigInt(i) });
  }
  await writing;
});
