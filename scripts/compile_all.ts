/**
 * Compiles the server for every system it supports, into dist/: `deno task compile:all [--only linux-x64,...]`. Flags and permissions
 * are those of the task `compile`, so that there is one place for them. Needs the network, where Deno gets its runtimes.
 */
import { parseArgs } from "@std/cli";

/** File name of the binary by Deno's name of the target. */
const TARGETS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "linux-x64",
  "aarch64-unknown-linux-gnu": "linux-arm64",
  "x86_64-apple-darwin": "macos-x64",
  "aarch64-apple-darwin": "macos-arm64",
  "x86_64-pc-windows-msvc": "windows-x64.exe",
};

const only: string = parseArgs(Deno.args, { string: ["only"], default: { only: "" } }).only;
const wanted = only.split(",").filter((name) => name !== "");
const config = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
const [program, ...words] = String(config.tasks.compile).split(" ");
const failed: string[] = [];

Deno.mkdirSync("dist", { recursive: true });
for (const [target, name] of Object.entries(TARGETS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const output = `dist/toy-redis-${name}`;
  const args = words.map((word) => word === "toy-redis" ? output : word);
  args.splice(1, 0, "--target", target);
  console.log(`${output} ...`);
  const { code } = await new Deno.Command(program!, { args, stdout: "inherit", stderr: "inherit" }).output();
  if (code !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`not compiled: ${failed.join(", ")}`);
  Deno.exit(1);
}
