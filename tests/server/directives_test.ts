/** Settings whose effect is seen only from outside of a command: what redis-server does with them, we do. */
import { assertEquals } from "@std/assert";
import type { RawClient } from "../helpers/client.ts";
import { DIRECTIVES } from "../../server/config_directives.ts";
import { type Kind, realTest, ROOT_DIR, startServer } from "../helpers/server.ts";

const KINDS: readonly Kind[] = ["toy", "redis"];

function testKinds(name: string, run: (kind: Kind) => Promise<void>): void {
  for (const kind of KINDS) (kind === "toy" ? Deno.test : realTest)(`${name} (${kind})`, () => run(kind));
}

testKinds("dynamic-hz: the cron runs more often for many clients", async (kind) => {
  await using server = await startServer(kind, { args: ["--hz", "1"] });
  await using client = await server.connect();
  const others: RawClient[] = [];
  for (let i = 0; i < 210; i++) others.push(await server.connect());
  while (await client.infoNumber("hz") !== 2);
  assertEquals(await client.infoNumber("configured_hz"), 1);
  await client.call("CONFIG", "SET", "dynamic-hz", "no");
  while (await client.infoNumber("hz") !== 1);
  for (const other of others) await other.close();
});

testKinds("use-exit-on-panic: a panic ends the process with 1", async (kind) => {
  await using server = await startServer(kind, { args: ["--use-exit-on-panic", "yes"] });
  await using client = await server.connect();
  await client.write(new TextEncoder().encode("DEBUG PANIC whatever\r\n"));
  assertEquals((await client.read()).value.type, "closed");
  while (server.exited === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([server.exited.code, server.exited.signal], [1, null]);
});

/** Patterns for names in backquotes in docs/differences.md, such as `cluster-*`. */
async function namedDifferences(): Promise<RegExp[]> {
  const text = await Deno.readTextFile(ROOT_DIR + "docs/differences.md");
  const names = [...text.matchAll(/`([\w*-]+)(?: yes)?`/g)].map(([, name]) => name!);
  return names.filter((name) => name !== "*").map((name) => new RegExp(`^${name.replaceAll("*", ".*")}$`));
}

/** The program's own source, but for the files that only list, check and keep settings. */
async function source(folder: string): Promise<string> {
  let text = "";
  for await (const { name, isDirectory } of Deno.readDir(ROOT_DIR + folder)) {
    if (isDirectory) text += await source(`${folder}/${name}`);
    else if (!/^config_(directives|values|types|special|enums)/.test(name)) {
      text += await Deno.readTextFile(`${ROOT_DIR}${folder}/${name}`);
    }
  }
  return text;
}

Deno.test("every setting is read by somebody, or is a difference that is told", async () => {
  const folders = ["server", "commands", "persistence", "replication"];
  const words = new Set((await Promise.all(folders.map(source))).join("").split(/\W+/));
  const differences = await namedDifferences();
  const unread = DIRECTIVES.filter(({ name, field }) =>
    !words.has(field) && !differences.some((pattern) => pattern.test(name))
  );
  assertEquals(unread.map(({ name }) => name), []);
});
