/** The two servers that are measured against each other, started the same way; toy-redis as `deno task start` does. */
import {
  programOf,
  ROOT_DIR,
  type ServerOptions,
  startServer,
  type TestServer,
} from "../tests/helpers/server.ts";

/** redis-server and toy-redis. */
export interface Pair extends AsyncDisposable {
  readonly redis: TestServer;
  readonly toy: TestServer;
}

/** The names in the order in which they are measured. */
export const KINDS = ["redis", "toy"] as const;

/**
 * The command line that starts toy-redis: TOY_REDIS_BIN, or the task `start` of deno.json word for word, so that the
 * figures are those of what users run, with its few permissions.
 */
function toyProgram(): string[] {
  if (Deno.env.get("TOY_REDIS_BIN")) return programOf("toy");
  const { tasks } = JSON.parse(Deno.readTextFileSync(ROOT_DIR + "deno.json")) as { tasks: { start: string } };
  return startCommand(tasks.start, Deno.execPath(), ROOT_DIR);
}

/** The words of a `deno run ... main.ts` task, made independent of the working directory. */
export function startCommand(task: string, deno: string, root: string): string[] {
  const words = task.split(" ");
  if (words[0] !== "deno" || words[1] !== "run" || words.at(-1) !== "main.ts") {
    throw new Error("the task `start` is no longer `deno run ... main.ts`: " + task);
  }
  return [deno, "run", "--config", root + "deno.json", ...words.slice(2, -1), root + "main.ts"];
}

/** Starts one of the two, with an empty data directory and nothing saved unless `options` say otherwise. */
export function startOne(kind: "redis" | "toy", options: ServerOptions = {}): Promise<TestServer> {
  return startServer(kind, kind === "toy" ? { program: toyProgram(), ...options } : options);
}

/** Starts both. */
export async function startPair(args: readonly string[] = []): Promise<Pair> {
  const redis = await startOne("redis", { args });
  const toy = await startOne("toy", { args }).catch(async (error) => {
    await redis.stop();
    throw error;
  });
  return {
    redis,
    toy,
    async [Symbol.asyncDispose]() {
      await Promise.all([redis.stop(), toy.stop()]);
    },
  };
}
