/**
 * What one background job means for the next one, and what INFO says in between: each scenario is played on the real
 * server and on ours, and every reply must be the same. rdb-key-save-delay makes jobs last as long as the scenario wants.
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { show } from "../helpers/resp.ts";
import { realTest, startServer, type TestServer } from "../helpers/server.ts";

/** A microsecond a key is nothing; this many for each key let a job last until it is ended. */
const FOR_EVER = "10000000";

/** One server, what it was told and what it answered. */
class Stage {
  readonly lines: string[] = [];
  constructor(readonly server: TestServer, readonly client: RawClient) {}

  async ask(...args: string[]): Promise<string> {
    return show(await this.client.call(...args));
  }

  /** Sends a command; its reply is part of what is compared. */
  async say(...args: string[]): Promise<void> {
    this.lines.push(`${args.join(" ")} => ${await this.ask(...args)}`);
  }

  async field(name: string): Promise<string> {
    return new RegExp(`(?:^|\\\\n)${name}:([^\\\\]*)`).exec(await this.ask("INFO"))?.[1] ?? "(missing)";
  }

  /** Fields of INFO are part of what is compared. */
  async note(...fields: string[]): Promise<void> {
    for (const name of fields) this.lines.push(`${name}: ${await this.field(name)}`);
  }

  async until(field: string, value: string): Promise<void> {
    for (let i = 0; await this.field(field) !== value; i++) {
      assert(i < 1500, `${this.server.kind}: ${field} does not become ${value}: ${await this.field(field)}`);
      await sleep(10);
    }
  }

  async fill(keys: number): Promise<void> {
    for (let i = 0; i < keys; i++) await this.ask("SET", `key${i}`, `${i}`);
  }

  /** Names of files below the data directory, and the manifest's lines. */
  files(): void {
    const list = (dir: string): string[] =>
      [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) =>
        isDirectory ? list(`${dir}/${name}`) : [`${dir}/${name}`.slice(this.server.dir.length)]
      );
    this.lines.push(...list(this.server.dir).sort());
    const manifest = list(this.server.dir).find((name) => name.endsWith(".manifest"));
    if (manifest !== undefined) this.lines.push(Deno.readTextFileSync(this.server.dir + manifest));
  }
}

/** Plays a scenario on both servers, which must answer the same. */
function scenario(name: string, args: string[], play: (stage: Stage) => Promise<void>): void {
  realTest(name, async () => {
    const transcripts: string[][] = [];
    for (const kind of ["redis", "toy"] as const) {
      await using server = await startServer(kind, { args });
      await using client = await server.connect();
      const stage = new Stage(server, client);
      await play(stage);
      transcripts.push(stage.lines);
    }
    assertEquals(transcripts[1], transcripts[0]);
  });
}

const JOBS = [
  "rdb_bgsave_in_progress",
  "rdb_last_bgsave_status",
  "rdb_changes_since_last_save",
  "rdb_saves",
  "aof_enabled",
  "aof_rewrite_in_progress",
  "aof_rewrite_scheduled",
  "aof_pending_rewrite",
  "aof_last_bgrewrite_status",
  "aof_last_write_status",
  "aof_rewrites",
  "aof_rewrites_consecutive_failures",
  "async_loading",
  "loading",
];

scenario("while a save is under way", ["--rdb-key-save-delay", FOR_EVER], async (stage) => {
  await stage.note(...JOBS);
  await stage.fill(20);
  await stage.say("BGSAVE");
  await stage.note(...JOBS, "current_save_keys_total");
  for (const args of [["BGSAVE"], ["BGSAVE", "SCHEDULE"], ["SAVE"], ["BGREWRITEAOF"], ["BGREWRITEAOF"]]) {
    await stage.say(...args);
  }
  await stage.note(...JOBS);
  await stage.say("SET", "more", "x");
  await stage.say("FLUSHALL");
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", "0");
  await stage.until("rdb_bgsave_in_progress", "0");
  await stage.until("aof_rewrite_scheduled", "0");
  await stage.until("aof_rewrite_in_progress", "0");
  await stage.until("aof_last_bgrewrite_status", "ok");
  await stage.note(...JOBS);
  stage.files();
});

