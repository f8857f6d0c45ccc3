/**
 * What goes into the append-only file gives the same data set when it is run again: after random commands of every
 * group, the file is loaded anew by us, after a rewrite in either form, and by the real redis-server.
 */
import { assert, assertEquals } from "@std/assert";
import { generateRound } from "../differential/generate.ts";
import type { Grammar } from "../differential/grammar.ts";
import { GRAMMARS } from "../differential/grammars/index.ts";
import { presentIn } from "../differential/runner.ts";
import { RawClient, sleep } from "../helpers/client.ts";
import { quote } from "../helpers/bytes.ts";
import { concat, encodeCommand, show } from "../helpers/resp.ts";
import { realTest, startServer, type TestServer } from "../helpers/server.ts";

const GROUPS = [
  "strings",
  "generic",
  "lists",
  "hashes",
  "sets",
  "zsets",
  "streams",
  "geo",
  "bitmaps",
  "hyperloglog",
  "sort",
  "transactions",
];
/** Databases that the commands use. */
const DATABASES = 4;
/** Commands of one round, and rounds; TOY_REDIS_ROUNDS for a longer run. */
const COMMANDS = 400;
const ROUNDS = Number(Deno.env.get("TOY_REDIS_ROUNDS") ?? 2);
const CLIENTS = 3;

async function ask(client: RawClient, ...args: string[]): Promise<string> {
  const reply = await client.call(...args);
  assert(reply.type !== "error", `${args.join(" ")}: ${show(reply)}`);
  return show(reply);
}

/** Runs one round; what it replies is the differential test's business. */
async function runRound(server: TestServer, grammar: Grammar, round: number): Promise<void> {
  const steps = generateRound(grammar, 1000 + round, {
    commands: COMMANDS,
    clients: CLIENTS,
    resp: 2,
    round,
  });
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => server.connect()));
  for (const [n, step] of steps.entries()) {
    if (step.kind !== "send") continue;
    const commands = step.commands.filter(({ args }) =>
      !/^(shutdown|quit|monitor|subscribe)$/i.test(args[0]!)
    );
    await clients[step.client - 1]!.write(concat(commands.map(({ args }) => encodeCommand(args))));
    if (n % 20 === 0) await sleep(1);
  }
  await sleep(30);
  for (const client of clients) await client.close();
  await sleep(10);
}

/** The digest of each key, and of a stream what the digest leaves out. */
async function everything(client: RawClient): Promise<string[]> {
  const found: string[] = [];
  for (let db = 0; db < DATABASES; db++) {
    await ask(client, "SELECT", `${db}`);
    const keys = await client.call("KEYS", "*");
    const names = "items" in keys ? keys.items.map((item) => "text" in item ? item.text : "") : [];
    for (const name of names.sort()) {
      const type = await ask(client, "TYPE", name);
      found.push(
        `${db} ${quote(name)}: ${type === "+zset" ? await scores(client, name) : await digest(client, name)}`,
      );
      if (type === "+stream") found.push(...await groups(client, name));
    }
  }
  await ask(client, "SELECT", "0");
  return found;
}

function digest(client: RawClient, name: string): Promise<string> {
  return ask(client, "DEBUG", "DIGEST-VALUE", name);
}

/**
 * A sorted set as it is read. Its digest tells scores of -0 from 0, and so do large sorted sets; a small one, which a large
 * one becomes when it is made anew of commands, knows 0 only (here and in redis-server).
 */
async function scores(client: RawClient, name: string): Promise<string> {
  return (await ask(client, "ZRANGE", name, "0", "-1", "WITHSCORES")).replaceAll('"-0"', '"0"');
}

/**
 * The groups of a stream with what they have pending. Left out is what redis-server does not propagate either: how many
 * entries were read, that a consumer looked at its history again (which counts as a delivery), consumers that found
 * nothing; and pending entries that are deleted, which no command can bring back (a rewrite as commands loses them).
 */
async function groups(client: RawClient, stream: string): Promise<string[]> {
  const found: string[] = [];
  const reply = await client.call("XINFO", "GROUPS", stream);
  for (const group of "items" in reply ? reply.items : []) {
    const fields = "items" in group ? group.items : [];
    const name = "text" in fields[1]! ? fields[1].text : "";
    const lastId = "text" in fields[7]! ? fields[7].text : "";
    found.push(`  group ${quote(name)} ${lastId}`);
    const pending = await client.call("XPENDING", stream, name, "-", "+", "10000");
    for (const item of "items" in pending ? pending.items : []) {
      const [id, owner] = "items" in item ? item.items.map((each) => "text" in each ? each.text : "") : [];
      if (await ask(client, "XRANGE", stream, id!, id!) !== "[]") found.push(`    ${id} ${quote(owner!)}`);
    }
  }
  return found;
}

