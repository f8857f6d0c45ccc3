/** Lists. */
import { sleep } from "../../helpers/client.ts";
import { array, bulk, bulks, int, nilArray } from "../../helpers/transcript.ts";
import type { Link, Session, Stage } from "../harness.ts";

const extension = "lists";

/** Starts the program and makes a list of `low` to `high` different words. */
async function listOf(
  s: Session,
  low: number,
  high: number,
): Promise<{ c: Link; key: string; items: string[] }> {
  s.start();
  const c = await s.connect();
  const items = s.words(s.int(low, high));
  const key = "list_key_" + s.int(1, 100);
  await c.must("RPUSH", key, ...items, int(items.length));
  return { c, key, items };
}

export const lists: Stage[] = [
  {
    extension,
    slug: "mh6",
    name: "Create a list",
    async run(s) {
      s.start();
      const c = await s.connect();
      await c.must("RPUSH", s.word(), s.word(), int(1));
    },
  },
  {
    extension,
    slug: "tn7",
    name: "Append an element",
    async run(s) {
      s.start();
      const c = await s.connect();
      const key = s.word();
      for (let n = 1; n <= 3; n++) await c.must("RPUSH", key, s.word(), int(n));
    },
  },
  {
    extension,
    slug: "lx4",
    name: "Append multiple elements",
    async run(s) {
      s.start();
      const c = await s.connect();
      const key = s.word();
      await c.must("RPUSH", key, s.word(), s.word(), int(2));
      await c.must("RPUSH", key, s.word(), s.word(), s.word(), int(5));
    },
  },
  {
    extension,
    slug: "sf6",
    name: "List elements (positive indexes)",
    async run(s) {
      const { c, key, items } = await listOf(s, 4, 7);
      const n = items.length, m = s.int(1, n - 2);
      await c.must("LRANGE", key, 0, m, bulks(...items.slice(0, m + 1)));
      await c.must("LRANGE", key, m, n - 1, bulks(...items.slice(m)));
      await c.must("LRANGE", key, 0, n - 1, bulks(...items));
      await c.must("LRANGE", key, 1, 0, array());
      await c.must("LRANGE", key, 0, 2 * n, bulks(...items));
      await c.must("LRANGE", "missing_key", 0, 1, array());
    },
  },
  {
    extension,
    slug: "ri1",
    name: "List elements (negative indexes)",
    async run(s) {
      const { c, key, items } = await listOf(s, 4, 7);
      const n = items.length, m = s.int(2, n - 1);
      await c.must("LRANGE", key, 0, -m, bulks(...items.slice(0, n - m + 1)));
      await c.must("LRANGE", key, -m, -1, bulks(...items.slice(-m)));
      await c.must("LRANGE", key, 0, -1, bulks(...items));
      await c.must("LRANGE", key, -1, -2, array());
      await c.must("LRANGE", key, -(n + 1), -1, bulks(...items));
    },
  },
  {
    extension,
    slug: "gu5",
    name: "Prepend elements",
    async run(s) {
      s.start();
      const connection = await s.connect();
      const key = s.word();
      const [a, b, c] = s.words(3) as [string, string, string];
      await connection.must("LPUSH", key, c, int(1));
      await connection.must("LPUSH", key, b, a, int(3));
      await connection.must("LRANGE", key, 0, -1, bulks(a, b, c));
    },
  },
  {
    extension,
    slug: "fv6",
    name: "Query list length",
    async run(s) {
      const { c, key, items } = await listOf(s, 4, 7);
      await c.must("LLEN", key, int(items.length));
      await c.must("LLEN", "missing_key", int(0));
    },
  },
  {
    extension,
    slug: "ef1",
    name: "Remove an element",
    async run(s) {
      const { c, key, items } = await listOf(s, 4, 7);
      await c.must("LPOP", key, bulk(items[0]!));
      await c.must("LRANGE", key, 0, -1, bulks(...items.slice(1)));
    },
  },
  {
    extension,
    slug: "jp1",
    name: "Remove multiple elements",
    async run(s) {
      const { c, key, items } = await listOf(s, 5, 8);
      const count = s.int(2, 4);
      await c.must("LPOP", key, count, bulks(...items.slice(0, count)));
      await c.must("LRANGE", key, 0, -1, bulks(...items.slice(count)));
    },
  },
  {
    extension,
    slug: "ec3",
    name: "Blocking retrieval",
    async run(s) {
      s.start();
      const [key, value] = s.words(2) as [string, string];
      const first = await s.connect(), second = await s.connect(), third = await s.connect();
      await first.send("BLPOP", key, 0);
      await second.send("BLPOP", key, 0);
      await sleep(1);
      await third.must("RPUSH", key, value, int(1));
      // Which of the two is served depends on whose command arrived first, and they travel on different connections.
      const served = await Promise.race([first, second].map(async (c) => {
        while (!c.hasReply) await sleep(2);
        return c;
      }));
      await served.receive(bulks(key, value));
      await (served === first ? second : first).noMore();
    },
  },
  {
    extension,
    slug: "xj7",
    name: "Blocking retrieval with timeout",
    async run(s) {
      s.start();
      const [key, other, value] = s.words(3) as [string, string, string];
      const c = await s.connect();
      const timeout = s.int(1, 4) / 10;
      const started = performance.now();
      await c.must("BLPOP", key, timeout, nilArray);
      const waited = performance.now() - started;
      if (waited < timeout * 1000) throw new Error(`timed out after ${waited} ms, before ${timeout} s`);
      const waiter = await s.connect(), pusher = await s.connect();
      await waiter.send("BLPOP", other, s.int(3, 5) / 10);
      await sleep(1);
      await pusher.must("RPUSH", other, value, int(1));
      await waiter.receive(bulks(other, value));
    },
  },
];
