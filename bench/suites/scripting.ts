/** Scripts and functions: what one costs that does next to nothing, one command, several, some work of its own. */
import { RawClient } from "../../tests/helpers/client.ts";
import { type Case, compareAll, type Settings } from "../measure.ts";
import { startPair } from "../pair.ts";
import type { Section } from "../report.ts";

const GET = "return redis.call('GET', KEYS[1])";
/** A rate limiter, as one finds it everywhere: two reads, a decision, two writes. In one line: redis-benchmark shows it in its CSV. */
const LIMITER = "local n = tonumber(redis.call('GET', KEYS[1]) or '0') " +
  "if n >= tonumber(ARGV[1]) then return 0 end " +
  "n = redis.call('INCR', KEYS[1]) " +
  "if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end " +
  "return n";
const JSON_BOTH_WAYS = "local items = {} for i = 1, 10 do items[i] = {name = 'item', price = i + 0.5} end " +
  "local sum = 0 for _, item in ipairs(cjson.decode(cjson.encode(items))) do sum = sum + item.price end " +
  "return tostring(sum)";
const LOOP = "local x = 0 for i = 1, 1000 do x = x + i % 7 end return x";
const LIBRARY =
  "#!lua name=bench\nredis.register_function('get', function(keys) return redis.call('GET', keys[1]) end)";

/** Measures scripts. */
export async function scripting(settings: Settings): Promise<Section> {
  await using pair = await startPair();
  for (const server of [pair.redis, pair.toy]) {
    await using client = await RawClient.connect(server.port);
    await client.call("SET", "key", "hello");
    await client.call("FUNCTION", "LOAD", LIBRARY);
  }
  const commands: [label: string, command: readonly string[]][] = [
    ["GET, without a script", ["GET", "key"]],
    ["EVAL, GET", ["EVAL", GET, "1", "key"]],
    ["FCALL, GET", ["FCALL", "get", "1", "key"]],
    ["EVAL, rate limiter", ["EVAL", LIMITER, "1", "limit:__rand_int__", "1000000", "1000"]],
    ["EVAL, JSON there and back", ["EVAL", JSON_BOTH_WAYS, "0"]],
    ["EVAL, 1,000 rounds of a loop", ["EVAL", LOOP, "0"]],
  ];
  const tables = [];
  for (const pipeline of [1, 16]) {
    const cases = commands.map(([label, test]): Case => {
      return { label: `${label} -P ${pipeline}`, test, clients: 50, pipeline, keyspace: 100_000 };
    });
    tables.push(await compareAll(pair, cases, settings, `Scripts, -P ${pipeline}`));
  }
  return { suite: "scripting", text: "50 connections; scripts that the server knows already.", tables };
}
