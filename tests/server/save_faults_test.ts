/**
 * Saving on a disk that fails at every call in turn: what is acknowledged, what writes answer meanwhile, what is left on
 * the disk, and that all is well again once the disk is.
 */
import { assert, assertEquals } from "@std/assert";
import { digestOfStore } from "../../persistence/digest.ts";
import { type DiskCall, FaultDisk, FAULTS } from "../helpers/fault_disk.ts";
import { InnerServer } from "../helpers/inner_server.ts";

const MISCONF_RDB =
  "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may " +
  "modify the data set are disabled, because this instance is configured to report errors during writes if RDB " +
  "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";
const KEYS = 40;

type Fault = keyof typeof FAULTS;

/** A server with something in it, on a disk with nothing wrong so far. */
async function newServer(disk: FaultDisk, ...words: string[]): Promise<InnerServer> {
  const inner = new InnerServer(disk, ["--dir", ".", "--save", "100000", "100000", ...words]);
  // The configuration knows real directories only; the disk has one of its own.
  Object.defineProperty(inner.server.config, "dir", { value: "d" });
  await inner.server.persistence.start();
  for (let i = 0; i < KEYS; i++) await inner.call("SET", `key${i}`, "x".repeat(4000));
  return inner;
}

/** The digest of what a start from this disk finds. */
async function digestOf(disk: FaultDisk, ...words: string[]): Promise<string> {
  const inner = await start(disk, ...words);
  const digest = digestOfStore(inner.server.store);
  inner.close();
  return digest;
}

async function start(disk: FaultDisk, ...words: string[]): Promise<InnerServer> {
  const inner = new InnerServer(disk, ["--dir", ".", ...words]);
  Object.defineProperty(inner.server.config, "dir", { value: "d" });
  await inner.server.persistence.start();
  return inner;
}

function freshDisk(): FaultDisk {
  return new FaultDisk().withDirectory("d");
}

async function info(inner: InnerServer, field: string): Promise<string> {
  return new RegExp(`${field}:([^\\\\]*)`).exec(await inner.call("INFO", "persistence"))![1]!;
}

/** How many calls of the disk something takes where nothing fails. */
async function callsOf(disk: FaultDisk, work: () => Promise<unknown>): Promise<DiskCall[]> {
  const before = disk.calls.length;
  await work();
  return disk.calls.slice(before);
}

async function saveBeside(inner: InnerServer): Promise<void> {
  assertEquals(await inner.call("BGSAVE"), "+Background saving started");
  await inner.saved();
}

/** From now on the call with this number, counted from here, fails. */
function failAt(disk: FaultDisk, at: number, fault: Fault): void {
  const before = disk.calls.length;
  disk.fault = (_, number) => number === before + at ? FAULTS[fault]() : null;
}

Deno.test("BGSAVE on a disk that fails at every call in turn", async () => {
  const probe = freshDisk();
  const server = await newServer(probe);
  await saveBeside(server);
  // What the old file was is given back later, under another name: that this fails is no harm.
  const calls = (await callsOf(probe, () => saveBeside(server))).filter((call) => call !== "remove");
  server.close();
  assertEquals(calls.slice(-4), ["sync", "link", "rename", "syncDirectory"]);
  for (const fault of ["EIO", "ENOSPC"] as const) {
    for (let at = 1; at <= calls.length; at++) {
      if (calls[at - 1] === "link") continue;
      const what = `${fault} at call ${at} (${calls[at - 1]})`;
      const disk = freshDisk();
      const inner = await newServer(disk);
      await saveBeside(inner);
      const oldDigest = digestOfStore(inner.server.store);
      await inner.call("SET", "another", "value");
      const newDigest = digestOfStore(inner.server.store);
      failAt(disk, at, fault);
      await saveBeside(inner);
      assertEquals(await info(inner, "rdb_last_bgsave_status"), "err", what);
      assertEquals(await inner.call("SET", "a", "b"), MISCONF_RDB, what);
      assertEquals(await inner.call("DEL", "key1"), MISCONF_RDB, what);
      assert((await inner.call("GET", "key1")).startsWith('"xxx'), what);
      assertEquals(await inner.call("DBSIZE"), `:${KEYS + 1}`, what);
      disk.fault = () => null;
      // A crash now finds one of the two files, whole. (Renamed, and then the directory cannot be synced: either.)
      const found = await digestOf(disk.crash());
      assert(found === oldDigest || (calls[at - 1] === "syncDirectory" && found === newDigest), what);
      assertEquals(disk.paths().filter((path) => path.includes("temp")), [], what);
      await inner.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
      assertEquals(await inner.call("SET", "a", "b"), "+OK", what);
      await inner.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes");
      assertEquals(await inner.call("SET", "a", "c"), MISCONF_RDB, what);
      await saveBeside(inner);
      assertEquals(await info(inner, "rdb_last_bgsave_status"), "ok", what);
      assertEquals(await inner.call("SET", "a", "c"), "+OK", what);
      assertEquals(await inner.call("DEL", "a"), ":1", what);
      inner.close();
    }
  }
});

