/** The other data types: one or two typical commands of each, on collections of the size that the label says. */
import { RawClient } from "../../tests/helpers/client.ts";
import type { TestServer } from "../../tests/helpers/server.ts";
import { digits, element, fill, variadic } from "../fill.ts";
import { type Case, compareAll, type Settings } from "../measure.ts";
import { startPair } from "../pair.ts";
import type { Section } from "../report.ts";

/** Items in a command that fills. */
const PER_COMMAND = 100;
const TARGET = "≥ 0.85";

/** Measures the data types. */
export async function types(settings: Settings): Promise<Section> {
  await using pair = await startPair();
  const members = settings.quick ? 100_000 : 1_000_000;
  for (const server of [pair.redis, pair.toy]) await fillFixed(server, members);
  const tables = [];
  for (const pipeline of [1, 16]) {
    const cases = commands(members, settings.quick).map((command): Case => ({
      clients: 50,
      keyspace: members,
      pipeline,
      target: TARGET,
      ...command,
      label: `${command.label} -P ${pipeline}`,
    }));
    tables.push(await compareAll(pair, cases, settings, `Data types, -P ${pipeline}`));
  }
  const text =
    `50 connections. The large collections have ${
      members.toLocaleString("en-US")
    } members; what pops finds ` +
    `exactly as many elements as it takes.`;
  return { suite: "types", text, tables };
}

type Command = Pick<Case, "label" | "test" | "prepare" | "maxRequests">;

function commands(members: number, quick: boolean): Command[] {
  // A run that empties a collection needs it filled first, which takes as long as the run.
  const maxRequests = quick ? 100_000 : 400_000;
  const popping = (label: string, test: readonly string[], prepare: Case["prepare"] & object): Command => {
    return { label, test, prepare, maxRequests };
  };
  return [
    { label: "LPUSH", test: "lpush", prepare: (server) => remove(server, "mylist") },
    popping(
      "LPOP",
      ["LPOP", "pop:list"],
      (server, n) => refill(server, "pop:list", "RPUSH", n, (i) => [`${i}`]),
    ),
    { label: "LRANGE_100", test: ["LRANGE", "fixed:list", "0", "99"] },
    { label: "SADD", test: "sadd" },
    popping(
      "SPOP",
      ["SPOP", "pop:set"],
      (server, n) => refill(server, "pop:set", "SADD", n, (i) => [element(i)]),
    ),
    { label: "HSET", test: "hset" },
    { label: "HGETALL of 50 fields", test: ["HGETALL", "fixed:hash"] },
    { label: "ZADD", test: "zadd" },
    { label: "ZRANGE of 10", test: ["ZRANGE", "fixed:zset", "0", "9"] },
    popping("ZPOPMIN", ["ZPOPMIN", "pop:zset"], (server, n) => refill(server, "pop:zset", "ZADD", n, scored)),
    {
      label: `ZRANGEBYSCORE of 10 in ${members / 1000}k`,
      test: ["ZRANGEBYSCORE", "fixed:zset", "__rand_int__", "+inf", "LIMIT", "0", "10"],
    },
    {
      label: "XADD",
      test: ["XADD", "stream", "*", "a", "1", "b", "2", "c", "3"],
      prepare: (server) => remove(server, "stream"),
    },
    popping(
      "XREADGROUP",
      ["XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "pop:stream", ">"],
      unread,
    ),
  ];
}

function scored(i: number): string[] {
  return [`${i}`, element(i)];
}

/** What no run changes. */
async function fillFixed(server: TestServer, members: number): Promise<void> {
  await refill(server, "fixed:list", "RPUSH", 100, (i) => ["value:" + digits(i)]);
  await refill(server, "fixed:hash", "HSET", 50, (i) => [`field:${i}`, "value:" + digits(i)]);
  await refill(server, "fixed:zset", "ZADD", members, scored);
}

async function remove(server: TestServer, key: string): Promise<void> {
  await using client = await RawClient.connect(server.port);
  await client.call("DEL", key);
}

async function refill(
  server: TestServer,
  key: string,
  command: string,
  count: number,
  item: (i: number) => readonly string[],
): Promise<void> {
  await remove(server, key);
  await fill(server.port, variadic([command, key], count, PER_COMMAND, item));
}

/** A stream with `count` entries that the group has not read. */
async function unread(server: TestServer, count: number): Promise<void> {
  await remove(server, "pop:stream");
  await fill(server.port, [["XGROUP", "CREATE", "pop:stream", "g", "$", "MKSTREAM"]]);
  await fill(server.port, variadic(["XADD", "pop:stream", "*"], count, 1, (i) => ["a", `${i}`, "b", "2"]));
}
