/**
 * What must not come between: a rewrite that begins while commands wait to be written, in a transaction, after one that
 * failed; databases that are emptied or exchanged while a large value is half written; syncs that fail once.
 */
import { assertEquals } from "@std/assert";
import type { DiskFile, OpenMode } from "../../persistence/disk.ts";
import { digestOfStore } from "../../persistence/digest.ts";
import { FaultDisk, FAULTS } from "../helpers/fault_disk.ts";
import { InnerServer } from "../helpers/inner_server.ts";
import { sleep } from "../helpers/client.ts";

async function start(disk: FaultDisk, ...words: string[]): Promise<InnerServer> {
  const inner = new InnerServer(disk, ["--dir", ".", ...words]);
  // The configuration knows real directories only; the disk has one of its own.
  Object.defineProperty(inner.server.config, "dir", { value: "d" });
  await inner.server.persistence.start();
  return inner;
}

/** The digest of what the next process finds, when this one is killed now. */
async function digestOf(disk: FaultDisk, ...words: string[]): Promise<string> {
  const inner = await start(disk.kill(), ...words);
  const digest = digestOfStore(inner.server.store);
  inner.close();
  return digest;
}

function freshDisk(): FaultDisk {
  return new FaultDisk().withDirectory("d");
}

const AOF = ["--appendonly", "yes"];

Deno.test("a rewrite after one that failed does not apply twice what waits to be written", async () => {
  const disk = freshDisk();
  const inner = await start(disk, "--appendonly", "no");
  await inner.call("SET", "n", "1");
  // Turned on; the snapshot fails, so the file is not valid yet.
  let broken = true;
  disk.fault = (call) => broken && call === "sync" ? FAULTS.EIO() : null;
  assertEquals(await inner.call("CONFIG", "SET", "appendonly", "yes"), "+OK");
  await inner.saved();
  broken = false;
  assertEquals(inner.server.persistence.aof.state, "waiting");
  await inner.pipeline(["INCR", "n"], ["BGREWRITEAOF"], ["INCR", "n"]);
  await inner.saved();
  assertEquals(inner.server.persistence.aof.state, "on");
  assertEquals(await inner.call("INCR", "n"), ":4");
  const live = digestOfStore(inner.server.store);
  assertEquals(await digestOf(disk, ...AOF), live);
  inner.close();
});

Deno.test("while the append-only file cannot be turned on nothing is kept for it", async () => {
  const disk = freshDisk();
  const inner = await start(disk, "--appendonly", "no");
  await inner.call("SET", "n", "1");
  disk.capacity = disk.used;
  assertEquals(await inner.call("CONFIG", "SET", "appendonly", "yes"), "+OK");
  await inner.saved();
  for (let i = 0; i < 3; i++) assertEquals(await inner.call("INCR", "n"), `:${i + 2}`);
  await sleep(1);
  assertEquals(disk.paths().filter((path) => path.includes("temp")), []);
  disk.capacity = Infinity;
  inner.server.persistence.cron();
  await inner.saved();
  assertEquals(await inner.call("INCR", "n"), ":5");
  assertEquals(await digestOf(disk, ...AOF), digestOfStore(inner.server.store));
  inner.close();
});

Deno.test("the append-only file turned on within a transaction holds it once", async () => {
  const disk = freshDisk();
  const inner = await start(disk, "--appendonly", "no");
  for (const on of ["yes", "no", "yes"]) {
    await inner.call("MULTI");
    await inner.call("INCR", "n");
    await inner.call("CONFIG", "SET", "appendonly", on);
    await inner.call("INCR", "n");
    await inner.call("EXEC");
    inner.server.persistence.cron();
    await inner.saved();
  }
  await inner.call("INCR", "n");
  const live = digestOfStore(inner.server.store);
  assertEquals(await digestOf(disk, ...AOF), live);
  inner.close();
});

for (const [what, ...command] of [["emptied", "FLUSHALL"], ["exchanged", "SWAPDB", "0", "1"]]) {
  for (const preamble of ["yes", "no"]) {
    Deno.test(`a database is ${what} while a large value is half written, preamble ${preamble}`, async () => {
      for (const type of ["hash", "list", "zset", "set", "stream", "string"]) {
        const disk = freshDisk();
        const inner = await start(disk, ...AOF, "--aof-use-rdb-preamble", preamble);
        await fill(inner, type);
        await inner.call("SELECT", "1");
        await inner.call("SET", "elsewhere", "1");
        assertEquals(await inner.call("BGREWRITEAOF"), "+Background append only file rewriting started");
        await inner.call(...command as [string]);
        await inner.saved();
        assertEquals(inner.server.persistence.rewrites.lastOk, true, inner.log);
        const live = digestOfStore(inner.server.store);
        assertEquals(await digestOf(disk, ...AOF), live, type);
        inner.close();
      }
    });
  }
}