Deno.test("BGSAVE where the old file cannot get a second name, or that cannot be removed", async () => {
  for (const bad of ["link", "remove"] as const) {
    const disk = freshDisk();
    const inner = await newServer(disk);
    await saveBeside(inner);
    await inner.call("SET", "another", "value");
    disk.fault = (call) => call === bad ? FAULTS.EIO() : null;
    await saveBeside(inner);
    assertEquals(await info(inner, "rdb_last_bgsave_status"), "ok");
    assertEquals(await digestOf(disk.crash()), digestOfStore(inner.server.store));
    inner.close();
  }
});

Deno.test("SAVE on a disk that fails at every call in turn leaves the old file and says so", async () => {
  const probe = freshDisk();
  const server = await newServer(probe);
  const calls = await callsOf(probe, () => server.call("SAVE"));
  server.close();
  for (let at = 1; at <= calls.length; at++) {
    const what = `call ${at} (${calls[at - 1]})`;
    const disk = freshDisk();
    const inner = await newServer(disk);
    assertEquals(await inner.call("SAVE"), "+OK");
    const oldDigest = digestOfStore(inner.server.store);
    await inner.call("SET", "another", "value");
    const newDigest = digestOfStore(inner.server.store);
    failAt(disk, at, "ENOSPC");
    assertEquals(await inner.call("SAVE"), "-ERR", what);
    disk.fault = () => null;
    const found = await digestOf(disk.crash());
    assert(found === oldDigest || (calls[at - 1] === "syncDirectory" && found === newDigest), what);
    assertEquals(await inner.call("SAVE"), "+OK", what);
    assertEquals(await digestOf(disk.crash()), newDigest, what);
    inner.close();
  }
});

Deno.test("a disk that takes little at a time is written to all the same; one that is full is not", async () => {
  const disk = freshDisk();
  disk.mostPerWrite = 777;
  const inner = await newServer(disk);
  await saveBeside(inner);
  const digest = digestOfStore(inner.server.store);
  assertEquals(await digestOf(disk.crash()), digest);
  await inner.call("SET", "another", "value");
  disk.capacity = disk.used + 1000; // room for a part of the next file
  await saveBeside(inner);
  assertEquals(await info(inner, "rdb_last_bgsave_status"), "err");
  assert(inner.log.includes("No space left on device"), inner.log);
  assertEquals(await digestOf(disk.crash()), digest);
  disk.capacity = Infinity;
  await saveBeside(inner);
  assertEquals(await inner.call("SET", "a", "b"), "+OK");
  inner.close();
});

for (const preamble of ["yes", "no"]) {
  const words = ["--appendonly", "yes", "--appendfsync", "always", "--aof-use-rdb-preamble", preamble];

  Deno.test(`BGREWRITEAOF on a disk that fails at every call in turn, preamble ${preamble}`, async () => {
    const probe = freshDisk();
    const server = await newServer(probe, ...words);
    const rewrite = async (inner: InnerServer) => {
      const reply = await inner.call("BGREWRITEAOF");
      await inner.saved();
      return reply;
    };
    const calls = await callsOf(probe, () => rewrite(server));
    server.close();
    assert(calls.length > 10);
    for (const fault of ["EIO", "ENOSPC"] as const) {
      for (let at = 1; at <= calls.length; at++) {
        const what = `${fault} at call ${at} (${calls[at - 1]})`;
        const disk = freshDisk();
        const inner = await newServer(disk, ...words);
        failAt(disk, at, fault);
        await rewrite(inner);
        disk.fault = () => null;
        // Removing what was replaced may fail; then the rewrite has succeeded all the same.
        const status = await info(inner, "aof_last_bgrewrite_status");
        assert(status === "err" || inner.log.includes("Removing replaced parts"), `${what}: ${status}`);
        assertEquals(await inner.call("SET", "after", "value"), "+OK", what);
        const digest = digestOfStore(inner.server.store);
        assertEquals(await digestOf(disk.crash(), ...words), digest, what);
        await rewrite(inner);
        assertEquals(await info(inner, "aof_last_bgrewrite_status"), "ok", what);
        assertEquals(await inner.call("SET", "after", "second"), "+OK", what);
        assertEquals(await digestOf(disk.crash(), ...words), digestOfStore(inner.server.store), what);
        inner.close();
      }
    }
  });
}

