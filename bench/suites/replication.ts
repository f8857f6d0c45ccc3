/** Throughput of a primary with one and two replicas attached; the replicas of both are real redis-servers. */
import { RawClient, sleep } from "../../tests/helpers/client.ts";
import type { TestServer } from "../../tests/helpers/server.ts";
import { type Case, compareAll, type Settings } from "../measure.ts";
import { type Pair, startOne, startPair } from "../pair.ts";
import type { Section, Table } from "../report.ts";

const LINK_LIMIT_MS = 60_000;
const TESTS = [["SET", "set"], ["INCR", "incr"], ["LPUSH", "lpush"], ["GET", "get"]] as const;

/** Measures primaries. */
export async function replication(settings: Settings): Promise<Section> {
  await using pair = await startPair(["--repl-diskless-sync-delay", "0"]);
  await using stack = new AsyncDisposableStack();
  const tables: Table[] = [];
  for (const replicas of [1, 2]) {
    for (const started of await attach(pair)) stack.use(started);
    const cases = [1, 16].flatMap((pipeline) =>
      TESTS.map(([name, test]): Case => ({
        label: `${name} -P ${pipeline}, replicas: ${replicas}`,
        test,
        clients: 50,
        pipeline,
        keyspace: 100_000,
        target: "≥ 0.85",
      }))
    );
    tables.push(await compareAll(pair, cases, settings, `Replicas: ${replicas}`));
  }
  return { suite: "replication", text: "The replicas, too, run on the machine's processors.", tables };
}

/** One more replica for each of the two, in step with its primary. */
async function attach(pair: Pair): Promise<TestServer[]> {
  const replicas: TestServer[] = [];
  for (const primary of [pair.redis, pair.toy]) {
    const replica = await startOne("redis", { args: ["--replicaof", "127.0.0.1", `${primary.port}`] });
    replicas.push(replica);
    await inStep(replica);
  }
  return replicas;
}

async function inStep(replica: TestServer): Promise<void> {
  await using client = await RawClient.connect(replica.port);
  for (const deadline = Date.now() + LINK_LIMIT_MS; Date.now() < deadline; await sleep(50)) {
    const info = await client.call("INFO", "replication");
    if ("text" in info && info.text.includes("master_link_status:up")) return;
  }
  throw new Error("a replica did not connect:\n" + replica.log);
}
