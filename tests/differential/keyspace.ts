/**
 * Compares everything that two servers hold: every key's type, encoding, expiry and content. A listpack's or intset's
 * order is the data's own and must agree; a hash table's is random and is sorted first.
 */
import type { RawClient } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import type { Reply } from "../helpers/resp.ts";
import { quoteIfNeeded } from "../helpers/bytes.ts";
import { exact, lastDigits, moments, pairs, tolerance, unordered } from "../helpers/rules.ts";
import type { Rule } from "../helpers/rules.ts";
import type { Difference } from "../helpers/duel.ts";

const expiry = tolerance(30_000);

/** The commands that read a key of this type, with the rule for each. */
function reads(type: string, key: string, encoding: string): [string[], Rule][] {
  const table = encoding === "hashtable";
  switch (type) {
    case "string":
      return [[["GET", key], exact]];
    case "list":
      return [[["LRANGE", key, "0", "-1"], exact]];
    case "hash":
      return [[["HGETALL", key], table ? pairs : exact]];
    case "set":
      return [[["SMEMBERS", key], table ? unordered : exact]];
    case "zset":
      return [[["ZRANGE", key, "0", "-1", "WITHSCORES"], lastDigits]];
    case "stream":
      return [[["XRANGE", key, "-", "+"], exact], [["XINFO", "STREAM", key, "FULL", "COUNT", "0"], moments]];
    default:
      return [];
  }
}

const texts = (reply: Reply): string[] =>
  reply.type === "array"
    ? reply.items.map((item) => "text" in item ? item.text : show(item)).sort()
    : [show(reply)];

async function ask(client: RawClient, commands: string[][]): Promise<Reply[]> {
  return (await client.pipeline(commands)).map((frame) => frame.value);
}

/** The first difference between the two keyspaces, or undefined. Leaves both connections in database 0. */
export async function compareKeyspaces(
  toy: RawClient,
  redis: RawClient,
  databases: readonly number[] = [0],
): Promise<Difference | undefined> {
  for (const database of databases) {
    const both = (commands: string[][]) => Promise.all([ask(toy, commands), ask(redis, commands)]);
    const [a, b] = await both([["SELECT", `${database}`], ["KEYS", "*"], ["DBSIZE"]]);
    const found = report(
      ["KEYS", "*"],
      texts(a[1]!).map(quoteIfNeeded).join(" "),
      texts(b[1]!).map(quoteIfNeeded).join(" "),
    ) ??
      report(["DBSIZE"], show(a[2]!), show(b[2]!)) ?? await compareKeys(both, texts(b[1]!));
    if (found) return { ...found, command: `(database ${database}) ${found.command}` };
  }
  await Promise.all([toy.call("SELECT", 0), redis.call("SELECT", 0)]);
  return undefined;
}

async function compareKeys(
  both: (commands: string[][]) => Promise<[Reply[], Reply[]]>,
  keys: readonly string[],
): Promise<Difference | undefined> {
  const probes = keys.flatMap((key) => [["TYPE", key], ["OBJECT", "ENCODING", key], ["PTTL", key]]);
  const [a, b] = await both(probes);
  for (let i = 0; i < probes.length; i++) {
    const rule = i % 3 === 2 ? expiry : exact;
    if (!rule.same(a[i]!, b[i]!)) return report(probes[i]!, show(a[i]!), show(b[i]!));
  }
  const text = (reply: Reply) => "text" in reply ? reply.text : "";
  const contents = keys.flatMap((key, i) => reads(text(b[3 * i]!), key, text(b[3 * i + 1]!)));
  const [x, y] = await both(contents.map(([args]) => args));
  for (let i = 0; i < contents.length; i++) {
    const [args, rule] = contents[i]!;
    if (!rule.same(x[i]!, y[i]!)) return report(args, show(x[i]!), show(y[i]!));
  }
  return undefined;
}

function report(args: readonly string[], toy: string, redis: string): Difference | undefined {
  if (toy === redis) return undefined;
  return { client: 0, command: args.map(quoteIfNeeded).join(" "), toy: clip(toy), redis: clip(redis) };
}

function clip(line: string): string {
  return line.length > 3000 ? `${line.slice(0, 3000)}... (${line.length} characters)` : line;
}
