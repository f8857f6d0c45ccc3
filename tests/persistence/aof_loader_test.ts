/** What is loaded of an append-only file that was cut, damaged, made by an older version, or named oddly. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { LoadError } from "../../persistence/aof_loader.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { sleep } from "../helpers/client.ts";
import { FaultDisk } from "../helpers/fault_disk.ts";
import { MiniServer } from "../helpers/mini_server.ts";
import { concat, encodeCommand } from "../helpers/resp.ts";

const BASE = concat([encodeCommand(["SET", "b1"]), encodeCommand(["SET", "b2"])]);
/** Commands, annotations and transactions; `[end, ids]` says what is loaded when the file ends there. */
const PIECES: [bytes: Uint8Array, ids: string[]][] = [
  [encodeCommand(["SELECT", "0"]), []],
  [fromLatin1("#TS:1700000000\r\n"), []],
  [encodeCommand(["SET", "1"]), ["1"]],
  [encodeCommand(["SET", "two\r\n$3\r\n"]), ["two\r\n$3\r\n"]],
  [
    concat([["MULTI"], ["SET", "3"], ["SET", "4"], ["EXEC"]].map((words) => encodeCommand(words))),
    ["3", "4"],
  ],
  [encodeCommand(["SET", "5"]), ["5"]],
  [concat([["multi"], ["SET", "6"], ["exec"]].map((words) => encodeCommand(words))), ["6"]],
];
const INCREMENTAL = concat(PIECES.map(([bytes]) => bytes));
const MANIFEST = "file base.aof seq 1 type b\nfile incr.aof seq 1 type i\n";

function diskWith(files: Record<string, Uint8Array | string>): FaultDisk {
  const disk = new FaultDisk().withDirectory("d").withDirectory("d/a");
  for (const [name, content] of Object.entries(files)) {
    disk.put(`d/${name}`, typeof content === "string" ? fromLatin1(content) : content);
  }
  return disk;
}

/** Everything on the disk. */
function contents(disk: FaultDisk): Record<string, string> {
  return Object.fromEntries(disk.paths().map((path) => [path, latin1(disk.get(path)!)]));
}

/** Where the last whole piece before `end` ends, and what has been run by then. */
function wholeUntil(end: number): [number, string[]] {
  const ids = ["b1", "b2"];
  let at = 0;
  for (const [bytes, more] of PIECES) {
    if (at + bytes.length > end) break;
    at += bytes.length;
    ids.push(...more);
  }
  return [at, ids];
}

Deno.test("cut anywhere: whole commands and whole transactions are loaded, the rest is cut off", () => {
  for (let end = 0; end <= INCREMENTAL.length; end++) {
    const disk = diskWith({
      "a/f.aof.manifest": MANIFEST,
      "a/base.aof": BASE,
      "a/incr.aof": INCREMENTAL.subarray(0, end),
    });
    const server = new MiniServer(disk);
    server.load();
    const [whole, ids] = wholeUntil(end);
    assertEquals(server.data, ids, `cut at ${end}`);
    // An annotation that was cut is cut off, too; either way the file ends behind something whole.
    assertEquals(disk.get("d/a/incr.aof")!.length, whole, `cut at ${end}`);
    server.open();
    const next = new MiniServer(disk.kill());
    next.load();
    assertEquals(next.data, ids);
  }
});

Deno.test("cut anywhere, and aof-load-truncated is off: refused, and nothing on disk is changed", () => {
  for (let end = 0; end < INCREMENTAL.length; end++) {
    const disk = diskWith({
      "a/f.aof.manifest": MANIFEST,
      "a/base.aof": BASE,
      "a/incr.aof": INCREMENTAL.subarray(0, end),
    });
    const before = contents(disk);
    const server = new MiniServer(disk);
    server.settings.aofLoadTruncated = false;
    if (wholeUntil(end)[0] === end) {
      server.load();
      continue;
    }
    const error = assertThrows(() => server.load(), LoadError);
    assert(
      error.message.includes("Unexpected end of file reading the append only file incr.aof"),
      error.message,
    );
    assertEquals(contents(disk), before);
  }
});

