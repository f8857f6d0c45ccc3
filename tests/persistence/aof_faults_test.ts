/**
 * The append-only file on a disk that fails at every call in turn, and then crashes: whatever was acknowledged is
 * there at the next start, in order, and nothing that was never written.
 */
import { assert, assertEquals } from "@std/assert";
import { type DiskCall, FaultDisk, FAULTS } from "../helpers/fault_disk.ts";
import { MiniServer } from "../helpers/mini_server.ts";

/** A life with batches, a rewrite between them and one during which writes come in. */
async function live(server: MiniServer): Promise<void> {
  await server.write("1");
  await server.write("2", "3");
  server.nowMs += 1500;
  await server.write("4");
  server.rewrite();
  await server.write("5");
  server.nowMs += 1500;
  server.aof.flush(false);
  await server.write("6", "7");
  server.rewrite();
  await server.write("8");
}

function freshDisk(): FaultDisk {
  return new FaultDisk().withDirectory("d");
}

/** The next start finds everything that was acknowledged, and a beginning of what was run. */
function check(found: FaultDisk, before: MiniServer, what: string): void {
  const next = new MiniServer(found);
  next.load();
  assertEquals(next.data, before.data.slice(0, next.data.length), `${what}: not what was run`);
  assert(
    next.data.length >= before.acknowledged.length,
    `${what}: acknowledged ${before.acknowledged}, found ${next.data}`,
  );
  next.open();
}

/** Runs the life with this fault and checks what is found after a crash and after a kill. */
async function tryFault(
  fault: (call: DiskCall, number: number) => Error | null,
  what: string,
  appendfsync: "always" | "everysec",
): Promise<number> {
  const disk = freshDisk();
  const server = new MiniServer(disk, appendfsync);
  server.load();
  server.open();
  const setUp = disk.calls.length;
  disk.fault = (call, number) => fault(call, number - setUp);
  await live(server);
  disk.fault = () => null;
  if (appendfsync === "always") check(disk.crash(), server, `${what}, crash`);
  check(disk.kill(), server, `${what}, kill`);
  return disk.calls.length - setUp;
}

for (const appendfsync of ["always", "everysec"] as const) {
  Deno.test(`a disk that fails once, at every call in turn: appendfsync ${appendfsync}`, async () => {
    const calls = await tryFault(() => null, "no fault", appendfsync);
    assert(calls > 30);
    for (const name of ["EIO", "ENOSPC"] as const) {
      for (let at = 1; at <= calls; at++) {
        const fault = (_: DiskCall, number: number) => number === at ? FAULTS[name]() : null;
        await tryFault(fault, `${name} at call ${at}`, appendfsync);
      }
    }
  });

  Deno.test(`a disk that fails for good, from every call on: appendfsync ${appendfsync}`, async () => {
    const calls = await tryFault(() => null, "no fault", appendfsync);
    for (let at = 1; at <= calls; at++) {
      const fault = (_: DiskCall, number: number) => number >= at ? FAULTS.EIO() : null;
      await tryFault(fault, `EIO from call ${at} on`, appendfsync);
    }
  });
}

Deno.test("a start on a disk that fails at every call in turn loses nothing", async () => {
  const disk = freshDisk();
  const server = new MiniServer(disk);
  server.load();
  server.open();
  await live(server);
  for (let at = 1; at < 60; at++) {
    const found = disk.crash();
    const next = new MiniServer(found);
    found.fault = (_, number) => number === at ? FAULTS.EIO() : null;
    try {
      next.load();
      next.open();
    } catch (error) {
      assert(error instanceof Error);
    }
    found.fault = () => null;
    check(found.crash(), server, `start failing at call ${at}`);
  }
});

Deno.test("short writes are completed", async () => {
  const disk = freshDisk();
  disk.mostPerWrite = 7;
  const server = new MiniServer(disk);
  server.load();
  server.open();
  await live(server);
  assertEquals(server.acknowledged, ["1", "2", "3", "4", "5", "6", "7", "8"]);
  check(disk.crash(), server, "short writes");
});

Deno.test("a full disk: half a command is taken back, writes are refused, and go on when there is room", async () => {
  const disk = freshDisk();
  const server = new MiniServer(disk, "everysec");
  server.load();
  server.open();
  await server.write("1");
  disk.capacity = disk.used + 11;
  await server.write("2");
  assertEquals(server.aof.error, "No space left on device");
  assertEquals(server.acknowledged, ["1"]);
  check(disk.kill(), server, "full disk");
  disk.capacity = Infinity;
  server.aof.flush(false);
  assertEquals(server.aof.error, null);
  await server.write("3");
  const next = new MiniServer(disk.kill());
  next.load();
  assertEquals(next.data, ["1", "2", "3"]);
});

Deno.test("appendfsync always: after a failed write or sync nothing is acknowledged any more", async () => {
  for (const call of ["write", "sync"] as const) {
    const disk = freshDisk();
    const server = new MiniServer(disk);
    server.load();
    server.open();
    disk.fault = (name) => name === call ? FAULTS.EIO() : null;
    await server.write("1");
    assert(server.dead !== null && server.dead.includes("'always'"), String(server.dead));
    await server.write("2");
    assertEquals(server.acknowledged, []);
  }
});
