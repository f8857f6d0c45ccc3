// Key positions decide what a restricted user may touch, so they are compared with the real server on random
// arguments, most of them wrong: a command with bad syntax is checked for its keys before it can complain.

import { assertEquals } from "@std/assert";
import { Args } from "../../commands/args.ts";
import { KeyFinder, KeyFlag, keyFlagWords, KeyList } from "../../commands/keys.ts";
import {
  after,
  allAfter,
  at,
  type CommandRow,
  halfAfter,
  type KeySpec,
  numkeys,
  range,
} from "../../commands/row.ts";
import { type Command, CommandTable, Flag } from "../../commands/table.ts";
import { toBytes } from "../helpers/bytes.ts";
import { parse, type Reply, show } from "../helpers/resp.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { realTest, startServer } from "../helpers/server.ts";

function row(specs: KeySpec[], name = "TEST"): CommandRow {
  return { name, arity: -1, flags: [], keys: [0, 0, 0], specs, categories: [] };
}

/** The keys found in a line of words, as `key:flag,flag`. */
function keysIn(line: string, specs: KeySpec[], name?: string, channels = false): string[] {
  const args = Args.of(line.split(" "));
  const keys = new KeyList();
  new KeyFinder(row(specs, name)).find(args, keys, channels);
  const found: string[] = [];
  for (let i = 0; i < keys.count; i++) {
    found.push([args.text(keys.positions[i]!), ...keyFlagWords(keys.flags[i]!)].join(" "));
  }
  return found;
}

Deno.test("key specs: one, a range, every second, counted, behind a word", () => {
  assertEquals(keysIn("t a b", [at(1, "RO access")]), ["a RO access"]);
  assertEquals(keysIn("t a b c", [range(1, -2, 1, "RW")]), ["a RW", "b RW"]);
  assertEquals(keysIn("t a 1 b 2", [range(1, -1, 2, "OW")]), ["a OW", "b OW"]);
  assertEquals(keysIn("t 2 a b c", [numkeys(1, "RM")]), ["a RM", "b RM"]);
  assertEquals(keysIn("t x Store d", [at(1, "RO"), after("STORE", 2, "OW")]), ["x RO", "d OW"]);
  assertEquals(keysIn("t keys a b", [allAfter("KEYS", 1, "RO")]), ["a RO", "b RO"]);
  assertEquals(keysIn("t STREAMS a b 1 2", [halfAfter("STREAMS", 1, "RO")]), ["a RO", "b RO"]);
});

Deno.test("key specs: what the syntax is too wrong for is no key", () => {
  assertEquals(keysIn("t", [at(1, "RO")]), []);
  assertEquals(keysIn("t 3 a b", [numkeys(1, "RO")]), []);
  assertEquals(keysIn("t -1 a b", [numkeys(1, "RO")]), []);
  assertEquals(keysIn("t 99999999999999999999 a", [numkeys(1, "RO")]), []);
  assertEquals(keysIn("t STORE", [after("STORE", 1, "OW")]), []);
});

Deno.test("a shard channel is found only where its slot matters", () => {
  assertEquals(keysIn("t ch", [at(1, "not_key")]), []);
  assertEquals(keysIn("t ch", [at(1, "not_key")], "TEST", true), ["ch not_key"]);
  assertEquals(new KeyFinder(row([at(1, "not_key")])).hasKeys, false);
  assertEquals(new KeyFinder(row([])).hasKeys, false);
});

Deno.test("a key list takes as many keys as a command can have", () => {
  const args = Args.of(["t", ...new Array<string>(5000).fill("k")]);
  const keys = new KeyList();
  const finder = new KeyFinder(row([range(1, -1, 1, "RO")]));
  for (let round = 0; round < 2; round++) finder.find(args, keys);
  assertEquals([keys.count, keys.positions[4999], keys.flags[4999]], [5000, 5000, KeyFlag.RO]);
});

/** Words that mean something to some command, numbers as they should not be written, and plain keys. */
const WORDS = [
  ...["a", "b", "", "0", "1", "2", "3", "+2", "02", " 2", "2x", "-1", "1.5", "4294967298"],
  ...["99999999999999999999", "-99999999999999999999", "get", "GET", "SET", "incrby", "overflow", "store"],
  ...["STORE", "STOREDIST", "BY", "LIMIT", "streams", "STREAMS", "GROUP", "COUNT", "BLOCK", "NOACK", "KEYS"],
  ...["keys", "COPY", "REPLACE", "AUTH", "AUTH2", "WEIGHTS"],
];

/** What COMMAND GETKEYSANDFLAGS answers by our books. */
function expected(command: Command, words: readonly string[]): string {
  if (!command.keys.hasKeys) return "-ERR The command has no key arguments\r\n";
  if (!command.takes(words.length)) return "-ERR Invalid number of arguments specified for command\r\n";
  const keys = new KeyList();
  command.keys.find(Args.of(words), keys);
  if (keys.count === 0 && (command.flags & Flag.NO_MANDATORY_KEYS) === 0) {
    return "-ERR Invalid arguments specified for command\r\n";
  }
  let reply = `*${keys.count}\r\n`;
  for (let i = 0; i < keys.count; i++) {
    const key = words[keys.positions[i]!]!;
    const flags = keyFlagWords(keys.flags[i]!);
    reply += `*2\r\n$${key.length}\r\n${key}\r\n*${flags.length}\r\n${
      flags.map((flag) => `+${flag}\r\n`).join("")
    }`;
  }
  return reply;
}

function runnable(table: CommandTable): Command[] {
  return table.all.flatMap((one) => one.subcommands === null ? [one] : [...one.subcommands.all]);
}

realTest("keys and their flags are those of the real server, whatever the arguments", async () => {
  await using redis = await startServer("redis");
  await using client = await redis.connect();
  const random = seededRandom(7);
  for (const command of runnable(new CommandTable())) {
    const specs = command.row.specs ?? [];
    const intricate = specs.length > 1 ||
      specs.some((spec) => !("index" in Object(spec.begin) && "last" in Object(spec.find)));
    const variable = specs.some((spec) => spec.flags.includes("variable_flags"));
    const rounds = intricate || variable ? 300 : 5;
    const requests: string[][] = [];
    for (let round = 0; round < rounds; round++) {
      const words = command.fullName.split("|");
      const length = Math.max(2, command.arity > 0 ? command.arity : random.below(8) - command.arity);
      while (words.length < length) words.push(WORDS[random.below(WORDS.length)]!);
      requests.push(words);
    }
    const replies = await client.pipeline(requests.map((words) => ["COMMAND", "GETKEYSANDFLAGS", ...words]));
    for (const [i, words] of requests.entries()) {
      const ours: Reply = parse(toBytes(expected(command, words)));
      assertEquals(show(ours), show(replies[i]!.value), words.join(" "));
    }
  }
});
