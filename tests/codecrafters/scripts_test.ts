/**
 * The files that CodeCrafters' tester looks for: executable, passing arguments on as they are, from any directory, with and
 * without Deno on the PATH.
 */
import { assert, assertEquals } from "@std/assert";
import { ROOT_DIR } from "../helpers/server.ts";
import { toText } from "../helpers/bytes.ts";

const SCRIPTS = ["your_program.sh", ".codecrafters/compile.sh", ".codecrafters/run.sh"];
const unix = Deno.build.os !== "windows";

/** A directory to be the PATH, with a program of this name that prints its working directory and its arguments, one a line. */
async function stub(name: string): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "toy-redis-test-scripts-" });
  const text = `#!/bin/sh\npwd\nfor arg in "$@"; do printf '<%s>\\n' "$arg"; done\n`;
  await Deno.writeTextFile(`${dir}/${name}`, text, { mode: 0o755 });
  await Deno.symlink("/usr/bin/dirname", `${dir}/dirname`); // all that the scripts use; it is to be the whole PATH
  return dir;
}

async function runScript(script: string, path: string, cwd: string, args: string[]): Promise<string[]> {
  const command = new Deno.Command(script, { args, cwd, env: { PATH: path, HOME: cwd } });
  const { code, stdout, stderr } = await command.output();
  assertEquals([code, toText(stderr)], [0, ""]);
  return toText(stdout).trimEnd().split("\n");
}

Deno.test({
  name: "the scripts are executable and the settings are there",
  ignore: !unix,
  async fn() {
    for (const script of SCRIPTS) {
      const { mode } = await Deno.stat(ROOT_DIR + script);
      assertEquals((mode! & 0o111).toString(8), "111", script);
    }
    assert(/^debug: (true|false)$/m.test(await Deno.readTextFile(ROOT_DIR + "codecrafters.yml")));
    assert(/^current_stage: \d+$/m.test(await Deno.readTextFile(ROOT_DIR + ".codecrafters.yml")));
  },
});

Deno.test({
  name: "arguments and working directory reach Deno as they were, or npx where Deno is missing",
  ignore: !unix,
  async fn() {
    const args = ["--save", "", "a  b", "'\"$x\\", "--dir", "*"];
    const shown = args.map((arg) => `<${arg}>`);
    for (const program of ["deno", "npx"]) {
      const dir = await stub(program);
      const cwd = await Deno.realPath(await Deno.makeTempDir());
      for (const script of [SCRIPTS[0]!, SCRIPTS[2]!]) {
        const lines = await runScript(ROOT_DIR + script, dir, cwd, args);
        assertEquals([lines[0], lines.slice(-args.length)], [cwd, shown]);
        assert(lines.at(-args.length - 1)!.endsWith("/main.ts>"));
        assertEquals(lines[1], program === "npx" ? "<-y>" : "<run>");
      }
      await Deno.remove(dir, { recursive: true });
      await Deno.remove(cwd);
    }
  },
});

Deno.test({
  name: "run.sh works where the tester copies it",
  ignore: !unix,
  async fn() {
    const dir = await stub("deno");
    const copy = `${ROOT_DIR}your_program_copy.sh`;
    await Deno.copyFile(ROOT_DIR + ".codecrafters/run.sh", copy);
    try {
      const lines = await runScript(copy, dir, dir, ["x"]);
      assert(lines.includes(`<${ROOT_DIR.replace(/\/$/, "")}/main.ts>`), lines.join("\n"));
    } finally {
      await Deno.remove(copy);
      await Deno.remove(dir, { recursive: true });
    }
  },
});
