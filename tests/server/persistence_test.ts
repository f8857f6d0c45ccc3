/** Saving, rewriting, turning the append-only file on and off, loading and refusing: what a running server does. */
import { assert, assertEquals } from "@std/assert";
import { RawClient, sleep } from "../helpers/client.ts";
import { toBytes } from "../helpers/bytes.ts";
import { type Arg, show } from "../helpers/resp.ts";
import { type Kind, realTest, startServer, type TestServer } from "../helpers/server.ts";

async function shown(client: RawClient, ...args: Arg[]): Promise<string> {
  return show(await client.call(...args));
}

async function info(client: RawClient, field: string): Promise<string> {
  return new RegExp(`${field}:([^\\\\]*)`).exec(await shown(client, "INFO", "persistence"))![1]!;
}

async function waitFor(client: RawClient, field: string, value: string): Promise<void> {
  for (let i = 0; await info(client, field) !== value; i++) {
    assert(i < 1000, `${field} does not become ${value}`);
    await sleep(10);
  }
}

/** A directory that is removed afterwards. */
class TempDir implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "toy-redis-persistence-" });

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

function partsOf(dir: string): string[] {
  return Deno.readTextFileSync(`${dir}/appendonlydir/appendonly.aof.manifest`).trimEnd().split("\n");
}

realTest("SAVE, BGSAVE and their like answer as the real server does", async () => {
  const transcripts: string[][] = [];
  for (const kind of ["redis", "toy"] as const) {
    await using server = await startServer(kind, {});
    await using client = await server.connect();
    const replies: string[] = [];
    const say = async (...args: string[]) =>
      replies.push(`${args.join(" ")} => ${await shown(client, ...args)}`);
    await say("SET", "a", "1");
    await say("SAVE");
    await say("SAVE", "x");
    await say("BGSAVE", "x");
    await say("BGSAVE", "SCHEDULE", "x");
    await say("BGSAVE");
    await waitFor(client, "rdb_bgsave_in_progress", "0");
    await say("BGSAVE", "schedule");
    await waitFor(client, "rdb_bgsave_in_progress", "0");
    await say("BGREWRITEAOF");
    await waitFor(client, "aof_rewrite_in_progress", "0");
    await say("MULTI");
    await say("SAVE");
    await say("BGSAVE");
    await say("BGREWRITEAOF");
    await say("EXEC");
    await say("DISCARD");
    await say("MULTI");
    await say("BGSAVE");
    await say("BGREWRITEAOF");
    await say("EXEC");
    for (const field of ["rdb_last_bgsave_status", "aof_last_bgrewrite_status", "aof_enabled"]) {
      replies.push(`${field} ${await info(client, field)}`);
    }
    transcripts.push(replies);
  }
  assertEquals(transcripts[1], transcripts[0]);
});

realTest("RESTORE answers as the real server does", async () => {
  const transcripts: string[][] = [];
  for (const kind of ["redis", "toy"] as const) {
    await using server = await startServer(kind, {});
    await using client = await server.connect();
    const payload = "\x00\x01v\n\x00\x91\b\xce\xb2\x198\x8a\xce";
    const replies: string[] = [];
    const say = async (...args: string[]) =>
      replies.push(
        `${args.map((arg) => arg === payload ? "PAYLOAD" : arg).join(" ")} => ${await shown(
          client,
          ...args,
        )}`,
      );
    for (const ttl of ["x", "-1", "9223372036854775808"]) await say("RESTORE", "k", ttl, payload);
    await say("RESTORE", "k", "0", "x");
    await say("RESTORE", "k", "0", payload.replace("v", "w"));
    await say("RESTORE", "k", "0", payload, "IDLETIME", "-1");
    await say("RESTORE", "k", "0", payload, "FREQ", "256");
    await say("RESTORE", "k", "0", payload, "FREQ", "1", "IDLETIME", "1");
    await say("RESTORE", "k", "0", payload, "ABSTTL", "REPLACE", "IDLETIME", "100");
    await say("OBJECT", "IDLETIME", "k");
    await say("RESTORE", "k", "x", payload);
    await say("RESTORE", "k", "0", payload, "REPLACE", "IDLETIME", "99999999999");
    await say("RESTORE", "k", "1", payload, "ABSTTL", "REPLACE");
    await say("EXISTS", "k");
    await say("RESTORE", "k", "99999999999999", payload, "ABSTTL");
    await say("PEXPIRETIME", "k");
    await say("RESTORE", "l", "100000", payload);
    await say("RESTORE-ASKING", "m", "0", payload);
    await say("TYPE", "m");
    await say("DUMP", "missing");
    transcripts.push(replies);
  }
  assertEquals(transcripts[1], transcripts[0]);
});

