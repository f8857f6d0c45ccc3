/** Publish and subscribe. */
import { array, bulk, bulks, int, simple } from "../../helpers/transcript.ts";
import { errorHas } from "../harness.ts";
import type { Link, Session, Stage } from "../harness.ts";

const extension = "pub-sub";

async function subscribe(c: Link, channel: string, count: number): Promise<void> {
  await c.must("SUBSCRIBE", channel, array(bulk("subscribe"), bulk(channel), int(count)));
}

/** Publishes, and requires the message at these subscribers and nothing at the others. */
async function publish(s: Session, from: Link, channel: string, to: Link[], others: Link[]): Promise<void> {
  const text = s.word();
  await from.must("PUBLISH", channel, text, int(to.length));
  for (const c of to) await c.receive(bulks("message", channel, text));
  for (const c of others) await c.noMore();
}

export const pubsub: Stage[] = [
  {
    extension,
    slug: "mx3",
    name: "Subscribe to a channel",
    async run(s) {
      s.start();
      await subscribe(await s.connect(), s.word(), 1);
    },
  },
  {
    extension,
    slug: "zc8",
    name: "Subscribe to multiple channels",
    async run(s) {
      s.start();
      for (const c of [await s.connect(), await s.connect()]) {
        const channels = s.words(s.int(3, 5));
        for (const [i, channel] of channels.entries()) await subscribe(c, channel, i + 1);
        // Course text: subscribing again leaves the count.
        await subscribe(c, channels[0]!, channels.length);
      }
    },
  },
  {
    extension,
    slug: "aw8",
    name: "Enter subscribed mode",
    async run(s) {
      s.start();
      const [first, second] = s.words(2) as [string, string];
      const c = await s.connect();
      await subscribe(c, first, 1);
      await c.must("SET", s.word(), s.word(), errorHas("ERR ", "can't execute 'set'"));
      await c.must("GET", s.word(), errorHas("ERR ", "can't execute 'get'"));
      await c.must("ECHO", s.word(), errorHas("ERR ", "can't execute 'echo'"));
      await subscribe(c, second, 2);
    },
  },
  {
    extension,
    slug: "lf1",
    name: "PING in subscribed mode",
    async run(s) {
      s.start();
      const c = await s.connect(), other = await s.connect();
      await subscribe(c, s.word(), 1);
      await c.must("PING", bulks("pong", ""));
      await other.must("PING", simple("PONG"));
    },
  },
  {
    extension,
    slug: "hf2",
    name: "Publish a message",
    async run(s) {
      s.start();
      const [one, two] = s.words(2) as [string, string];
      for (const channel of [one, two, two]) await subscribe(await s.connect(), channel, 1);
      const publisher = await s.connect();
      await publisher.must("PUBLISH", one, s.word(), int(1));
      await publisher.must("PUBLISH", two, s.word(), int(2));
    },
  },
  {
    extension,
    slug: "dn4",
    name: "Deliver messages",
    async run(s) {
      s.start();
      const [one, two] = s.words(2) as [string, string];
      const [a, b, c] = [await s.connect(), await s.connect(), await s.connect()];
      for (const link of [a, b]) await subscribe(link, one, 1);
      await subscribe(c, two, 1);
      const publisher = await s.connect();
      await publish(s, publisher, one, [a, b], [c]);
      await publish(s, publisher, two, [c], [a, b]);
    },
  },
  {
    extension,
    slug: "ze9",
    name: "Unsubscribe",
    async run(s) {
      s.start();
      const [c0, c1, c2] = s.words(3) as [string, string, string];
      const a = await s.connect(), b = await s.connect(), publisher = await s.connect();
      for (const [i, channel] of [c0, c1].entries()) await subscribe(a, channel, i + 1);
      for (const [i, channel] of [c1, c2].entries()) await subscribe(b, channel, i + 1);
      await publish(s, publisher, c1, [a, b], []);
      await a.must("UNSUBSCRIBE", c1, array(bulk("unsubscribe"), bulk(c1), int(1)));
      await publish(s, publisher, c1, [b], [a]);
    },
  },
];
