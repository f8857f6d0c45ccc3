/** How the time of an operation grows with the collection: the documented complexity, seen from outside. */
import type { TestServer } from "../../tests/helpers/server.ts";
import { digits, fill, variadic } from "../fill.ts";
import { type Case, compare, type Settings, throughputRatio } from "../measure.ts";
import { startPair } from "../pair.ts";
import type { Section } from "../report.ts";
import { figure, median, ratioText, sizeText } from "../stats.ts";

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
  const sizes = settings.quick ? [1e3, 1e4, 1e5] : [1e3, 1e4, 1e5, 1e6];
  const rows = OPERATIONS.map((operation) => [operation.slice(0, 2).join(" ")]);
  for (const size of sizes) {
    await using pair = await startPair();
    for (const server of [pair.redis, pair.toy]) await fillCollections(server, size);
    for (const [i, operation] of OPERATIONS.entries()) {
      const label = `${operation[0]} at ${sizeText(size)}`;
      const item: Case = { label, test: operation, clients: 50, pipeline: 16, keyspace: size };
      const result = await compare(pair, item, settings);
      const micros = 1e6 / median(result.toy.map((run) => run.rps));
      rows[i]!.push(`${figure(micros)} (${ratioText(throughputRatio(result))})`);
    }
  }
  const text =
    "Microseconds that an operation takes in toy-redis (1 / throughput, -P 16, 50 connections), and in brackets " +
    "its throughput by redis-server's: a structure that does not keep its complexity shows as a ratio that falls to the " +
    "right.";
  const head = ["operation", ...sizes.map(sizeText)];
  return { suite: "growth", text, tables: [{ title: "Time by size of the collection", head, rows }] };
}

async function fillCollections(server: TestServer, size: number): Promise<void> {
  const element = (i: number) => "element:" + digits(i);
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
