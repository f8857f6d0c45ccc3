/** The same happens to redis-server and to toy-redis, and what is seen of it must be the same. */
import { assertEquals } from "@std/assert";
import { type Kind, realTest, startServer, type TestServer } from "../helpers/server.ts";

/** What a scenario has seen, in order. */
export class Seen {
  readonly lines: string[] = [];

  add(what: string, text: string): void {
    this.lines.push(plain(`${what}: ${text}`));
  }

  /** The reply to a command, byte for byte. */
  async reply(server: TestServer, ...args: string[]): Promise<string> {
    const text = await rawReply(server, ...args);
    this.add(args.join(" "), JSON.stringify(text));
    return text;
  }

  /** INFO's section and ROLE. `not`: fields that depend on the moment. */
  async state(server: TestServer, what: string, not: RegExp = /^$/): Promise<void> {
    const info = await rawReply(server, "INFO", "replication");
    const fields = info.split("\r\n").slice(2).filter((line) => line !== "" && !not.test(line));
    this.add(what, fields.join(" "));
    this.add(what, (await rawReply(server, "ROLE")).replaceAll("\r\n", " "));
  }

  /** The log's lines about replication from `from` on; of these, those that match `only`. */
  log(server: TestServer, from = 0, only = /./): void {
    for (const line of server.log.slice(from).split("\n")) {
      const match = /^\d+:[MSC] .{24} ([.\-*#] .*)$/.exec(line);
      if (match !== null && ABOUT.test(line) && !FORKS.test(line) && only.test(match[1]!)) {
        this.lines.push(`log ${plain(match[1]!)}`);
      }
    }
  }
}

const ABOUT =
  /replica|slave|MASTER|[Mm]aster|SYNC|[Ss]ync|backlog|REPL|FAILOVER|[Ff]ailover|RDB transfer|rdb transfer|output buffer|BGSAVE|I\/O/;
/** What only a server that forks can say, and what is about the file of a snapshot. */
const FORKS = /Fork CoW|WARNING|DB saved on disk|Background saving|Residual|fsync|bytes of backlog from|tls-/;

/** Ids, ports, process ids and times differ from run to run. */
function plain(text: string): string {
  return text.replace(/pid \d+/g, "pid N").replace(
    /\b[0-9a-f]{40}\b/g,
    (id) => /^0+$/.test(id) ? "ZERO" : "ID",
  ).replace(
    /\b\d{5}\b/g,
    "PORT",
  )
    .replace(/user request from 'id=.*'/, "user request").replace(/\bid=\d+/g, "id=N").replace(
      /lag=\d/g,
      "lag=N",
    );
}

export async function rawReply(server: TestServer, ...args: string[]): Promise<string> {
  await using client = await server.connect();
  return new TextDecoder().decode((await client.frame(...args)).raw);
}

/** Runs a scenario with both servers. */
export function bothTest(
  name: string,
  args: readonly string[],
  scenario: (server: TestServer, seen: Seen, kind: Kind) => Promise<void>,
): void {
  realTest(name, async () => {
    const run = async (kind: Kind) => {
      const seen = new Seen();
      await using server = await startServer(kind, { args });
      await scenario(server, seen, kind);
      return seen.lines;
    };
    const [redis, toy] = [await run("redis"), await run("toy")];
    assertEquals(toy, redis);
  });
}