for (const [first, second] of [["toy", "redis"], ["redis", "toy"]] as [Kind, Kind][]) {
  realTest(`the append-only file of ${first}, rewritten in between, goes on under ${second}`, async () => {
    await using dir = new TempDir();
    let digest: string;
    const args = ["--appendonly", "yes"];
    {
      await using server = await startServer(first, { dir: dir.path, args });
      await using client = await server.connect();
      for (let i = 0; i < 200; i++) await client.call("RPUSH", `list${i % 7}`, `${i}`);
      await client.call("BGREWRITEAOF");
      await client.call("SET", "during", "rewrite");
      await waitFor(client, "aof_rewrite_in_progress", "0");
      await client.call("INCR", "after");
      digest = await shown(client, "DEBUG", "DIGEST");
    }
    await using server = await startServer(second, { dir: dir.path, args });
    await using client = await server.connect();
    assertEquals(await shown(client, "DEBUG", "DIGEST"), digest);
    assertEquals(await shown(client, "INCR", "after"), ":2");
  });
}

realTest("function libraries go through our files, RDB and append-only", async () => {
  await using dir = new TempDir();
  const source = "#!lua name=lib\nredis.register_function('f', function() return 'it lives' end)";
  let isLoaded = false;
  for (
    const [kind, args, save] of [
      ["redis", [], "SAVE"],
      ["toy", [], "SAVE"],
      ["redis", [], "SAVE"],
      ["toy", [], "AOF"],
      ["redis", ["--appendonly", "yes"], ""],
    ] as [Kind, string[], string][]
  ) {
    await using server = await startServer(kind, { dir: dir.path, args });
    await using client = await server.connect();
    if (!isLoaded) await client.call("FUNCTION", "LOAD", source);
    isLoaded = true;
    if (kind === "redis") assertEquals(await shown(client, "FCALL", "f", "0"), '"it lives"');
    if (save === "SAVE") assertEquals(await shown(client, "SAVE"), "+OK");
    if (save === "AOF") {
      await client.call("DEBUG", "RELOAD"); // must not make two of it
      await client.call("CONFIG", "SET", "appendonly", "yes");
      await waitFor(client, "aof_rewrite_in_progress", "0");
    }
  }
});

Deno.test("the append-only file is turned on and off while the server runs", async () => {
  await using dir = new TempDir();
  {
    await using server = await startServer("toy", { dir: dir.path });
    await using client = await server.connect();
    await client.call("SET", "before", "1");
    assertEquals(await shown(client, "CONFIG", "SET", "appendonly", "yes"), "+OK");
    await client.call("SET", "during", "2");
    await waitFor(client, "aof_rewrite_in_progress", "0");
    assertEquals(partsOf(dir.path), [
      "file appendonly.aof.1.base.rdb seq 1 type b",
      "file appendonly.aof.1.incr.aof seq 1 type i",
    ]);
    await client.call("SET", "after", "3");
    assertEquals(await shown(client, "CONFIG", "SET", "appendonly", "no"), "+OK");
    await client.call("SET", "off", "4");
    assertEquals(await shown(client, "CONFIG", "SET", "appendonly", "yes"), "+OK");
    await waitFor(client, "aof_rewrite_in_progress", "0");
    // Replaced parts are given back beside the server, and leave the manifest then.
    while (partsOf(dir.path).some((part) => part.endsWith("type h"))) await sleep(5);
    assertEquals(partsOf(dir.path), [
      "file appendonly.aof.2.base.rdb seq 2 type b",
      "file appendonly.aof.2.incr.aof seq 2 type i",
    ]);
    await client.call("SET", "on", "5");
    server.kill("SIGKILL");
    await server.waitForExit();
  }
  await using server = await startServer("toy", { dir: dir.path, args: ["--appendonly", "yes"] });
  await using client = await server.connect();
  assertEquals(
    await shown(client, "MGET", "before", "during", "after", "off", "on"),
    '["1", "2", "3", "4", "5"]',
  );
});

