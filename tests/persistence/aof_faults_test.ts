/**
 * The append-only file on a disk that fails at every call in turn, and then crashes: whatever was acknowledged is
 * there at the next start, in order, and nothing that was never written.
 */
import { assert, assertEquals } from "@std/assert";
import { AppendOnlyFile } from "../../persistence/aof.ts";
import { loadAppendOnlyFile, type LoadFrame } from "../../persistence/aof_loader.ts";
import { joinPath, writeAllSync } from "../../persistence/disk.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { concat, encodeCommand } from "../helpers/resp.ts";
import { type DiskCall, FaultDisk, FAULTS } from "../helpers/fault_disk.ts";

class Frame implements LoadFrame {
  buf: Uint8Array;
  count: number;
  starts: Int32Array;
  ends: Int32Array;
  frameStart = 0;
  frameEnd = 0;

  constructor(words: readonly string[]) {
    this.buf = fromLatin1(words.join(""));
    this.count = words.length;
    this.starts = new Int32Array(Math.max(4, words.length));
    this.ends = new Int32Array(Math.max(4, words.length));
    let at = 0;
    words.forEach((word, i) => {
      this.starts[i] = at;
      this.ends[i] = at += word.length;
    });
  }

  words(): string[] {
    return Array.from({ length: this.count }, (_, i) => latin1(this.buf, this.starts[i]!, this.ends[i]!));
  }

  copy(): Frame {
    return new Frame(this.words());
  }
}

/** As much of a server as the append-only file has to do with: its data set is the list of commands it ran. */
class MiniServer {
  readonly data: string[] = [];
  readonly acknowledged: string[] = [];
  dead: string | null = null;
  readonly aof: AppendOnlyFile;
  readonly settings = {
    dir: "d",
    appenddirname: "a",
    appendfilename: "f.aof",
    appendfsync: "always" as "always" | "everysec" | "no",
    noAppendfsyncOnRewrite: false,
    aofTimestampEnabled: false,
    aofUseRdbPreamble: false,
    aofDisableAutoGc: false,
    aofLoadTruncated: true,
  };
  nowMs = 0;

  constructor(readonly disk: FaultDisk, appendfsync: "always" | "everysec" = "always") {
    this.settings.appendfsync = appendfsync;
    this.aof = new AppendOnlyFile({
      settings: this.settings,
      disk,
      wallMs: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      rewriting: () => false,
      warning: () => {},
      notice: () => {},
      exit: (message) => this.dead = message,
      errorChanged: () => {},
    });
  }

  load(): void {
    this.aof.readManifest();
    const steps = loadAppendOnlyFile(this.aof, {
      disk: this.disk,
      settings: this.settings,
      frame: new Frame([]),
      execute: (frame) => {
        const [name, argument] = (frame as Frame).words();
        if (name === "SET") this.data.push(argument!);
        return name === "SET" || name === "SELECT";
      },
      loadRdb: () => {
        throw new Error("there is no RDB file here");
      },
      monotonicMs: () => this.nowMs,
      sliceMs: Infinity,
      begin: () => {},
      progress: () => {},
      notice: () => {},
      warning: () => {},
    });
    while (!steps.next().done);
  }

  open(): void {
    this.aof.open((directory, name) => this.#writeBase(joinPath(directory, name)));
  }

  #writeBase(path: string): void {
    const file = this.disk.open(path, "create");
    writeAllSync(file, concat(this.data.map((id) => encodeCommand(["SET", id]))));
    file.syncDataSync();
    file.close();
  }

  /** One batch of commands; they count as acknowledged where a server would have sent the replies. */
  async write(...ids: string[]): Promise<void> {
    if (this.dead !== null || this.aof.error !== null) return; // MISCONF
    for (const id of ids) {
      this.data.push(id);
      this.aof.feed(0, new Frame(["SET", id]));
    }
    await Promise.race([this.aof.commit(), new Promise((resolve) => setTimeout(resolve, 0))]);
    if (this.dead === null && this.aof.error === null) this.acknowledged.push(...ids);
  }

  rewrite(): void {
    if (this.dead !== null) return;
    try {
      this.aof.beginRewrite();
      this.#writeBase("d/temp.aof");
      this.aof.finishRewrite("d/temp.aof");
    } catch (error) {
      if (!(error instanceof Error) || !/error|space/.test(error.message)) throw error;
    }
  }
}

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
