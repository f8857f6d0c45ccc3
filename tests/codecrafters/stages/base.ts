/** The seven base stages. */
import { sleep } from "../../helpers/client.ts";
import { bulk, nil, ok, simple } from "../../helpers/transcript.ts";
import type { Stage } from "../harness.ts";

const pong = simple("PONG");

export const base: Stage[] = [
  {
    extension: "base",
    slug: "jm1",
    name: "Bind to a port",
    limitMs: 15_000,
    async run(s) {
      s.start();
      await s.connect(6379, 17, 1000);
    },
  },
  {
    extension: "base",
    slug: "rg2",
    name: "Respond to PING",
    async run(s) {
      s.start();
      const c = await s.connect();
      await c.must("PING", pong);
    },
  },
  {
    extension: "base",
    slug: "wy1",
    name: "Respond to multiple PINGs",
    async run(s) {
      s.start();
      const c = await s.connect();
      for (let i = 0; i < 3; i++) await c.must("PING", pong);
    },
  },
  {
    extension: "base",
    slug: "zu2",
    name: "Handle concurrent clients",
    async run(s) {
      s.start();
      const first = await s.connect();
      await first.must("PING", pong);
      const second = await s.connect();
      for (const c of [second, first, first, second]) await c.must("PING", pong);
      const third = await s.connect();
      await third.must("PING", pong);
    },
  },
  {
    extension: "base",
    slug: "qq0",
    name: "Implement the ECHO command",
    async run(s) {
      s.start();
      const word = s.word();
      const c = await s.connect();
      await c.must("ECHO", word, bulk(word));
    },
  },
  {
    extension: "base",
    slug: "la7",
    name: "Implement the SET & GET commands",
    async run(s) {
      s.start();
      const [key, value] = s.words(2) as [string, string];
      const c = await s.connect();
      await c.must("SET", key, value, ok);
      await c.must("GET", key, bulk(value));
    },
  },
  {
    extension: "base",
    slug: "yz1",
    name: "Expiry",
    async run(s) {
      s.start();
      const [key, value] = s.words(2) as [string, string];
      const c = await s.connect();
      await c.must("SET", key, value, "PX", 100, ok);
      await c.must("GET", key, bulk(value));
      await sleep(101);
      await c.must("GET", key, nil);
    },
  },
];