Deno.test("a part that is not the last and is cut: refused, and nothing on disk is changed", () => {
  for (let end = 1; end < BASE.length; end++) {
    const disk = diskWith({
      "a/f.aof.manifest": MANIFEST,
      "a/base.aof": BASE.subarray(0, end),
      "a/incr.aof": INCREMENTAL,
    });
    const before = contents(disk);
    if (end === encodeCommand(["SET", "b1"]).length) continue;
    const error = assertThrows(() => new MiniServer(disk).load(), LoadError);
    assert(/truncated file is not the last file.*base\.aof.*offset \d+/.test(error.message), error.message);
    assertEquals(contents(disk), before);
  }
});

Deno.test("any byte changed: refused, or read as other commands of the same shape, and nothing is changed on disk", () => {
  for (let at = 0; at < INCREMENTAL.length; at++) {
    const damaged = INCREMENTAL.slice();
    damaged[at]! ^= 0x10;
    const disk = diskWith({ "a/f.aof.manifest": MANIFEST, "a/base.aof": BASE, "a/incr.aof": damaged });
    const server = new MiniServer(disk);
    server.settings.aofLoadTruncated = false;
    const before = contents(disk);
    try {
      server.load();
    } catch (error) {
      assert(error instanceof LoadError, String(error));
    }
    assertEquals(contents(disk), before);
  }
});

Deno.test("damage is refused with file and offset", () => {
  for (
    const garbage of ["garbage\r\n", "*0\r\n", "*1\r\n+OK\r\n", "*1\r\n$3\r\nSETxx", "\0\0\0\0", "*-1\r\n"]
  ) {
    const disk = diskWith({
      "a/f.aof.manifest": "file x seq 1 type i\n",
      "a/x": latin1(encodeCommand(["SET", "1"])) + garbage,
    });
    const error = assertThrows(() => new MiniServer(disk).load(), LoadError);
    assert(error.message.startsWith("Bad file format reading the append only file x: "), error.message);
    assert(error.message.includes("offset 20"), error.message);
  }
});

Deno.test("an unknown command and a missing part are refused", () => {
  const unknown = diskWith({ "a/f.aof.manifest": "file x seq 1 type i\n", "a/x": encodeCommand(["FOO"]) });
  const error = assertThrows(() => new MiniServer(unknown).load(), LoadError);
  assertMatch(error.message, /^Unknown command 'FOO' reading the append only file x \(at offset 0, /);
  const missing = diskWith({ "a/f.aof.manifest": "file x seq 1 type i\n" });
  assertThrows(
    () => new MiniServer(missing).load(),
    LoadError,
    "Unable to obtain the AOF file x length. stat: No such file or directory. The manifest names it",
  );
});

Deno.test("the part that the manifest names is the one that is appended to, whatever its name", async () => {
  const disk = diskWith({ "a/f.aof.manifest": "file random.aof seq 5 type i\n", "a/random.aof": "" });
  const server = new MiniServer(disk);
  server.load();
  server.open();
  await server.write("1");
  assert(latin1(disk.get("d/a/random.aof")!).endsWith(latin1(encodeCommand(["SET", "1"]))));
  server.rewrite();
  await sleep(0); // what was replaced is removed beside the server
  assertEquals(
    latin1(disk.get("d/a/f.aof.manifest")!),
    "file f.aof.1.base.aof seq 1 type b\nfile f.aof.6.incr.aof seq 6 type i\n",
  );
  assertEquals(disk.get("d/a/random.aof"), undefined);
});

Deno.test("an old single file becomes the base, also where a crash interrupted that", async () => {
  const old = encodeCommand(["SET", "old"]);
  const disk = new FaultDisk().withDirectory("d");
  disk.put("d/f.aof", old);
  for (const found of [disk, diskWith({ "f.aof": old, "a/f.aof.manifest": "file f.aof seq 1 type b\n" })]) {
    const server = new MiniServer(found);
    server.load();
    server.open();
    assertEquals(server.data, ["old"]);
    await server.write("new");
    const names = ["d/a/f.aof", "d/a/f.aof.1.incr.aof", "d/a/f.aof.manifest"];
    assertEquals(found.paths(), names);
    const next = new MiniServer(found.crash());
    next.load();
    assertEquals(next.data, ["old", "new"]);
  }
});
