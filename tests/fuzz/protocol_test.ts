/**
 * Damaged streams of stateless commands, sent to toy-redis and to the real redis-server: the replies, the text of the
 * protocol error and whether the connection ends must be the same bytes.
 */
import { quote, toBytes, toText } from "../helpers/bytes.ts";
import { sleep } from "../helpers/client.ts";
import { concat, encodeCommand } from "../helpers/resp.ts";
import { Random } from "../helpers/random.ts";
import { realTest, startServer } from "../helpers/server.ts";
import { mutate } from "./mutate.ts";

const COMMANDS = [
  ["PING"],
  ["PING", "world"],
  ["ECHO", "a\r\nb"],
  ["ECHO", ""],
  ["GET", "missing"],
  ["SELECT", "1"],
  ["NOSUCH", "arg"],
  ["STRLEN", "missing"],
  ["EXISTS", "a", "b"],
  ["TYPE", "missing"],
];

/**
 * One stream: some requests, some of them damaged. Without zero bytes: redis-server looks for the end of a line with
 * C's string functions and so waits for ever behind a zero byte, which is no behaviour to copy.
 */
function stream(random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = random.int(1, 4); i > 0; i--) {
    const args = random.pick(COMMANDS);
    const request = random.chance(0.3) ? toBytes(args.join(" ") + "\r\n") : encodeCommand(args);
    parts.push(random.chance(0.7) ? mutate(random, request, encodeCommand(random.pick(COMMANDS))) : request);
  }
  return concat(parts).map((byte) => byte === 0 ? 1 : byte);
}

/** Everything that comes back until the connection ends or has been quiet for a while. */
async function exchange(port: number, bytes: Uint8Array): Promise<string> {
  const conn = await Deno.connect({ port, hostname: "127.0.0.1" });
  let text = "", ended = false, last = performance.now();
  const reading = (async () => {
    const chunk = new Uint8Array(65536);
    try {
      for (let n = await conn.read(chunk); n !== null; n = await conn.read(chunk)) {
        text += toText(chunk, 0, n);
        last = performance.now();
      }
    } catch {
      // a reset: the server closed with our bytes unread
    }
    ended = true;
  })();
  await conn.write(bytes).catch(() => 0);
  while (!ended && performance.now() - last < 120) await sleep(15);
  const state = ended ? "(closed)" : "(open)";
  try {
    conn.close();
  } catch {
    // closed already
  }
  await reading;
  return text + state;
}

const BATCH = 60, BATCHES = 10;

realTest("damaged streams get the real server's bytes", async () => {
  await using redis = await startServer("redis");
  await using toy = await startServer("toy");
  const random = new Random(20_260);
  const differences: string[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const streams = Array.from({ length: BATCH }, () => stream(random));
    await Promise.all(streams.map(async (bytes) => {
      let [a, b] = await Promise.all([exchange(toy.port, bytes), exchange(redis.port, bytes)]);
      // On a busy machine a reply may come after the quiet spell: what differs is asked again, alone.
      if (a !== b) [a, b] = await Promise.all([exchange(toy.port, bytes), exchange(redis.port, bytes)]);
      if (a !== b) differences.push(`${quote(toText(bytes))}\n  toy:   ${quote(a)}\n  redis: ${quote(b)}`);
    }));
  }
  if (differences.length > 0) {
    throw new Error(
      `${differences.length} of ${BATCH * BATCHES} differ:\n${differences.slice(0, 8).join("\n")}`,
    );
  }
});
