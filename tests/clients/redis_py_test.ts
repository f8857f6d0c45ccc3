/**
 * A session of redis-py beside redis-server: both must give the same lines. Needs python3 with the package redis
 * (Debian: python3-redis) and says so where it is missing.
 */
import { assert, assertEquals } from "@std/assert";
import { realTest, ROOT_DIR, startServer } from "../helpers/server.ts";

/** Interpreters to look for: a distribution's package belongs to the second, where both are there. */
const INTERPRETERS = ["python3", "/usr/bin/python3"];

async function run(python: string, args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const command = new Deno.Command(python, { args, stdout: "piped", stderr: "piped" });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

/** An interpreter that has the library. */
async function findPython(): Promise<string | null> {
  for (const python of INTERPRETERS) {
    try {
      if ((await run(python, ["-c", "import redis"])).code === 0) return python;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}

realTest("redis-py gets the same from both servers", async () => {
  const python = await findPython();
  if (python === null) {
    console.error(
      "\n!!! python3 with the package redis was not found: the session of redis-py is SKIPPED.\n",
    );
    return;
  }
  const lines: string[][] = [];
  for (const kind of ["redis", "toy"] as const) {
    await using server = await startServer(kind);
    const session = await run(python, [`${ROOT_DIR}tests/clients/redis_py_session.py`, String(server.port)]);
    assertEquals(session.code, 0, `${kind}: ${session.errors}`);
    lines.push(session.out.split("\n"));
  }
  assert(lines[0]!.includes("killed connections that looked alive: 0"), lines[0]!.join("\n"));
  assertEquals(lines[1], lines[0]);
});