/** A value that takes many slices. */
async function fill(inner: InnerServer, type: string): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    const items = Array.from({ length: 40 }, (_, j) => `item ${i} ${j}`);
    if (type === "hash") await inner.call("HSET", "big", ...items.flatMap((item) => [item, item]));
    else if (type === "list") await inner.call("RPUSH", "big", ...items);
    else if (type === "set") await inner.call("SADD", "big", ...items);
    else if (type === "zset") {
      await inner.call("ZADD", "big", ...items.flatMap((item, j) => [String(i * 40 + j), item]));
    } else if (type === "stream") await inner.call("XADD", "big", `${i + 1}-1`, ...items);
    else await inner.call("APPEND", "big", items.join(","));
  }
}

Deno.test("a sync that failed when the file was changed does not refuse writes for ever", async () => {
  const disk = freshDisk();
  const inner = await start(disk, ...AOF, "--appendfsync", "everysec");
  await inner.call("SET", "a", "1");
  let syncs = 0;
  // The sync of the old part, beside the server, is the one behind those of the new part's directory and the manifest.
  disk.fault = (call) => {
    if (call !== "sync") return null;
    return ++syncs === 2 ? FAULTS.EIO() : null;
  };
  await inner.call("BGREWRITEAOF");
  await inner.saved();
  for (let i = 0; i < 40 && inner.server.persistence.aof.error !== null; i++) {
    inner.server.persistence.cron();
    await sleep(50);
  }
  assertEquals(inner.log.includes("fsync") || syncs > 1, true);
  assertEquals(await inner.call("SET", "a", "2"), "+OK");
  inner.close();
});

for (const policy of ["no", "always"]) {
  Deno.test(`a sync that failed is forgotten under appendfsync ${policy} once the disk works`, async () => {
    const disk = freshDisk();
    const inner = await start(disk, ...AOF, "--appendfsync", "everysec");
    disk.fault = (call) => call === "sync" ? FAULTS.EIO() : null;
    for (let i = 0; i < 100 && inner.server.persistence.aof.error === null; i++) {
      await inner.call("SET", "a", "1");
      await sleep(50);
    }
    assertEquals(
      await inner.call("SET", "a", "1"),
      "-MISCONF Errors writing to the AOF file: Input/output error",
    );
    disk.fault = () => null;
    await inner.call("CONFIG", "SET", "appendfsync", policy);
    for (let i = 0; i < 40 && inner.server.persistence.aof.error !== null; i++) {
      inner.server.persistence.cron();
      await sleep(50);
    }
    assertEquals(await inner.call("SET", "a", "1"), "+OK");
    inner.close();
  });
}

Deno.test("the end of a sync of the old part says nothing about the new one", async () => {
  const disk = new SlowSyncDisk().withDirectory("d") as SlowSyncDisk;
  const inner = await start(disk, ...AOF, "--appendfsync", "everysec");
  await sleep(1100);
  disk.slow = true;
  await inner.call("SET", "a", "x".repeat(3000)); // its sync begins, beside the server
  assertEquals(disk.waiting.length, 1);
  disk.slow = false;
  await inner.call("BGREWRITEAOF");
  await inner.saved();
  disk.release();
  await sleep(10);
  await inner.call("SET", "b", "1");
  await sleep(1100);
  inner.server.persistence.cron();
  await sleep(10);
  // A crash of the machine now loses nothing that is older than a second.
  const found = await start(disk.crash(), ...AOF);
  assertEquals(await found.call("EXISTS", "a", "b"), ":2");
  found.close();
  inner.close();
});

/** A disk whose syncs beside the server end when the test says so. */
class SlowSyncDisk extends FaultDisk {
  slow = false;
  readonly waiting: (() => void)[] = [];

  override open(path: string, mode: OpenMode): DiskFile {
    const file = super.open(path, mode);
    const syncData = file.syncData.bind(file);
    file.syncData = async () => {
      if (this.slow) await new Promise<void>((resolve) => this.waiting.push(resolve));
      await syncData();
    };
    return file;
  }

  release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