scenario("while the append-only file is rewritten", [
  ...["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"],
], async (stage) => {
  await stage.fill(20);
  await stage.note(...JOBS, "aof_base_size", "aof_current_size", "aof_buffer_length", "aof_delayed_fsync");
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", "50000");
  await stage.say("BGREWRITEAOF");
  await stage.note(...JOBS);
  for (const args of [["BGREWRITEAOF"], ["BGSAVE"], ["BGSAVE", "SCHEDULE"], ["SET", "more", "x"]]) {
    await stage.say(...args);
  }
  await stage.note(...JOBS);
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", "0");
  await stage.until("aof_rewrite_in_progress", "0");
  await stage.until("rdb_saves", "1"); // the scheduled one
  await stage.until("rdb_bgsave_in_progress", "0");
  await stage.note(...JOBS);
  stage.files();
  await stage.say("DEBUG", "LOADAOF");
  await stage.say("DBSIZE");
  await stage.say("GET", "more");
  await stage.say("DEBUG", "DIGEST");
  await stage.note("rdb_changes_since_last_save", "aof_current_size");
});

scenario("turning the append-only file on and off while jobs are under way", [], async (stage) => {
  await stage.fill(20);
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", FOR_EVER);
  await stage.say("BGSAVE");
  await stage.say("CONFIG", "SET", "appendonly", "yes");
  await stage.note(...JOBS);
  await stage.say("SET", "a", "1");
  await stage.say("CONFIG", "SET", "appendonly", "no");
  await stage.note(...JOBS);
  await stage.say("CONFIG", "SET", "appendonly", "yes");
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", "0");
  await stage.say("FLUSHALL"); // ends the save; now the rewrite begins, of nothing
  await stage.until("aof_rewrites", "1");
  await stage.until("aof_rewrite_in_progress", "0");
  await stage.fill(20);
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", FOR_EVER);
  await stage.say("BGREWRITEAOF");
  await stage.note(...JOBS);
  await stage.say("CONFIG", "SET", "appendonly", "no");
  await stage.until("aof_rewrite_in_progress", "0");
  await stage.note(...JOBS);
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", "0");
  await stage.say("SET", "b", "2");
  await stage.say("CONFIG", "SET", "appendonly", "yes");
  await stage.until("aof_rewrite_in_progress", "0");
  await stage.until("aof_last_bgrewrite_status", "ok");
  await stage.say("SET", "c", "3");
  await stage.say("DEBUG", "LOADAOF");
  await stage.say("MGET", "a", "b", "c", "key3");
  await stage.note(...JOBS);
});

scenario("changes since the last save are those behind its cut", [], async (stage) => {
  await stage.fill(10);
  await stage.note("rdb_changes_since_last_save");
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", "30000");
  await stage.say("BGSAVE");
  await stage.say("CONFIG", "SET", "rdb-key-save-delay", "0");
  await stage.say("MSET", "a", "1", "b", "2");
  await stage.say("DEL", "a", "b", "key1");
  await stage.note("rdb_changes_since_last_save", "rdb_bgsave_in_progress");
  await stage.until("rdb_bgsave_in_progress", "0");
  await stage.note("rdb_changes_since_last_save", "rdb_last_bgsave_status", "rdb_saves");
  await stage.say("SAVE");
  await stage.note("rdb_changes_since_last_save", "rdb_saves");
  await stage.say("DEBUG", "RELOAD");
  await stage.note("rdb_changes_since_last_save", "rdb_last_load_keys_loaded", "rdb_last_load_keys_expired");
});

