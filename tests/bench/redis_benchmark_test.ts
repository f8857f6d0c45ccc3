import { assertEquals, assertThrows } from "@std/assert";
import { argumentsOf, parseCsv } from "../../bench/redis_benchmark.ts";

const HEAD =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms",' +
  '"max_latency_ms"';

Deno.test("the CSV of redis-benchmark is read by the names of its columns", () => {
  const text = `${HEAD}\n"SET","333333.34","1.800","0.664","1.815","2.647","2.799","2.815"\n` +
    `"MSET (10 keys)","133333.34","5.223","2.512","4.399","7.719","7.767","7.791"\n`;
  assertEquals(parseCsv(text), [
    { test: "SET", rps: 333333.34, p99: 2.799 },
    { test: "MSET (10 keys)", rps: 133333.34, p99: 7.767 },
  ]);
});

Deno.test("columns in another order, and lines around them, do not matter", () => {
  const text = 'WARNING: something\n"test","p99_latency_ms","rps"\r\n"GET","2.5","10"\r\n\n';
  assertEquals(parseCsv(text), [{ test: "GET", rps: 10, p99: 2.5 }]);
});

Deno.test("what is not the CSV of redis-benchmark is refused", () => {
  for (const text of ["", "Could not connect\n", HEAD + "\n", '"test","other"\n"a","b"\n']) {
    assertThrows(() => parseCsv(text), Error, "not the CSV");
  }
});

Deno.test("built-in tests and commands become different arguments", () => {
  const load = { clients: 50, pipeline: 16, keyspace: 1000 };
  const common = ["-h", "127.0.0.1", "-p", "7000", "-c", "50", "-P", "16", "-n", "99", "-r", "1000", "--csv"];
  assertEquals(argumentsOf({ ...load, test: "set", dataSize: 3 }, 7000, 99), [
    ...common,
    "-d",
    "3",
    "-t",
    "set",
  ]);
  const command = ["ZRANK", "z", "__rand_int__"];
  assertEquals(argumentsOf({ ...load, test: command }, 7000, 99), [...common, ...command]);
});
