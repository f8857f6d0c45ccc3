/**
 * redis-check-aof and redis-check-rdb find nothing wrong with any file that is written, in whatever form and under
 * whatever name, and the real server starts from them.
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import { realTest, startServer } from "../helpers/server.ts";

const LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 'it lives' end)";

async function ask(client: RawClient, ...args: string[]): Promise<string> {
  const reply = await client.call(...args);
  assert(reply.type !== "error", `${args.join(" ")}: ${show(reply)}`);
  return show(reply);
}

/** Something of every type, small and large, in several databases, with what goes out in the place of commands. */
async function write(client: RawClient, round: number): Promise<void> {
  const many = Array.from({ length: 600 }, (_, i) => `${round}:${i}`);
  const pairs = many.flatMap((value, i) => [`${i}`, value]);
  for (const db of ["0", "3"]) {
    await ask(client, "SELECT", db);
    await ask(client, "SET", `s${round}`, "x".repeat(100_000), "EX", "100000");
    await ask(client, "SET", "binary \r\n*3\r\n$", "#!\r\n");
    await ask(client, "RPUSH", `l${round}`, ...many);
    await ask(client, "HSET", `h${round}`, ...pairs);
    await ask(client, "ZADD", `z${round}`, ...pairs);
    await ask(client, "SADD", `u${round}`, ...many);
    await ask(client, "SADD", `i${round}`, "1", "2", "70000");
    await ask(client, "SPOP", `u${round}`, "3");
    for (let i = 0; i < 50; i++) await ask(client, "XADD", `x${round}`, "*", "field", `${i}`);
    await ask(client, "XGROUP", "CREATE", `x${round}`, "g", "0");
    await ask(client, "XREADGROUP", "GROUP", "g", "c", "COUNT", "5", "STREAMS", `x${round}`, ">");
    await ask(client, "PFADD", "p", ...many);
    await ask(client, "INCRBYFLOAT", "f", "1.5");
    await ask(client, "MULTI");
    await ask(client, "GETEX", `s${round}`, "PERSIST");
    await ask(client, "LMOVE", `l${round}`, "moved", "LEFT", "RIGHT");
    await ask(client, "EXEC");
  }
  await ask(client, "SELECT", "0");
}

async function idle(client: RawClient): Promise<void> {
  for (;;) {
    const info = await ask(client, "INFO", "persistence");
    if (/rdb_bgsave_in_progress:0/.test(info) && /aof_rewrite_in_progress:0/.test(info)) return;
    await sleep(10);
  }
}

/** Runs a checker, which must find the file good. */
async function check(program: string, ...args: string[]): Promise<void> {
  const { success, stdout } = await new Deno.Command(program, { args }).output();
  assert(success, `${program} ${args.join(" ")}:\n${new TextDecoder().decode(stdout)}`);
}

/** All parts by themselves, and together. */
async function checkAll(dir: string, file: string): Promise<string[]> {
  await check("redis-check-aof", `${dir}/${file}.manifest`);
  const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
  for (const name of names) {
    if (name.endsWith(".rdb")) await check("redis-check-rdb", `${dir}/${name}`);
    else if (name.endsWith(".aof")) await check("redis-check-aof", `${dir}/${name}`);
  }
  return names;
}

for (const preamble of ["yes", "no"]) {
  for (const timestamps of ["yes", "no"]) {
    realTest(`the checkers accept all files: preamble ${preamble}, timestamps ${timestamps}`, async () => {
      const dir = await Deno.makeTempDir({ prefix: "toy-redis-check-" });
      const names = ["--appenddirname", "odd 'dir' #1", "--appendfilename", 'odd "name" \t.aof'];
      const args = ["--appendonly", "yes", "--appendfsync", "no", ...names];
      try {
        let digest: string;
        {
          await using server = await startServer("toy", {
            dir,
            args: [...args, "--aof-use-rdb-preamble", preamble, "--aof-timestamp-enabled", timestamps],
          });
          await using client = await server.connect();
          await ask(client, "FUNCTION", "LOAD", LIBRARY);
          await write(client, 1);
          await ask(client, "BGREWRITEAOF");
          await write(client, 2);
          await idle(client);
          if (timestamps === "yes") await sleep(1100); // there is one a second at most
          await write(client, 3);
          await ask(client, "SAVE");
          digest = await ask(client, "DEBUG", "DIGEST");
          server.kill("SIGKILL");
          await server.waitForExit();
        }
        const found = await checkAll(`${dir}/odd 'dir' #1`, 'odd "name" \t.aof');
        assertEquals(found.length, 3);
        await check("redis-check-rdb", `${dir}/dump.rdb`);
        const text = Deno.readTextFileSync(
          `${dir}/odd 'dir' #1/${found.find((name) => name.includes("incr"))!}`,
        );
        assertEquals(/^#TS:\d+\r$/m.test(text), timestamps === "yes");
        await using redis = await startServer("redis", { dir, args });
        await using reader = await redis.connect();
        assertEquals(await ask(reader, "DEBUG", "DIGEST"), digest);
        assertEquals(await ask(reader, "FCALL", "f", "0"), '"it lives"');
        assert(!redis.log.includes("CRITICAL"), redis.log);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    });
  }
}

for (const preamble of [true, false]) {
  realTest(
    `a single file of before 7.0 is taken over (${preamble ? "with" : "without"} a preamble)`,
    async () => {
      const results: string[][] = [];
      for (const kind of ["redis", "toy"] as const) {
        const dir = await Deno.makeTempDir({ prefix: "toy-redis-old-" });
        try {
          // The old form is a base and what was appended to it, in one file.
          let bytes = new Uint8Array();
          if (preamble) {
            await using writer = await startServer("redis", { dir });
            await using client = await writer.connect();
            await ask(client, "SET", "from", "preamble");
            await ask(client, "SAVE");
            bytes = Deno.readFileSync(`${dir}/dump.rdb`);
            Deno.removeSync(`${dir}/dump.rdb`);
          }
          const commands = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
          Deno.writeFileSync(`${dir}/old.aof`, bytes);
          Deno.writeTextFileSync(`${dir}/old.aof`, commands, { append: true });
          const args = ["--appendonly", "yes", "--appendfilename", "old.aof"];
          const seen: string[] = [];
          for (let start = 0; start < 2; start++) {
            await using server = await startServer(kind, { dir, args });
            await using client = await server.connect();
            seen.push(await ask(client, "MGET", "from", "k", "new"), await ask(client, "SET", "new", "w"));
            seen.push(await ask(client, "DBSIZE"));
          }
          const files = await checkAll(`${dir}/appendonlydir`, "old.aof");
          seen.push(...files, Deno.readTextFileSync(`${dir}/appendonlydir/old.aof.manifest`));
          seen.push(...[...Deno.readDirSync(dir)].map(({ name }) => name).sort());
          results.push(seen);
        } finally {
          await Deno.remove(dir, { recursive: true });
        }
      }
      assertEquals(results[1], results[0]);
    },
  );
}