Deno.test("a full disk under the append-only file: MISCONF until there is room again", async () => {
  const words = ["--appendonly", "yes", "--appendfsync", "everysec"];
  const disk = freshDisk();
  const inner = await newServer(disk, ...words);
  disk.capacity = disk.used + 10;
  await inner.call("SET", "a", "1"); // executed before anybody knows, and kept for later
  const refusal = "-MISCONF Errors writing to the AOF file: No space left on device";
  assertEquals(await inner.call("SET", "a", "2"), refusal);
  assertEquals(await inner.call("PING"), refusal);
  assertEquals(await inner.call("GET", "a"), '"1"');
  assertEquals(await info(inner, "aof_last_write_status"), "err");
  inner.server.persistence.cron();
  assertEquals(await inner.call("SET", "a", "2"), refusal);
  disk.capacity = Infinity;
  inner.server.persistence.cron();
  assertEquals(await info(inner, "aof_last_write_status"), "ok");
  assertEquals(await inner.call("SET", "a", "3"), "+OK");
  assertEquals(await digestOf(disk.kill(), ...words), digestOfStore(inner.server.store));
  inner.close();
});

Deno.test("rewrites on a disk that fails: what INFO says, and when the next one may begin", async () => {
  const disk = freshDisk();
  const inner = await newServer(disk, "--appendonly", "yes", "--appendfsync", "no");
  const { rewrites } = inner.server.persistence;
  disk.fault = (call) => call === "open" ? FAULTS.ENOSPC() : null;
  // It cannot even begin: neither counted nor one of those in a row.
  await inner.call("BGREWRITEAOF");
  assertEquals(await info(inner, "aof_last_bgrewrite_status"), "err");
  assertEquals(await info(inner, "aof_rewrites"), "0");
  assertEquals(await info(inner, "aof_rewrites_consecutive_failures"), "0");
  for (let failed = 1; failed <= 4; failed++) {
    let opened = 0;
    disk.fault = (call) => call === "open" && ++opened === 3 ? FAULTS.ENOSPC() : null;
    await inner.call("BGREWRITEAOF");
    await inner.saved();
    assertEquals(await info(inner, "aof_rewrites_consecutive_failures"), String(failed));
  }
  // Only one that nobody asked for begins the delay, and those that are asked for do not lengthen it.
  const { log } = inner.server;
  const lines: string[] = [];
  log.warning = (line: string) => void lines.push(line);
  assertEquals([rewrites.mayBegin(), rewrites.mayBegin()], [false, false]);
  assertEquals(
    lines.map((line) => line.slice(-22)),
    ["will retry in 1 minutes"].map((line) => line.slice(-22)),
  );
  disk.fault = () => null;
  await inner.call("BGREWRITEAOF");
  await inner.saved();
  assertEquals(rewrites.mayBegin(), true);
  inner.close();
});

Deno.test("the log says at which step a save failed, in redis-server's words", async () => {
  const words = {
    open:
      "Failed opening the temp RDB file temp-N.rdb (in server root dir d) for saving: No space left on device",
    write: "Write error saving DB on disk(rdbSaveRio): No space left on device",
    sync: "Write error saving DB on disk(fsync): No space left on device",
    rename:
      "Error moving temp DB file temp-N.rdb on the final destination dump.rdb (in server root dir d): No space left on " +
      "device",
    syncDirectory: "Failed to fsync directory while saving DB: No space left on device",
  };
  for (const [step, expected] of Object.entries(words)) {
    const disk = freshDisk();
    const inner = await newServer(disk);
    const lines: string[] = [];
    inner.server.log.warning = (line: string) => void lines.push(line.replace(/temp-[^.]*/, "temp-N"));
    disk.fault = (call) => call === step ? FAULTS.ENOSPC() : null;
    await inner.call("SAVE");
    await saveBeside(inner);
    assertEquals(lines, [expected, expected, "Background saving error"]);
    inner.close();
  }
});

Deno.test("an append-only file that was turned off after a failed write has failed until it is turned on", async () => {
  const disk = freshDisk();
  const inner = await newServer(disk, "--appendonly", "yes", "--appendfsync", "no");
  disk.fault = (call) => call === "write" ? FAULTS.ENOSPC() : null;
  await inner.call("SET", "a", "b");
  assertEquals(await info(inner, "aof_last_write_status"), "err");
  await inner.call("CONFIG", "SET", "appendonly", "no");
  assertEquals(await info(inner, "aof_last_write_status"), "err");
  assertEquals(await inner.call("SET", "a", "b"), "+OK");
  disk.fault = () => null;
  await inner.call("CONFIG", "SET", "appendonly", "yes");
  assertEquals(await info(inner, "aof_last_write_status"), "ok");
  await inner.saved();
  inner.close();
});
