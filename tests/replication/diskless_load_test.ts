/**
 * repl-diskless-load: what is served while a full resync is loaded, and what is left when it fails. The primaries here
 * are played by the test, which says when the file ends and whether it is whole.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { sleep } from "../helpers/client.ts";
import { hasRedis, type Kind, startServer, type TestServer } from "../helpers/server.ts";
import { infoField, waitForField } from "./load.ts";
import { type Answers, FakePrimary } from "./fake_primary.ts";

const KINDS: Kind[] = hasRedis() ? ["redis", "toy"] : ["toy"];
const KEYS = 3000;

/** An RDB file of `count` string keys that begin with `prefix`, made by a server. */
async function fileOf(prefix: string, count: number): Promise<Uint8Array> {
  await using server = await startServer("toy");
  await using client = await server.connect();
  await client.pipeline(Array.from({ length: count }, (_, i) => ["SET", `${prefix}${i}`, `${prefix}${i}`]));
  await client.call("SAVE");
  return await Deno.readFile(`${server.dir}/dump.rdb`);
}

const OLD = await fileOf("old", 10);
const NEW = await fileOf("new", KEYS);
const ID = "a".repeat(40);

async function textOf(server: TestServer, ...args: string[]): Promise<string> {
  await using client = await server.connect();
  return new TextDecoder().decode((await client.frame(...args)).raw);
}

/**
 * Commands asked while a whole file is loaded, and what the replica logs about it; commands asked after.
 */
interface Story {
  during: string[];
  after: string[];
  log: string[];
}

const QUESTIONS = [
  ["GET", "old1"],
  ["GET", "new1"],
  ["PING"],
  ["BGSAVE"],
  ["SET", "a", "b"],
  ["CONFIG", "SET", "appendonly", "no"],
  ["CONFIG", "SET", "maxmemory-samples", "6", "repl-diskless-load", "disabled"],
];

function ask(server: TestServer): Promise<string[]> {
  return Promise.all(QUESTIONS.map((words) => textOf(server, ...words)));
}

/** A replica has the old data set of a history; then a file comes, of this history or of another. */
async function story(kind: Kind, mode: string, sameHistory: boolean, isWhole: boolean): Promise<Story> {
  const answers: Answers = { psync: `+FULLRESYNC ${ID} 0`, file: OLD, end: "eof" };
  await using primary = new FakePrimary(answers);
  await using replica = await startServer(kind, {
    args: [
      "--replicaof",
      "127.0.0.1",
      `${primary.port}`,
      "--repl-diskless-load",
      mode,
      "--repl-timeout",
      "20",
      "--loading-process-events-interval-bytes", // how often redis-server looks at its clients meanwhile
      "1024",
    ],
  });
  await waitForField(replica, "master_link_status", (value) => value === "up");
  await textOf(replica, "CONFIG", "SET", "key-load-delay", "500");
  const before = replica.log.length;
  answers.psync = `+FULLRESYNC ${sameHistory ? ID : "b".repeat(40)} 100`;
  answers.file = isWhole ? NEW : NEW.subarray(0, NEW.length - 60);
  answers.end = isWhole ? "eof" : "cut";
  primary.cut();
  const during: string[] = [];
  const flag = mode === "swapdb" && sameHistory ? "async_loading" : "loading";
  if (isWhole || mode === "swapdb") await waitForField(replica, flag, (value) => value === "1");
  if (isWhole) {
    during.push(`async_loading ${await infoField(replica, "async_loading")}`, ...await ask(replica));
    await textOf(replica, "CONFIG", "SET", "key-load-delay", "0");
    await waitForField(replica, "master_link_status", (value) => value === "up");
  } else {
    // It is not loaded again: the next attempts find nobody, or (what goes to the disk first) half a file that is thrown away.
    const failed = () => replica.waitForLog(/Failed trying to load|I\/O error/);
    if (mode !== "swapdb") await failed();
    primary.close();
    await failed();
    for (const field of ["master_sync_in_progress", "loading", "async_loading"]) {
      await waitForField(replica, field, (value) => value === "0");
    }
  }
  await sleep(50);
  const after = [await textOf(replica, "DBSIZE"), ...await ask(replica)];
  const log = !isWhole ? [] : replica.log.slice(before).split("\n")
    .map((line) => /(MASTER <-> REPLICA sync: .*|Failed trying .*)/.exec(line)?.[1] ?? "")
    .filter((line) => line !== "" && !/sync started|[Pp]artial/.test(line));
  return { during, after, log };
}

