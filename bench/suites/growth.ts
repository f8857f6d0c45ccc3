/** How the time of an operation grows with the collection: the documented complexity, seen from outside. */
import type { TestServer } from "../../tests/helpers/server.ts";
import { element, fill, variadic } from "../fill.ts";
import { type Case, compare, type Settings } from "../measure.ts";
import { startPair } from "../pair.ts";
import type { Section } from "../report.ts";
import { figure, median, medianRatio, ratioText, sizeText } from "../stats.ts";

const OPERATIONS: readonly (readonly string[])[] = [
  ["HGET", "hash", "element:__rand_int__"],
  ["HSET", "hash", "element:__rand_int__", "changed"],
  ["SISMEMBER", "set", "element:__rand_int__"],
  ["SRANDMEMBER", "set"],
  ["ZSCORE", "zset", "element:__rand_int__"],
  ["ZRANK", "zset", "element:__rand_int__"],
  ["ZADD", "zset", "__rand_int__", "element:__rand_int__"],
  ["ZRANGEBYSCORE", "zset", "__rand_int__", "+inf", "LIMIT", "0", "10"],
  ["LINDEX", "list", "-1"],
  ["LMOVE", "list", "list", "LEFT", "RIGHT"],
  ["XRANGE", "stream", "__rand_int__-0", "+", "COUNT", "10"],
];

/** Measures growth. */
export async function growth(settings: Settings): Promise<Section> {
  const sizes = [1e3, 1e4, 1e5, 1e6];
  const rows = OPERATIONS.map((operation) => [operation.slice(0, 2).join(" ")]);
  for (const size of sizes) {
    await using pair = await startPair();
    for (const server of [pair.redis, pair.toy]) await fillCollections(server, size);
    for (const [i, operation] of OPERATIONS.entries()) {
      const label = `${operation[0]} at ${sizeText(size)}`;
      const item: Case = { label, test: operation, clients: 50, pipeline: 16, keyspace: size };
      const result = await compare(pair, item, settings);
      const [toy, redis] = [result.toy, result.redis].map((runs) => runs.map((run) => run.cpu));
      rows[i]!.push(`${figure(median(toy!))} (${ratioText(medianRatio(redis!, toy!))})`);
    }
  }
  const text =
    "Microseconds of processor time that an operation takes in toy-redis (-P 16, 50 connections, all threads), and in " +
    "brackets redis-server's processor time by it: a structure that does not keep its complexity shows as a ratio that " +
    "falls to the right. Throughput would say less on a machine that does other work as well.";
  const head = ["operation", ...sizes.map(sizeText)];
  return {
    suite: "growth",
    text,
    tables: [{ title: "Processor time by size of the collection", head, rows }],
  };
}

async function fillCollections(server: TestServer, size: number): Promise<void> {
  const commands: [string[], number, (i: number) => string[]][] = [
    [["HSET", "hash"], 100, (i) => [element(i), "value"]],
    [["SADD", "set"], 100, (i) => [element(i)]],
    [["ZADD", "zset"], 100, (i) => [`${i}`, element(i)]],
    [["RPUSH", "list"], 100, (i) => [element(i)]],
    [["XADD", "stream"], 1, (i) => [`${i + 1}-0`, "field", "value"]],
  ];
  for (const [head, perCommand, item] of commands) {
    await fill(server.port, variadic(head, size, perCommand, item));
  }
}
