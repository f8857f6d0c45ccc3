/**
 * What commands do besides answering: every documented command with random options, on both servers, and after each the
 * events that it announced and what it put into the append-only file must be the same.
 */
import { assertEquals } from "@std/assert";
import { Documentation } from "../fuzz/documented.ts";
import type { RawClient } from "../helpers/client.ts";
import { Random } from "../helpers/random.ts";
import { type Reply, show } from "../helpers/resp.ts";
import { typeOnly } from "../helpers/rules.ts";
import { realTest, startServer, type TestServer } from "../helpers/server.ts";

/** Commands drawn; TOY_REDIS_ROUNDS multiplies them. */
const COMMANDS = 3000 * Number(Deno.env.get("TOY_REDIS_ROUNDS") ?? 1);
/** Commands from one clean state to the next. */
const ROUND = 40;

/** Commands drawn by chance, about the connection, about scripts or with an order that is a hash table's. */
const LEFT_OUT = new RegExp(
  "^(bgrewriteaof|hello|reset|client |object (idletime|freq)|acl|memory|randomkey|[shz]randmember|hrandfield|spop|info|" +
    "slowlog|latency|lastsave|time|s?p?unsubscribe|auth|multi|swapdb|select|script|sort|eval|fcall|function)",
);
/** An expiry within the run would come at one server's moment or the other's. */
const SOON = /^(px|pxat|exat|pexpire|psetex|expire|setex|restore|pexpireat|expireat|ex)$/i;

const START = [
  ["FLUSHALL"],
  ["SET", "k1", "abc"],
  ["RPUSH", "k2", "a", "b", "c", "1", "2"],
  ["HSET", "k3", "a", "1", "b", "2", "field", "x"],
  ["SADD", "k4", "a", "b", "m1", "5"],
  ["ZADD", "k5", "1", "a", "2", "b", "3", "m1", "7", "5"],
  ["XADD", "k6", "1-1", "a", "b"],
  ["XADD", "k6", "2-1", "a", "c"],
  ["XGROUP", "CREATE", "k6", "a", "0"],
];

/** One server with a client, a listener to all its events, and an eye on its file. */
class Side {
  #offset = 0;

  private constructor(
    readonly server: TestServer,
    readonly client: RawClient,
    readonly listener: RawClient,
  ) {}

  static async start(kind: "toy" | "redis"): Promise<Side> {
    const server = await startServer(kind, {
      args: ["--appendonly", "yes", "--appendfsync", "no", "--notify-keyspace-events", "KEAnm"],
    });
    const side = new Side(server, await server.connect(), await server.connect());
    await side.listener.call("PSUBSCRIBE", "__keyevent*");
    return side;
  }

  async begin(): Promise<void> {
    await this.client.pipeline(START);
    await this.events();
    await this.written();
  }

  /** The events since it was last asked. */
  async events(): Promise<string> {
    await this.listener.send("PING");
    const events: string[] = [];
    for (;;) {
      const text = show((await this.listener.read()).value);
      if (text.startsWith('["pong"')) return events.join("\n");
      events.push(text);
    }
  }

  /** What came to the file since it was last asked, with times masked. */
  async written(): Promise<string> {
    const bytes = await Deno.readFile(`${this.server.dir}/appendonlydir/appendonly.aof.1.incr.aof`);
    const text = new TextDecoder("latin1").decode(bytes.subarray(this.#offset));
    this.#offset = bytes.length;
    return text.replace(/\$\d+\r\n/g, "").replace(/\r\n/g, " ").replace(/\*2 SELECT \d+ /g, "")
      .replace(/\b1[789]\d{11}\b/g, "<ms>");
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.listener.close();
    await this.server.stop();
  }
}

/** What a client of RESP3 that listens to its own events gets for a command, up to the answer to a marker. */
async function inOrder(client: RawClient, command: readonly string[]): Promise<string> {
  await client.send(...command);
  await client.send("PING", "~marker~");
  const order: string[] = [];
  for (;;) {
    const { value } = await client.read();
    const text = show(value);
    if (text.includes("~marker~")) return order.join(" ");
    order.push(value.type === "push" ? text : "(reply)");
  }
}

realTest("events come before or behind the reply as in redis-server", async () => {
  const args = ["--notify-keyspace-events", "KEA"];
  await using toy = await startServer("toy", { args });
  await using redis = await startServer("redis", { args });
  await using ours = await toy.connect();
  await using theirs = await redis.connect();
  const documentation = await Documentation.of(ours);
  for (const client of [ours, theirs]) {
    await client.call("HELLO", "3");
    await client.call("PSUBSCRIBE", "__keyevent*");
  }
  const random = new Random(12);
  for (let drawn = 0; drawn < COMMANDS; drawn++) {
    if (drawn % ROUND === 0) {
      for (const client of [ours, theirs]) for (const command of START) await inOrder(client, command);
    }
    const command = documentation.draw(random);
    const text = command.join(" ");
    if (LEFT_OUT.test(text) || /^(b?z(m?pop|popmin|popmax)|pubsub)/.test(text)) continue;
    if (/^expire (\S+) \d{1,2}\b/.test(text)) command[2] += "000"; // not within the run
    else if (command.some((word) => SOON.test(word))) continue;
    const [a, b] = await Promise.all([inOrder(ours, command), inOrder(theirs, command)]);
    assertEquals(a, b, JSON.stringify(command));
  }
});

realTest("documented commands announce and write down what those of redis-server do", async () => {
  const [toy, redis] = await Promise.all([Side.start("toy"), Side.start("redis")]);
  const documentation = await Documentation.of(toy.client);
  const random = new Random(11);
  const history: string[][] = [];
  for (let drawn = 0; drawn < COMMANDS; drawn++) {
    if (drawn % ROUND === 0) {
      await Promise.all([toy.begin(), redis.begin()]);
      history.length = 0;
    }
    const command = documentation.draw(random);
    if (LEFT_OUT.test(command.join(" ")) || command.some((word) => SOON.test(word))) continue;
    history.push(command);
    const about = () => history.slice(-10).map((words) => JSON.stringify(words)).join("\n");
    const [a, b]: Reply[] = await Promise.all([toy.client.call(...command), redis.client.call(...command)]);
    if (!typeOnly.same(a!, b!)) assertEquals(show(a!), show(b!), about());
    assertEquals(await toy.events(), await redis.events(), about());
    assertEquals(await toy.written(), await redis.written(), about());
  }
  await Promise.all([toy.stop(), redis.stop()]);
});
