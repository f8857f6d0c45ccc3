/** Streams. */
import { sleep } from "../../helpers/client.ts";
import { array, bulk, bulks, error, nilArray, ok, simple } from "../../helpers/transcript.ts";
import type { Expected } from "../../helpers/transcript.ts";
import { bulkWhere } from "../harness.ts";
import type { Link, Session, Stage } from "../harness.ts";

const extension = "streams";
const tooSmall = error("ERR The ID specified in XADD is equal or smaller than the target stream top item");
const zero = error("ERR The ID specified in XADD must be greater than 0-0");

/** An entry as XRANGE shows it. */
const entry = (id: string, ...fields: (string | number)[]): Expected => array(bulk(id), bulks(...fields));
/** What XREAD shows: streams with their entries. */
const streamsOf = (...pairs: [string, Expected[]][]): Expected =>
  array(...pairs.map(([key, entries]) => array(bulk(key), array(...entries))));

/** Starts the program and fills a stream with 3 or 4 entries 0-1, 0-2... */
async function filled(s: Session): Promise<{ c: Link; key: string; entries: Expected[] }> {
  s.start();
  const c = await s.connect();
  const key = s.word();
  const entries: Expected[] = [];
  const count = s.int(3, 4);
  for (let i = 1; i <= count; i++) {
    const [field, value] = s.words(2) as [string, string];
    await c.must("XADD", key, `0-${i}`, field, value, bulk(`0-${i}`));
    entries.push(entry(`0-${i}`, field, value));
  }
  return { c, key, entries };
}

export const streams: Stage[] = [
  {
    extension,
    slug: "cc3",
    name: "The TYPE command",
    async run(s) {
      s.start();
      const [key, value] = s.words(2) as [string, string];
      const c = await s.connect();
      await c.must("SET", key, value, ok);
      await c.must("TYPE", key, simple("string"));
      await c.must("TYPE", "missing_key_" + value, simple("none"));
    },
  },
  {
    extension,
    slug: "cf6",
    name: "Create a stream",
    async run(s) {
      s.start();
      const key = s.word();
      const c = await s.connect();
      await c.must("XADD", key, "0-1", "foo", "bar", bulk("0-1"));
      await c.must("TYPE", key, simple("stream"));
    },
  },
  {
    extension,
    slug: "hq8",
    name: "Validating entry IDs",
    async run(s) {
      s.start();
      const key = s.word();
      const c = await s.connect();
      for (const id of ["1-1", "1-2"]) await c.must("XADD", key, id, s.word(), s.word(), bulk(id));
      for (const id of ["1-2", "0-3"]) await c.must("XADD", key, id, s.word(), s.word(), tooSmall);
      await c.must("XADD", key, "0-0", s.word(), s.word(), zero);
    },
  },
  {
    extension,
    slug: "yh3",
    name: "Partially auto-generated IDs",
    async run(s) {
      s.start();
      const key = s.word();
      const c = await s.connect();
      for (const [id, result] of [["0-*", "0-1"], ["1-*", "1-0"], ["1-*", "1-1"]] as const) {
        await c.must("XADD", key, id, s.word(), s.word(), bulk(result));
      }
    },
  },
  {
    extension,
    slug: "xu6",
    name: "Fully auto-generated IDs",
    async run(s) {
      s.start();
      const c = await s.connect();
      const now = Math.floor(Date.now() / 1000) * 1000;
      const good = (id: string) => /^\d{13}-0$/.test(id) && Math.abs(Number(id.slice(0, 13)) - now) < 2000;
      await c.must("XADD", s.word(), "*", "foo", "bar", bulkWhere(good, "<13 digits of now>-0"));
    },
  },
  {
    extension,
    slug: "zx1",
    name: "Query entries from stream",
    async run(s) {
      const { c, key, entries } = await filled(s);
      await c.must("XRANGE", key, "0-2", `0-${entries.length}`, array(...entries.slice(1)));
    },
  },
  {
    extension,
    slug: "yp1",
    name: "Query with -",
    async run(s) {
      const { c, key, entries } = await filled(s);
      const last = s.int(2, 3);
      await c.must("XRANGE", key, "-", `0-${last}`, array(...entries.slice(0, last)));
    },
  },
  {
    extension,
    slug: "fs1",
    name: "Query with +",
    async run(s) {
      const { c, key, entries } = await filled(s);
      const first = s.int(1, 2);
      await c.must("XRANGE", key, `0-${first}`, "+", array(...entries.slice(first - 1)));
    },
  },
  {
    extension,
    slug: "um0",
    name: "Query single stream using XREAD",
    async run(s) {
      s.start();
      const key = s.word(), value = s.int(1, 100);
      const c = await s.connect();
      await c.must("XADD", key, "0-1", "temperature", value, bulk("0-1"));
      await c.must("XREAD", "streams", key, "0-0", streamsOf([key, [entry("0-1", "temperature", value)]]));
    },
  },
  {
    extension,
    slug: "ru9",
    name: "Query multiple streams using XREAD",
    async run(s) {
      s.start();
      const [a, b] = s.words(2) as [string, string];
      const warm = s.int(1, 100), wet = s.int(1, 100);
      const c = await s.connect();
      await c.must("XADD", a, "0-1", "temperature", warm, bulk("0-1"));
      await c.must("XADD", b, "0-2", "humidity", wet, bulk("0-2"));
      await c.must(
        "XREAD",
        "streams",
        a,
        b,
        "0-0",
        "0-1",
        streamsOf([a, [entry("0-1", "temperature", warm)]], [b, [entry("0-2", "humidity", wet)]]),
      );
    },
  },
  {
    extension,
    slug: "bs1",
    name: "Blocking reads",
    async run(s) {
      await blockingRead(s, 1000, "0-1", 500);
    },
  },
  {
    extension,
    slug: "hw1",
    name: "Blocking reads without timeout",
    async run(s) {
      await blockingRead(s, 0, "0-1", 0);
    },
  },
  {
    extension,
    slug: "xu1",
    name: "Blocking reads using $",
    async run(s) {
      await blockingRead(s, 0, "$", 1000);
    },
  },
];

/** A blocked XREAD is served by another client's XADD; then one with a timeout ends in a null array. */
async function blockingRead(s: Session, block: number, from: string, delayMs: number): Promise<void> {
  s.start();
  const key = s.word(), value = s.int(1, 100);
  const reader = await s.connect(), writer = await s.connect();
  await reader.must("XADD", key, "0-1", "temperature", s.int(1, 100), bulk("0-1"));
  await reader.send("XREAD", "block", block, "streams", key, from);
  // "At once" still means after the reader's command has arrived: the two are different connections.
  await sleep(Math.max(delayMs, 5));
  await reader.noMore();
  await writer.must("XADD", key, "0-2", "temperature", value, bulk("0-2"));
  await reader.receive(streamsOf([key, [entry("0-2", "temperature", value)]]));
  await reader.must("XREAD", "block", 1000, "streams", key, from === "$" ? "$" : "0-2", nilArray);
}
