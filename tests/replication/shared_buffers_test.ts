/** What waits for a replica that takes nothing, next to redis-server: who is said to hold how much, and how it ends. */
import { sleep } from "../helpers/client.ts";
import type { TestServer } from "../helpers/server.ts";
import { bothTest, rawReply, type Seen } from "./both.ts";
import { infoField, waitForField } from "./load.ts";
import { RawReplica } from "./raw_replica.ts";

const NOW = ["--repl-diskless-sync-delay", "0"];
const MEGABYTE = 1024 * 1024;
/** More than the system takes for a connection nobody reads from. */
const MEGABYTES_WRITTEN = 24;
const TEXT = "x".repeat(MEGABYTE);

/** Adds where the memory of the stream is booked: so many bytes are more than 8 MiB, 512 KiB, a block, or nothing much. */
async function books(server: TestServer, seen: Seen, what: string): Promise<void> {
  for (
    const field of [
      "repl_backlog_histlen",
      "mem_total_replication_buffers",
      "mem_replication_backlog",
      "mem_clients_slaves",
      "mem_not_counted_for_evict",
    ]
  ) seen.add(`${what} ${field}`, sizeClass(Number(await infoField(server, field))));
  const line = await rawReply(server, "CLIENT", "LIST", "TYPE", "replica");
  const omem = / obl=0 oll=\d+ omem=(\d+) /.exec(line)?.[1];
  const total = / tot-mem=(\d+) /.exec(line)?.[1];
  seen.add(`${what} omem`, omem === undefined ? "none" : sizeClass(Number(omem)));
  seen.add(`${what} tot-mem`, total === undefined ? "none" : sizeClass(Number(total)));
}

function sizeClass(bytes: number): string {
  if (bytes > 8 * MEGABYTE) return "much";
  if (bytes > MEGABYTE / 2) return "the backlog";
  return "little";
}

async function connectSilently(server: TestServer): Promise<Deno.Conn> {
  const replica = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
  await replica.write(new TextEncoder().encode("SYNC\r\n"));
  await waitForField(server, "slave0", (value) => value.includes("state=online"));
  return replica;
}

async function write(server: TestServer, megabytes: number): Promise<void> {
  await using client = await server.connect();
  for (let i = 0; i < megabytes; i++) await client.call("SET", "k", TEXT);
}

bothTest(
  "the stream is kept for a replica that takes nothing, and serves others meanwhile",
  [...NOW, "--client-output-buffer-limit", "replica 0 0 0", "--repl-backlog-size", "1mb"],
  async (server, seen) => {
    await books(server, seen, "nobody");
    const silent = await connectSilently(server);
    try {
      await write(server, MEGABYTES_WRITTEN);
      await books(server, seen, "behind");
      const id = await infoField(server, "master_replid");
      const from = Number(await infoField(server, "repl_backlog_first_byte_offset"));
      const [late, answer] = await RawReplica.attach(server.port, `${id} ${from + 2 * MEGABYTE}`);
      await using _ = late;
      seen.add("beyond repl-backlog-size", answer.trim());
    } finally {
      silent.close();
    }
    await waitForField(server, "connected_slaves", (n) => n === "0");
    await rawReply(server, "SET", "a", "1");
    await waitForField(server, "mem_total_replication_buffers", (n) => Number(n) < 3 * MEGABYTE);
    await books(server, seen, "gone");
  },
);

bothTest(
  "the log says which replica passed client-output-buffer-limit",
  [...NOW, "--client-output-buffer-limit", "replica 4mb 0 0"],
  async (server, seen) => {
    const silent = await connectSilently(server);
    try {
      await write(server, MEGABYTES_WRITTEN);
      await waitForField(server, "connected_slaves", (n) => n === "0");
    } finally {
      silent.close();
    }
    const words =
      /Client id=\d+ addr=127\.0\.0\.1:\d+ laddr=.* flags=S .* omem=\d{7,} .* scheduled to be closed/;
    seen.add("closed", `${words.test(server.log)}`);
  },
);

for (const save of ["", "900 1"]) {
  for (const isDiskless of ["yes", "no"]) {
    bothTest(
      `the last replica leaves a resync under way, diskless ${isDiskless}, save '${save}'`,
      [...NOW, "--repl-diskless-sync", isDiskless, "--save", save, "--rdb-key-save-delay", "20000"],
      async (server, seen) => {
        await rawReply(server, "DEBUG", "POPULATE", "60", "key", "1000");
        {
          const [attached] = await RawReplica.attach(server.port);
          await using _ = attached;
          await waitForField(server, "rdb_bgsave_in_progress", (n) => n === "1");
          await sleep(300);
        }
        await waitForField(server, "connected_slaves", (n) => n === "0");
        await sleep(300);
        // redis-server's child hears of its end when it looks for the next time.
        if (isDiskless === "no") seen.add("goes on", await infoField(server, "rdb_bgsave_in_progress"));
        await waitForField(server, "rdb_bgsave_in_progress", (n) => n === "0");
        seen.add("status", await infoField(server, "rdb_last_bgsave_status"));
        seen.log(server, 0, /^(?!.*terminated by signal)/);
      },
    );
  }
}