Deno.test("save points: a shutdown saves, and so does time", async () => {
  await using dir = new TempDir();
  {
    await using server = await startServer("toy", { dir: dir.path, args: ["--save", "1 2"] });
    await using client = await server.connect();
    await client.call("SET", "a", "1");
    await client.call("SET", "b", "2");
    await server.waitForLog(
      /2 changes in 1 seconds\. Saving\.\.\.[^]*Background saving terminated with success/,
    );
    assertEquals(await info(client, "rdb_changes_since_last_save"), "0");
    await client.call("SET", "c", "3");
  } // SIGTERM
  await using server = await startServer("toy", { dir: dir.path });
  await using client = await server.connect();
  assertEquals(await shown(client, "MGET", "a", "b", "c"), '["1", "2", "3"]');
});

realTest("a save that fails stops writes until one succeeds, in the real server's words", async () => {
  const transcripts: string[][] = [];
  for (const kind of ["redis", "toy"] as const) {
    await using dir = new TempDir();
    await using server = await startServer(kind, { dir: dir.path, args: ["--save", "10000 10000"] });
    await using client = await server.connect();
    const replies: string[] = [];
    // A directory in the place of the file: it can be written beside it, but not renamed over it.
    await Deno.mkdir(`${dir.path}/dump.rdb/x`, { recursive: true });
    await client.call("SET", "a", "1");
    replies.push(await shown(client, "SAVE"));
    await client.call("BGSAVE");
    await waitFor(client, "rdb_last_bgsave_status", "err");
    for (
      const command of [["SET", "a", "2"], ["PING"], ["GET", "a"], ["CONFIG", "SET", "save", "10000 1"], [
        "DEL",
        "a",
      ]]
    ) {
      replies.push(await shown(client, ...command));
    }
    await Deno.remove(`${dir.path}/dump.rdb`, { recursive: true });
    replies.push(
      await shown(client, "SAVE"),
      await shown(client, "SET", "a", "3"),
      await info(client, "rdb_last_bgsave_status"),
    );
    transcripts.push(replies);
  }
  assertEquals(transcripts[1], transcripts[0]);
});

Deno.test("while a data set is loaded most commands answer LOADING, INFO tells how far it is", async () => {
  await using dir = new TempDir();
  await Deno.mkdir(`${dir.path}/appendonlydir`);
  await Deno.writeTextFile(`${dir.path}/appendonlydir/appendonly.aof.manifest`, "file x.aof seq 1 type i\n");
  let commands = "";
  for (let i = 0; i < 400_000; i++) {
    const key = `list${i % 100}`, value = `element ${i}`;
    commands += `*3\r\n$5\r\nRPUSH\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`;
  }
  await Deno.writeTextFile(`${dir.path}/appendonlydir/x.aof`, commands);
  await using server = await startServer("toy", {
    dir: dir.path,
    args: ["--appendonly", "yes"],
    waitReady: false,
  });
  const client = await connectSoon(server);
  const reply = await shown(client, "GET", "a");
  if (reply.startsWith("-")) {
    assertEquals(reply, "-LOADING Redis is loading the dataset in memory");
    const text = await shown(client, "INFO", "persistence");
    if (text.includes("loading:1")) assert(/loading_loaded_perc:\d+\.\d\d/.test(text), text);
  }
  await server.waitForLog(/Ready to accept connections/);
  assertEquals(await shown(client, "LLEN", "list7"), ":4000");
  await client.close();
});

async function connectSoon(server: TestServer): Promise<RawClient> {
  for (;;) {
    try {
      return await RawClient.connect(server.port);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await sleep(5);
    }
  }
}

