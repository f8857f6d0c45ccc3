/**
 * Builds the single binary with `deno task compile` and uses it: what works from source can still fail compiled
 * (permissions baked in, files not included, V8 flags).
 *
 * `deno compile` needs a denort, the runtime that goes into the binary, and downloads it from a site that not every
 * network reaches. In order: DENORT_BIN, with TOY_COMPILE_DENO for the deno that matches it; a compile kit beside the
 * repository; the download. Where none of them works the test says loudly that nothing was compiled.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROOT_DIR, startServer } from "../helpers/server.ts";
import { bulk, mustDo, ok, simple } from "../helpers/transcript.ts";
import { toText } from "../helpers/bytes.ts";

interface Tools {
  deno: string;
  denort: string | undefined;
  /** It was said that this must work, so that a failure is one. */
  promised: boolean;
}

const KIT = ROOT_DIR + "../shared/tools/compile-kit";
const WINDOWS = Deno.build.os === "windows";

async function tools(): Promise<Tools> {
  const denort = Deno.env.get("DENORT_BIN");
  if (denort) return { deno: Deno.env.get("TOY_COMPILE_DENO") ?? Deno.execPath(), denort, promised: true };
  const kit = await Deno.stat(KIT).catch(() => null);
  if (!kit?.isFile) return { deno: Deno.execPath(), denort: undefined, promised: false };
  const folder = `${Deno.env.get("TMPDIR") ?? "/tmp"}/toy-redis-compile-kit`;
  const { success, stderr } = await new Deno.Command(KIT, { args: [folder] }).output();
  if (!success) throw new Error(`the compile kit failed: ${toText(stderr)}`);
  return { deno: `${folder}/deno`, denort: `${folder}/denort`, promised: true };
}

/** Builds; the path of the binary, or undefined where no denort is to be had. */
async function build(folder: string): Promise<string | undefined> {
  const { deno, denort, promised } = await tools();
  const name = WINDOWS ? "toy-redis.exe" : "toy-redis";
  const path = deno.replace(/[\/\\][^\/\\]*$/, "");
  const env = {
    PATH: `${path}${WINDOWS ? ";" : ":"}${Deno.env.get("PATH") ?? ""}`,
    ...denort ? { DENORT_BIN: denort } : {},
  };
  const task = new Deno.Command(deno, {
    args: ["task", "compile"],
    cwd: ROOT_DIR,
    env,
    signal: AbortSignal.timeout(180_000),
  });
  const { success, stdout, stderr } = await task.output();
  if (success) {
    await Deno.copyFile(ROOT_DIR + name, `${folder}/${name}`);
    return `${folder}/${name}`;
  }
  const output = toText(stdout) + toText(stderr);
  if (promised || !/denort|download|network|dns|connect|fetch/i.test(output)) throw new Error(output);
  console.error(
    `\n!!! NOT TESTED: the compiled binary. deno compile could not get its runtime:\n!!! ${
      output.trim().slice(-400)
    }\n`,
  );
  return undefined;
}

Deno.test("the compiled binary serves", async () => {
  const folder = await Deno.makeTempDir({ prefix: "toy-redis-compiled-" });
  try {
    const binary = await build(folder);
    if (binary === undefined) return;
    const version = await new Deno.Command(binary, { args: ["--version"] }).output();
    assertEquals(version.code, 0);
    assertMatch(toText(version.stdout), /^Redis server v=7\.0\.15 /);

    const data = `${folder}/data`;
    await Deno.mkdir(data);
    const program = [binary];
    await using server = await startServer("toy", {
      program,
      dir: data,
      args: ["--appendonly", "yes"],
    });
    assertMatch(server.log, new RegExp(` PID: ${server.pid}\\b`));
    assertMatch(server.log, /Ready to accept connections/);
    {
      await using client = await server.connect();
      await mustDo(client, "PING", simple("PONG"));
      await mustDo(client, "SET", "k", "v\0\xff", ok);
      await mustDo(client, "GET", "k", bulk("v\0\xff"));
      await mustDo(client, "SAVE", ok);
      const info = await client.call("INFO", "memory");
      assert(
        info.type === "bulk" && /used_memory_rss:[1-9]/.test(info.text),
        "INFO knows no memory of the process",
      );
    }
    if (WINDOWS) return; // no SIGTERM there
    server.kill("SIGTERM");
    const status = await server.waitForExit();
    assertEquals(status.code, 0, server.log);
    assertMatch(server.log, /ready to exit, bye bye/);

    await using again = await startServer("toy", { program, dir: data, args: ["--appendonly", "yes"] });
    await using client = await again.connect();
    await mustDo(client, "GET", "k", bulk("v\0\xff"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