for (const [mode, sameHistory] of [["swapdb", true], ["swapdb", false], ["on-empty-db", false]] as const) {
  for (const isWhole of [true, false]) {
    const what = `${mode}, ${sameHistory ? "the same" : "another"} history, ${
      isWhole ? "a whole" : "half a"
    } file`;
    Deno.test(`repl-diskless-load ${what}`, async () => {
      const stories: Story[] = [];
      for (const kind of KINDS) stories.push(await story(kind, mode, sameHistory, isWhole));
      const toy = stories.at(-1)!;
      assertEquals(toy, stories[0]);
      if (mode === "swapdb" && !isWhole) assertMatch(toy.after[1]!, /old1/);
      if (isWhole) assertMatch(toy.after[2]!, /new1/);
    });
  }
}

Deno.test("a damaged file leaves the old data set under swapdb, and nothing under on-empty-db", async () => {
  for (const mode of ["swapdb", "on-empty-db"]) {
    const file = NEW.slice();
    file.fill(0xf9, file.length - 400, file.length - 300);
    const answers: Answers = {
      psync: `+FULLRESYNC ${ID} 0`,
      file: mode === "swapdb" ? OLD : file,
      end: "length",
    };
    await using primary = new FakePrimary(answers);
    await using replica = await startServer("toy", {
      args: ["--replicaof", "127.0.0.1", `${primary.port}`, "--repl-diskless-load", mode],
    });
    if (mode === "swapdb") {
      await waitForField(replica, "master_link_status", (value) => value === "up");
      answers.file = file;
      primary.cut();
    }
    await replica.waitForLog(
      /Failed trying to load the MASTER synchronization DB from socket, check server logs\./,
    );
    primary.close();
    await waitForField(replica, "loading", (value) => value === "0"); // it may have begun anew
    assertEquals(await textOf(replica, "DBSIZE"), mode === "swapdb" ? ":10\r\n" : ":0\r\n");
    if (mode === "swapdb") assertEquals(await textOf(replica, "GET", "old3"), "$4\r\nold3\r\n");
  }
});

for (const mode of ["swapdb", "on-empty-db"]) {
  for (const end of ["eof", "length"] as const) {
    Deno.test(`what has arrived is loaded while the rest is still coming: ${mode}, ${end}`, async () => {
      const answers: Answers = { psync: `+FULLRESYNC ${ID} 0`, file: OLD, end: "eof" };
      if (mode === "on-empty-db") Object.assign(answers, { file: NEW, end, pauseAt: NEW.length - 100 });
      await using primary = new FakePrimary(answers);
      await using replica = await startServer("toy", { args: ["--repl-diskless-load", mode] });
      // Not with its start: that would not be over while it is loading.
      await textOf(replica, "REPLICAOF", "127.0.0.1", `${primary.port}`);
      if (mode === "swapdb") {
        await waitForField(replica, "master_link_status", (value) => value === "up");
        Object.assign(answers, { file: NEW, end, pauseAt: NEW.length - 100 });
        primary.cut();
      }
      // All but the last keys are loaded; what was served before is served meanwhile.
      await waitForField(replica, "loading_loaded_bytes", (value) => Number(value) > NEW.length - 400);
      const isServing = mode === "swapdb";
      assertEquals(await infoField(replica, "async_loading"), isServing ? "1" : "0");
      assertMatch(await textOf(replica, "GET", "old1"), isServing ? /old1/ : /^-LOADING/);
      assertMatch(await textOf(replica, "REPLICAOF", "NO", "ONE"), /^-LOADING/);
      await primary.release();
      await waitForField(replica, "master_link_status", (value) => value === "up");
      assertEquals(await textOf(replica, "DBSIZE"), `:${KEYS}\r\n`);
      assertMatch(await textOf(replica, "GET", `new${KEYS - 1}`), /new/);
    });
  }
}