const BAD_FILES: [what: string, files: Record<string, string>, log: RegExp][] = [
  [
    "an RDB file that is damaged",
    { "dump.rdb": "REDIS0010\x00\x01a\x01b\xff12345678" },
    /-> RDB CRC error\n[^]*Wrong RDB checksum, at offset \d+/,
  ],
  [
    "an RDB file that is cut",
    { "dump.rdb": "REDIS0010\x00\x01a" },
    /Short read or OOM loading DB\.[^]*-> Unexpected EOF reading RDB file\n[^]*dump\.rdb: unexpected end, at offset \d+/,
  ],
  [
    "an RDB file with a library that is none",
    { "dump.rdb": "REDIS0010\xf5\x05abcde\xff12345678" },
    /dump\.rdb: Failed creating function, Missing library metadata, at offset 9\./,
  ],
  ["an empty RDB file", { "dump.rdb": "" }, /unexpected end, at offset 0/],
  ["something else", { "dump.rdb": "hello, world" }, /Wrong signature trying to load DB from file/],
  [
    "a manifest that is none",
    { "appendonlydir/appendonly.aof.manifest": "garbage\n" },
    /FATAL AOF MANIFEST FILE ERROR[^]*at line 1[^]*>>> 'garbage'[^]*Invalid AOF manifest file format: appendonly\.aof\.manifest must be mended by hand or restored/,
  ],
  [
    "a damaged base of the append-only file",
    {
      "appendonlydir/appendonly.aof.manifest": "file b.rdb seq 1 type b\nfile i.aof seq 1 type i\n",
      "appendonlydir/b.rdb": "REDIS0010\x00\x01a\x01b\xff12345678",
      "appendonlydir/i.aof": "",
    },
    /Bad RDB file .*appendonlydir\/b\.rdb: Wrong RDB checksum, at offset \d+\..*restore the directory from a backup/,
  ],
  [
    "damage in the middle of the append-only file",
    {
      "appendonlydir/appendonly.aof.manifest": "file i.aof seq 1 type i\n",
      "appendonlydir/i.aof": "*1\r\n$4\r\nPING\r\n*1\r\n$X\r\nPING\r\n*1\r\n$4\r\nPING\r\n",
    },
    /Bad file format reading the append only file i\.aof: make a backup.*redis-check-aof --fix.*offset 14\)/,
  ],
  [
    "a part that is not there",
    { "appendonlydir/appendonly.aof.manifest": "file i.aof seq 1 type i\n" },
    /Unable to obtain the AOF file i\.aof length\..*restore it from a backup/,
  ],
];

for (const [what, files, log] of BAD_FILES) {
  Deno.test(`${what} ends the start, and stays as it is`, async () => {
    await using dir = new TempDir();
    await Deno.mkdir(`${dir.path}/appendonlydir`);
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeFile(`${dir.path}/${name}`, Uint8Array.from(content, (c) => c.charCodeAt(0)));
    }
    const args = "dump.rdb" in files ? [] : ["--appendonly", "yes"];
    await using server = await startServer("toy", { dir: dir.path, args, waitReady: false });
    assertEquals((await server.waitForExit()).code, 1);
    assert(log.test(server.log), server.log);
    const found = [...Deno.readDirSync(`${dir.path}/appendonlydir`)].map(({ name }) =>
      `appendonlydir/${name}`
    );
    assertEquals(found.sort(), Object.keys(files).filter((name) => name.includes("/")).sort());
    for (const [name, content] of Object.entries(files)) {
      const found = await Deno.readFile(`${dir.path}/${name}`);
      assertEquals(String.fromCharCode(...found), content);
    }
  });
}

Deno.test("a shutdown that cannot save is declined, and the append-only file goes on", async () => {
  await using dir = new TempDir();
  const args = ["--appendonly", "yes", "--save", "10000 10000"];
  {
    await using server = await startServer("toy", { dir: dir.path, args });
    await using client = await server.connect();
    await Deno.mkdir(`${dir.path}/dump.rdb/x`, { recursive: true });
    await client.call("SET", "a", "1");
    server.kill("SIGTERM");
    await server.waitForLog(/Error trying to save the DB, can't exit/);
    await client.call("CONFIG", "SET", "save", "");
    assertEquals(await shown(client, "SET", "b", "2"), "+OK");
    server.kill("SIGKILL");
    await server.waitForExit();
  }
  await using server = await startServer("toy", { dir: dir.path, args: ["--appendonly", "yes"] });
  await using client = await server.connect();
  assertEquals(await shown(client, "MGET", "a", "b"), '["1", "2"]');
});

Deno.test("the log says that a file has no checksum, and which file cannot be read", async () => {
  await using dir = new TempDir();
  const path = `${dir.path}/dump.rdb`;
  await Deno.writeFile(path, toBytes("REDIS0010\xff\0\0\0\0\0\0\0\0"));
  await using server = await startServer("toy", { dir: dir.path });
  await server.waitForLog(/# RDB file was saved with checksum disabled: no check performed\./);
  await server.stop();
  await Deno.remove(path);
  await Deno.mkdir(path);
  await using second = await startServer("toy", { dir: dir.path, waitReady: false });
  assertEquals((await second.waitForExit()).code, 1);
  await second.waitForLog(/can't open the RDB file .*dump\.rdb for reading: Is a directory/);
});
