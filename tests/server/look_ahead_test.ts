import { assertEquals } from "@std/assert";
import { ProtocolError, RequestReader } from "../../resp.ts";
import type { Client } from "../../server/client.ts";
import { ManualClock } from "../../server/clock.ts";
import { LookAhead } from "../../server/look_ahead.ts";
import { CommandTimer } from "../../server/timing.ts";
import { Args } from "../../commands/args.ts";
import { Store } from "../../store.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { hashBytes } from "../../types/hash_function.ts";
import { Kind } from "../../types/kind.ts";

const request = (...args: string[]): string =>
  `*${args.length}\r\n` + args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("");
const hashOf = (key: string): number => hashBytes(fromLatin1(key), 0, key.length);

/** One client's requests, of which so many bytes have come, and what was fetched before them. */
async function fetched(input: string, given = input.length): Promise<number[][]> {
  const store = new Store(1, () => 0, () => 0);
  const db = store.databases[0]!;
  for (let i = 0; i < 500; i++) {
    const key = fromLatin1(`key:${i}`);
    db.set(key, 0, key.length, Kind.EMBSTR, key, 0, key.length);
  }
  const calls: number[][] = [];
  const fetch = db.table.fetch.bind(db.table);
  db.table.fetch = (hashes, count) => {
    calls.push([...hashes.subarray(0, count)]);
    fetch(hashes, count);
  };
  const bytes = fromLatin1(input);
  const source = {
    read(into: Uint8Array): Promise<number> {
      into.set(bytes);
      return Promise.resolve(bytes.length);
    },
  };
  const reader = new RequestReader({ maxBulk: 1 << 20, maxQueryBuffer: 1 << 20 });
  await reader.batches(source).next();
  const timer = new CommandTimer(new ManualClock(), () => {});
  const lookAhead = new LookAhead(timer, store.keyHash);
  const client = { args: new Args(), db, transport: { queryBytes: given } } as unknown as Client;
  timer.begin();
  try {
    while (reader.parse(client.args)) {
      const { args } = client;
      lookAhead.before(client);
      for (let i = 1; i < args.count; i++) {
        const hash = hashBytes(args.buf, args.starts[i]!, args.ends[i]!);
        assertEquals(store.keyHash.of(args.buf, args.starts[i]!, args.ends[i]!), hash);
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error; // some inputs end in a breach
  }
  timer.end();
  return calls;
}

Deno.test("the keys of a pipeline are fetched before its first request, sixteen at a time", async () => {
  const keys = Array.from({ length: 20 }, (_, i) => `key:${i * 7}`);
  const input = keys.map((key) => request("GET", key)).join("");
  assertEquals(await fetched(input), [keys.slice(0, 16).map(hashOf), keys.slice(16).map(hashOf)]);
});

Deno.test("requests without a key and with several arguments are stepped over", async () => {
  const input = request("SET", "key:1", "x".repeat(300), "EX", "100") + request("PING") +
    request("GET", "none") +
    request("HGET", "k".repeat(65), "field") + request("INCR", "key:2");
  assertEquals(await fetched(input), [["key:1", "none", "key:2"].map(hashOf)]);
});

Deno.test("nothing is fetched for a single request", async () => {
  assertEquals(await fetched(request("GET", "key:1")), []);
});

Deno.test("what lies behind the end of the batch is not looked at, whatever it is", async () => {
  const first = request("GET", "key:1") + request("GET", "key:2");
  for (
    const rest of [
      "GET key:3\r\n",
      "*2\r\n$3\r\nGET\r\n$-5\r\nkey:3\r\n",
      "*2\r\n$3\r\nGET\r\n$99999\r\nkey:3\r\n",
    ]
  ) {
    const input = first + request("GET", "key:3") + rest;
    assertEquals(await fetched(input, first.length), [["key:1", "key:2"].map(hashOf)]);
  }
  assertEquals(await fetched(first + "*2\r\n$3\r\nGET\r\n$5\r\nkey"), [["key:1", "key:2"].map(hashOf)]);
});