scenario("DEBUG RELOAD in all its forms", ["--save", "1000 1000"], async (stage) => {
  await stage.fill(5);
  await stage.say("DEBUG", "RELOAD", "NOSAVE"); // there is no file yet, and then nothing is left
  await stage.fill(5);
  await stage.say("SET", "soon", "x", "PX", "1");
  await stage.say("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await stage.say("HSET", "hash", "a", "1");
  await sleep(5);
  await stage.say("DEBUG", "RELOAD");
  await stage.note("rdb_last_load_keys_loaded", "rdb_last_load_keys_expired");
  await stage.say("DBSIZE");
  await stage.say("SET", "key1", "changed");
  await stage.say("DEBUG", "RELOAD", "NOSAVE");
  await stage.say("GET", "key1");
  await stage.say("SET", "key1", "changed");
  await stage.say("SET", "another", "x");
  await stage.say("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE");
  await stage.say("MGET", "key1", "another");
  await stage.say("DEBUG", "RELOAD", "BADLY");
  await stage.say("DEBUG", "DIGEST");
  await stage.note("rdb_changes_since_last_save", "rdb_last_load_keys_loaded");
  await stage.say("FLUSHALL"); // with save points it saves the empty data set
  await stage.note("rdb_changes_since_last_save", "rdb_saves");
  await stage.say("DEBUG", "RELOAD", "NOSAVE");
  await stage.say("DBSIZE");
});

scenario("aof-disable-auto-gc keeps what was replaced, until it is turned off", [
  ...["--appendonly", "yes", "--aof-disable-auto-gc", "yes", "--auto-aof-rewrite-percentage", "0"],
  ...["--appendfilename", "odd name #1.aof", "--appenddirname", "a directory"],
], async (stage) => {
  for (let i = 1; i <= 3; i++) {
    await stage.say("SET", "n", `${i}`);
    await stage.say("BGREWRITEAOF");
    await stage.until("aof_rewrites", `${i}`);
    await stage.until("aof_rewrite_in_progress", "0");
    stage.files();
  }
  await stage.say("CONFIG", "SET", "aof-disable-auto-gc", "no");
  await sleep(200);
  stage.files();
  await stage.say("CONFIG", "SET", "aof-use-rdb-preamble", "no");
  await stage.say("BGREWRITEAOF");
  await stage.until("aof_rewrites", "4");
  await stage.until("aof_rewrite_in_progress", "0");
  await sleep(200);
  stage.files();
});

scenario("save points", ["--save", "1 3"], async (stage) => {
  await stage.fill(2);
  await sleep(1500);
  await stage.note("rdb_saves", "rdb_changes_since_last_save");
  await stage.fill(2);
  await stage.until("rdb_saves", "1");
  await stage.until("rdb_bgsave_in_progress", "0");
  await stage.note("rdb_changes_since_last_save", "rdb_last_bgsave_status");
  await stage.say("CONFIG", "SET", "save", "");
  await stage.fill(10);
  await sleep(1500);
  await stage.note("rdb_saves", "rdb_changes_since_last_save");
});

for (
  const [words, saves] of [[["SHUTDOWN"], true], [["SHUTDOWN", "SAVE"], true], [
    ["SHUTDOWN", "NOSAVE"],
    false,
  ]] as const
) {
  realTest(`${words.join(" ")} while a save is under way ends both`, async () => {
    const found: string[] = [];
    for (const kind of ["redis", "toy"] as const) {
      const dir = await Deno.makeTempDir({ prefix: "toy-redis-shutdown-" });
      try {
        const server = await startServer(kind, {
          dir,
          args: ["--save", "1000 1000", "--rdb-key-save-delay", "20000"],
        });
        const client = await server.connect();
        const stage = new Stage(server, client);
        await stage.fill(20);
        await stage.say("BGSAVE");
        await stage.fill(21);
        await client.send(...words);
        const { code } = await server.waitForExit();
        await client.close();
        const files = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
        await using next = await startServer("redis", { dir });
        await using reader = await next.connect();
        found.push(`exit ${code}, files ${files}, keys ${show(await reader.call("DBSIZE"))}`);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    }
    assertEquals(found[1], found[0]);
    assertEquals(found[0]!.includes("keys :21"), saves);
  });
}

realTest(
  "key-load-delay: LOADING meanwhile, with its fields in INFO; the server can be shut down",
  async () => {
    const transcripts: string[][] = [];
    for (const kind of ["redis", "toy"] as const) {
      const dir = await Deno.makeTempDir({ prefix: "toy-redis-loading-" });
      try {
        {
          await using writer = await startServer("redis", { dir });
          await using client = await writer.connect();
          for (let i = 0; i < 2000; i++) await client.call("SET", `key${i}`, `${i}`);
          await client.call("SAVE");
        }
        await using server = await startServer(kind, {
          dir,
          args: ["--key-load-delay", "3000", "--loading-process-events-interval-bytes", "1024"],
          waitReady: false,
        });
        await using client = await connectSoon(server);
        const stage = new Stage(server, client);
        for (const args of [["PING"], ["GET", "key1"], ["SET", "a", "b"], ["MULTI"], ["DISCARD"]]) {
          await stage.say(...args);
        }
        await stage.note("loading", "async_loading", "loading_total_bytes");
        const names = [...(await stage.ask("INFO", "persistence")).matchAll(/\\n([a-z_]+):/g)].map((
          [, name],
        ) => name!);
        stage.lines.push(...names);
        const before = Number(await stage.field("loading_loaded_bytes"));
        await sleep(300);
        const after = Number(await stage.field("loading_loaded_bytes"));
        assert(
          after > before && after < Number(await stage.field("loading_total_bytes")),
          `${before} ${after}`,
        );
        await stage.say("CONFIG", "SET", "key-load-delay", "0");
        await stage.until("loading", "0");
        await stage.note("rdb_last_load_keys_loaded", "rdb_last_load_keys_expired");
        await stage.say("DBSIZE");
        transcripts.push(stage.lines);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    }
    assertEquals(transcripts[1], transcripts[0]);
  },
);

realTest(
  "SIGTERM while a file is loaded ends the process, with exit code 0 and nothing saved",
  async () => {
    const found: unknown[] = [];
    for (const kind of ["redis", "toy"] as const) {
      const dir = await Deno.makeTempDir({ prefix: "toy-redis-loading-" });
      try {
        {
          await using writer = await startServer("redis", { dir });
          await using client = await writer.connect();
          await client.pipeline(Array.from({ length: 2000 }, (_, i) => ["SET", `key${i}`, `${i}`]));
          await client.call("SAVE");
        }
        const file = await Deno.readFile(`${dir}/dump.rdb`);
        await using server = await startServer(kind, {
          dir,
          args: ["--key-load-delay", "3000", "--loading-process-events-interval-bytes", "1024"],
          waitReady: false,
        });
        await using client = await connectSoon(server);
        while (show(await client.call("PING")) === "+PONG") await sleep(1); // it has not begun to load
        const { code } = await server.stop("SIGTERM");
        assertEquals(await Deno.readFile(`${dir}/dump.rdb`), file);
        found.push([
          code,
          server.log.includes("Received shutdown signal during loading, scheduling shutdown."),
        ]);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    }
    assertEquals(found, [[0, true], [0, true]]);
  },
);

/** A client of a server that has only begun to start. */
async function connectSoon(server: TestServer): Promise<RawClient> {
  for (let i = 0;; i++) {
    try {
      return await RawClient.connect(server.port);
    } catch (error) {
      if (i > 500) throw error;
      await sleep(10);
    }
  }
}

realTest("after a start growth is reckoned from the base, not from all that was loaded", async () => {
  for (const kind of ["redis", "toy"] as const) {
    await using server = await startServer(kind, {
      args: ["--appendonly", "yes", "--aof-use-rdb-preamble", "no"],
    });
    await using client = await server.connect();
    for (let i = 0; i < 10; i++) await client.call("SET", `key${i}`, "value");
    const args = ["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"];
    const dir = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${dir}/appendonlydir`);
      for (const { name } of Deno.readDirSync(`${server.dir}/appendonlydir`)) {
        await Deno.copyFile(`${server.dir}/appendonlydir/${name}`, `${dir}/appendonlydir/${name}`);
      }
      await using second = await startServer(kind, { args, dir });
      await using asking = await second.connect();
      const stage = new Stage(second, asking);
      assertEquals(await stage.field("aof_base_size"), "0", kind);
      assert(Number(await stage.field("aof_current_size")) > 300, kind);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }
});