async function rewrite(client: RawClient, preamble: string): Promise<void> {
  await ask(client, "CONFIG", "SET", "aof-use-rdb-preamble", preamble);
  const before = Number(/aof_rewrites:(\d+)/.exec(await ask(client, "INFO", "persistence"))![1]);
  await ask(client, "BGREWRITEAOF");
  for (;;) {
    const info = await ask(client, "INFO", "persistence");
    if (info.includes(`aof_rewrites:${before + 1}`) && info.includes("aof_rewrite_in_progress:0")) return;
    await sleep(10);
  }
}

for (const name of GROUPS) {
  const whole = GRAMMARS.find((each) => each.name === name)!;
  realTest(`replaying the append-only file of random ${name} commands gives the same data set`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await using toy = await startServer("toy", {
        args: ["--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-percentage", "0"],
      });
      const { grammar } = await presentIn(toy.port, whole);
      await using client = await toy.connect();
      await ask(client, "DEBUG", "SET-ACTIVE-EXPIRE", "0");
      await runRound(toy, grammar, round);
      for (const how of ["as it was written", "yes", "no"]) {
        if (how !== "as it was written") await rewrite(client, how);
        const before = await everything(client);
        assertEquals(await ask(client, "DEBUG", "LOADAOF"), "+OK");
        assertEquals(await everything(client), before, `round ${round}, rewritten with preamble: ${how}`);
      }
      await runRound(toy, grammar, round + 100);
      await sameForTheRealServer(client, toy);
    }
  });
}

realTest("what a failing PFADD leaves in a corrupted HyperLogLog is in the append-only file", async () => {
  await using toy = await startServer("toy", { args: ["--appendonly", "yes", "--appendfsync", "no"] });
  await using client = await toy.connect();
  // The registers end half way: adding fails at the first element that belongs behind the end.
  const half = "HYLL\x01" + "\0".repeat(11) + "\x5f\xff";
  let kept = 0;
  for (let i = 0; i < 20; i++) {
    await ask(client, "SET", `half${i}`, half, "EX", "10000");
    const elements = Array.from({ length: 20 }, (_, n) => `element ${i} ${n}`);
    const reply = show(await client.call("PFADD", `half${i}`, ...elements));
    assertEquals(reply, "-INVALIDOBJ Corrupted HLL object detected");
    if (await ask(client, "STRLEN", `half${i}`) !== `:${half.length}`) kept++;
  }
  assert(kept > 0);
  const before = await ask(client, "DEBUG", "DIGEST");
  assertEquals(await ask(client, "DEBUG", "LOADAOF"), "+OK");
  assertEquals(await ask(client, "DEBUG", "DIGEST"), before);
  await sameForTheRealServer(client, toy);
});

/** The limit under which the round ran: the bytes of a HyperLogLog depend on it. */
async function sparseLimit(client: RawClient): Promise<string> {
  return /"(\d+)"\]/.exec(await ask(client, "CONFIG", "GET", "hll-sparse-max-bytes"))![1]!;
}

/** The real server reads the same out of the files. Keys that expire are made to stay, so that nobody's clock matters. */
async function sameForTheRealServer(client: RawClient, toy: TestServer): Promise<void> {
  for (let db = 0; db < DATABASES; db++) {
    await ask(client, "SELECT", `${db}`);
    const keys = await client.call("KEYS", "*");
    if ("items" in keys) {
      for (const key of keys.items) if ("text" in key) await ask(client, "PERSIST", key.text);
    }
  }
  const before = await everything(client);
  const dir = await Deno.makeTempDir({ prefix: "toy-redis-aof-" });
  try {
    await Deno.mkdir(`${dir}/appendonlydir`);
    for await (const { name } of Deno.readDir(`${toy.dir}/appendonlydir`)) {
      await Deno.copyFile(`${toy.dir}/appendonlydir/${name}`, `${dir}/appendonlydir/${name}`);
    }
    const manifest = `${dir}/appendonlydir/appendonly.aof.manifest`;
    const checked = await new Deno.Command("redis-check-aof", { args: [manifest] }).output();
    assert(checked.success, new TextDecoder().decode(checked.stdout));
    const args = ["--appendonly", "yes", "--hll-sparse-max-bytes", await sparseLimit(client)];
    await using redis = await startServer("redis", { dir, args });
    await using there = await redis.connect();
    assertEquals(await everything(there), before, "the real server reads something else");
    assert(!redis.log.includes("CRITICAL"), redis.log);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
