/** Transactions. */
import { array, bulk, error, int, nil, ok, queued } from "../../helpers/transcript.ts";
import type { Stage } from "../harness.ts";

const extension = "transactions";
const notInteger = error("ERR value is not an integer or out of range");
const execAlone = error("ERR EXEC without MULTI");

export const transactions: Stage[] = [
  {
    extension,
    slug: "si4",
    name: "The INCR command (1/3)",
    async run(s) {
      s.start();
      const key = s.word(), n = s.int(1, 99);
      const c = await s.connect();
      await c.must("SET", key, n, ok);
      await c.must("INCR", key, int(n + 1));
    },
  },
  {
    extension,
    slug: "lz8",
    name: "The INCR command (2/3)",
    async run(s) {
      s.start();
      const key = s.word();
      const c = await s.connect();
      await c.must("INCR", key, int(1));
      await c.must("INCR", key, int(2));
      await c.must("GET", key, bulk("2"));
    },
  },
  {
    extension,
    slug: "mk1",
    name: "The INCR command (3/3)",
    async run(s) {
      s.start();
      const [key, word] = s.words(2) as [string, string];
      const c = await s.connect();
      await c.must("SET", key, word, ok);
      await c.must("INCR", key, notInteger);
    },
  },
  {
    extension,
    slug: "pn0",
    name: "The MULTI command",
    async run(s) {
      s.start();
      await (await s.connect()).must("MULTI", ok);
    },
  },
  {
    extension,
    slug: "lo4",
    name: "The EXEC command",
    async run(s) {
      s.start();
      await (await s.connect()).must("EXEC", execAlone);
    },
  },
  {
    extension,
    slug: "we1",
    name: "Empty transaction",
    async run(s) {
      s.start();
      const c = await s.connect();
      await c.must("MULTI", ok);
      await c.must("EXEC", array());
      await c.must("EXEC", execAlone);
    },
  },
  {
    extension,
    slug: "rs9",
    name: "Queueing commands",
    async run(s) {
      s.start();
      const key = s.word();
      const c = await s.connect(), other = await s.connect();
      await c.must("MULTI", ok);
      await c.must("SET", key, s.int(1, 99), queued);
      await c.must("INCR", key, queued);
      await other.must("GET", key, nil);
    },
  },
  {
    extension,
    slug: "fy6",
    name: "Executing a transaction",
    async run(s) {
      s.start();
      const [a, b] = s.words(2) as [string, string];
      const n = s.int(1, 99);
      const c = await s.connect(), other = await s.connect();
      await c.must("MULTI", ok);
      await c.must("SET", a, n, queued);
      await c.must("INCR", a, queued);
      await c.must("INCR", b, queued);
      await c.must("GET", b, queued);
      await c.must("EXEC", array(ok, int(n + 1), int(1), bulk("1")));
      await other.must("GET", a, bulk(n + 1));
    },
  },
  {
    extension,
    slug: "rl9",
    name: "The DISCARD command",
    async run(s) {
      s.start();
      const [a, b] = s.words(2) as [string, string];
      const n = s.int(1, 99);
      const c = await s.connect();
      await c.must("SET", b, n, ok);
      await c.must("MULTI", ok);
      await c.must("SET", a, s.int(1, 99), queued);
      await c.must("INCR", a, queued);
      await c.must("DISCARD", ok);
      await c.must("GET", a, nil);
      await c.must("GET", b, bulk(n));
      await c.must("DISCARD", error("ERR DISCARD without MULTI"));
    },
  },
  {
    extension,
    slug: "sg9",
    name: "Failures within transactions",
    async run(s) {
      s.start();
      const [a, b, word] = s.words(3) as [string, string, string];
      const n = s.int(1, 99);
      const c = await s.connect(), other = await s.connect();
      await c.must("SET", a, word, ok);
      await c.must("SET", b, n, ok);
      await c.must("MULTI", ok);
      await c.must("INCR", a, queued);
      await c.must("INCR", b, queued);
      await c.must("EXEC", array(notInteger, int(n + 1)));
      await other.must("GET", b, bulk(n + 1));
      await other.must("GET", a, bulk(word));
    },
  },
  {
    extension,
    slug: "jf8",
    name: "Multiple transactions",
    async run(s) {
      s.start();
      const [a, b] = s.words(2) as [string, string];
      const n = s.int(1, 99);
      const clients = [await s.connect(), await s.connect(), await s.connect()];
      for (const [i, c] of clients.entries()) {
        await c.must("SET", b, n, ok);
        await c.must("INCR", a, int(i + 1));
      }
      for (const c of clients) {
        await c.must("MULTI", ok);
        await c.must("INCR", a, queued);
        await c.must("INCR", b, queued);
      }
      for (const [i, c] of clients.entries()) await c.must("EXEC", array(int(4 + i), int(n + 1 + i)));
    },
  },
];
