/** A primary in each of its states, next to redis-server: INFO, ROLE, what goes over the link, what the log says. */
import { assertMatch } from "@std/assert";
import { sleep } from "../helpers/client.ts";
import type { TestServer } from "../helpers/server.ts";
import { bothTest, rawReply, type Seen } from "./both.ts";
import { infoField, waitForField } from "./load.ts";
import { RawReplica, withoutIds } from "./raw_replica.ts";

const NOW = ["--repl-diskless-sync-delay", "0"];
/** Lines that grow by themselves. */
const GROWING = /^(master_repl_offset|repl_backlog_histlen|slave0)/;

bothTest(
  "INFO and ROLE while a replica comes and goes",
  [...NOW, "--repl-backlog-ttl", "1"],
  async (server, seen) => {
    await seen.state(server, "alone");
    await rawReply(server, "CONFIG", "SET", "repl-diskless-sync-delay", "2");
    const [attached, none] = await attachWaiting(server.port);
    {
      await using replica = attached;
      seen.add("no answer yet", none);
      await seen.state(server, "waiting");
      await replica.take(/^\n*\+FULLRESYNC[^\r]*\r\n/);
      await replica.takeFile();
      await waitForField(server, "slave0", (value) => value.includes("state=online"));
      await sleep(50);
      await seen.state(server, "online");
      await rawReply(server, "SET", "a", "1");
      await replica.take(/SET/);
      await replica.send("REPLCONF ACK 0");
      await sleep(50);
      await seen.state(server, "written");
      await seen.reply(server, "CLIENT", "LIST", "TYPE", "pubsub");
      assertMatch(await rawReply(server, "CLIENT", "LIST", "TYPE", "replica"), / flags=S /);
    }
    await waitForField(server, "connected_slaves", (n) => n === "0");
    await seen.state(server, "gone");
    await waitForField(server, "repl_backlog_active", (n) => n === "0");
    await seen.state(server, "backlog freed");
    seen.log(server);
  },
);

async function attachWaiting(port: number): Promise<[RawReplica, string]> {
  const replica = await RawReplica.connect(port);
  await replica.ask("REPLCONF listening-port 1234");
  await replica.ask("REPLCONF capa eof capa psync2");
  await replica.send("PSYNC ? -1");
  await sleep(200);
  return [replica, replica.received];
}

/** The commands of a session and what of them goes to the replicas, byte for byte. */
const SESSION = [
  ...[
    "SET a 1",
    "CLIENT PAUSE 300 WRITE",
    "WAIT 1 100",
    "SET b 1 EX 100",
    "SPOP nokey",
    "SADD s a",
    "SPOP s",
  ],
  ...[
    "MULTI",
    "SET x 1",
    "INCR y",
    "EXEC",
    "MULTI",
    "SET x 1",
    "EXEC",
    "MULTI",
    "GET x",
    "EXEC",
    "PUBLISH a b",
  ],
  ...["SPUBLISH a b", "MULTI", "PUBLISH a b", "PUBLISH c d", "EXEC", "GETEX a PERSIST", "EXPIRE a 100"],
  ...["INCRBYFLOAT f 1.5", "HINCRBYFLOAT h f 1.5", "RPUSH l a b c", "BRPOP l 0", "BLMOVE l l2 LEFT RIGHT 0"],
  ...["BLMPOP 0 1 l LEFT", "ZADD z 1 a 2 b", "BZPOPMIN z 0", "XADD st 1-1 f v", "XGROUP CREATE st g 0"],
  ...[
    "XREADGROUP GROUP g c NOACK STREAMS st >",
    "EVAL return{redis.call('incr','q'),redis.call('incr','q')} 0",
  ],
  ...[
    "EVAL return{redis.call('set','r',1)} 0",
    "EVAL return{redis.call('get','r')} 0",
    "SWAPDB 0 1",
    "SELECT 5",
  ],
  ...[
    "SET k v",
    "SELECT 0",
    "COPY k k2 DB 5",
    "RESTORE zz 0 xx",
    "FLUSHDB",
    "FLUSHALL",
    "DEL nothing",
    "SET end 1",
  ],
];

bothTest(
  "the stream to the replicas, byte for byte",
  [...NOW, "--repl-ping-replica-period", "3600"],
  async (server, seen) => {
    // The first second's ping would come anywhere in between.
    await sleep(1200);
    const [attached, answer] = await RawReplica.attach(server.port);
    await using replica = attached;
    seen.add("answer", answer);
    const file = await replica.takeFile();
    seen.add("file", /repl-stream-db.*repl-id/s.test(file) ? "has a place in the history" : "has none");
    await sleep(100);
    await using client = await server.connect();
    for (const command of SESSION) await client.call(...command.split(" "));
    const stream = await replica.take(/\r\nend\r\n.*\r\n1\r\n/s);
    for (const command of stream.split(/(?=\*\d)/)) {
      seen.add(
        "sent",
        JSON.stringify(command.replace(/\b\d{13}\b/g, "TIME")),
      );
    }
  },
);

/** What is saved, and whether there is a file. */
async function saved(server: TestServer, seen: Seen, what: string): Promise<void> {
  const fields = [
    "rdb_changes_since_last_save",
    "rdb_bgsave_in_progress",
    "rdb_last_bgsave_status",
    "rdb_saves",
  ];
  for (const field of fields) seen.add(`${what}: ${field}`, await infoField(server, field));
  const [, dir] = /dir\r\n.*\r\n(.*)/.exec(await rawReply(server, "CONFIG", "GET", "dir"))!;
  const names = [...Deno.readDirSync(dir!)].map(({ name }) => name).filter((name) => !/temp/.test(name));
  seen.add(what, names.join(" "));
}

for (
  const [how, ...args] of [["a file", "no", "no"], ["a file that goes", "no", "yes"], [
    "sockets",
    "yes",
    "no",
  ]]
) {
  bothTest(
    `a full resync by way of ${how} is a background save`,
    [
      ...NOW,
      "--repl-diskless-sync",
      args[0]!,
      "--rdb-del-sync-files",
      args[1]!,
      "--rdb-key-save-delay",
      "20000",
    ],
    async (server, seen) => {
      await rawReply(server, "MSET", ...Array.from({ length: 100 }, (_, i) => `${i}`));
      const [attached] = await RawReplica.attach(server.port);
      await using replica = attached;
      await waitForField(server, "rdb_bgsave_in_progress", (value) => value === "1");
      for (const words of [["BGSAVE"], ["BGSAVE", "SCHEDULE"], ["SAVE"]]) await seen.reply(server, ...words);
      await rawReply(server, "SET", "during", "1");
      await saved(server, seen, "during");
      await replica.takeFile();
      await waitForField(server, "slave0", (value) => value.includes("state=online"));
      await waitForField(server, "rdb_bgsave_in_progress", (value) => value === "0");
      await sleep(1500); // redis-server removes its file from time to time
      await saved(server, seen, "after");
    },
  );
}

for (const capable of [false, true]) {
  bothTest(`a part of the data set goes over the socket, ${capable ? "with" : "without"} EOF`, [
    ...NOW,
    "--repl-diskless-sync",
    "no",
  ], async (server, seen) => {
    await using replica = await RawReplica.connect(server.port);
    seen.add("filter", await replica.ask("REPLCONF rdb-filter-only functions"));
    if (capable) seen.add("capa", await replica.ask("REPLCONF capa eof"));
    await replica.send("PSYNC ? -1");
    seen.add("answer", (await replica.take(/^[^\r]*\r\n/)).slice(0, 12));
    if (capable) seen.add("form", (await replica.take(/^\n*\$[^\r]{4}/)).trim());
  });
}

bothTest("a replica whose command would be answered is disconnected", NOW, async (server, seen) => {
  for (const words of ["PING", "REPLCONF capa eof", "SUBSCRIBE x", "CLIENT REPLY OFF"]) {
    const from = server.log.length;
    const [attached] = await RawReplica.attach(server.port);
    await using replica = attached;
    await replica.takeFile();
    await waitForField(server, "slave0", (value) => value.includes("state=online"));
    await replica.send(words);
    if (words.startsWith("CLIENT")) await sleep(200);
    else await replica.closed();
    seen.add(words, `${replica.ended} ${/\+PONG|\+OK|subscribe/.test(replica.received)}`);
    seen.add(
      "log",
      /Replica generated a reply to command '\w+', disconnecting it/.exec(server.log.slice(from))?.[0] ?? "",
    );
  }
});

bothTest("SHUTDOWN asks replicas how far they are, and tells of those that lag", [
  ...NOW,
  "--shutdown-timeout",
  "1",
], async (server, seen) => {
  await sleep(1200);
  const [attached] = await RawReplica.attach(server.port);
  await using replica = attached;
  await replica.takeFile();
  await sleep(100);
  await rawReply(server, "SET", "a", "1");
  await using client = await server.connect();
  await client.send("SHUTDOWN", "NOSAVE");
  await replica.closed();
  seen.add("received", replica.received);
  await server.waitForExit();
  seen.log(server);
});

bothTest(
  "a replica that says nothing is given up after repl-timeout",
  [...NOW, "--repl-timeout", "2"],
  async (server, seen) => {
    const [attached] = await RawReplica.attach(server.port);
    await using replica = attached;
    await replica.takeFile();
    await replica.closed();
    await waitForField(server, "connected_slaves", (n) => n === "0");
    await seen.state(server, "gone", GROWING);
    seen.log(server);
  },
);

bothTest(
  "a replica that takes nothing is closed at client-output-buffer-limit",
  [...NOW, "--client-output-buffer-limit", "replica 2mb 0 0", "--repl-backlog-size", "1mb"],
  async (server, seen) => {
    const replica = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
    try {
      await replica.write(new TextEncoder().encode("SYNC\r\n"));
      await waitForField(server, "connected_slaves", (n) => n === "1");
      await using client = await server.connect();
      for (let i = 0; i < 30 && await infoField(server, "connected_slaves") === "1"; i++) {
        await client.call("SET", `k${i}`, "x".repeat(1_000_000));
      }
      await waitForField(server, "connected_slaves", (n) => n === "0");
      const log = server.log;
      seen.add("closed", `${/scheduled to be closed ASAP for overcoming of output buffer limits/.test(log)}`);
    } finally {
      replica.close();
    }
  },
);

bothTest("min-replicas-to-write looks at the lag", [
  ...NOW,
  "--min-replicas-to-write",
  "1",
  "--min-replicas-max-lag",
  "1",
], async (server, seen) => {
  await seen.reply(server, "SET", "a", "1");
  const [attached] = await RawReplica.attach(server.port);
  await using replica = attached;
  await replica.takeFile();
  await waitForField(server, "min_slaves_good_slaves", (n) => n === "1");
  await seen.reply(server, "SET", "a", "1");
  await waitForField(server, "min_slaves_good_slaves", (n) => n === "0");
  await seen.reply(server, "SET", "a", "1");
  await seen.reply(server, "CONFIG", "SET", "min-replicas-to-write", "0");
  await seen.reply(server, "SET", "a", "1");
  await seen.state(server, "no longer asked for", GROWING);
});

bothTest(
  "CLIENT KILL TYPE replica, an announced address, DEBUG CHANGE-REPL-ID",
  NOW,
  async (server, seen) => {
    const first = await RawReplica.connect(server.port);
    await using _ = first;
    seen.add("ip", await first.ask("REPLCONF listening-port 4321 ip-address 10.1.2.3"));
    seen.add("capa", await first.ask("REPLCONF capa eof capa psync2 capa unknown"));
    await first.send("PSYNC ? -1");
    await first.take(/FULLRESYNC[^\r]*\r\n/);
    await first.takeFile();
    await waitForField(server, "slave0", (value) => value.includes("state=online"));
    await seen.state(server, "announced", /offset|histlen/);
    await seen.reply(server, "FAILOVER", "TO", "10.1.2.3", "4322");
    for (const type of ["replica", "slave", "master"]) {
      await seen.reply(server, "CLIENT", "KILL", "TYPE", type);
      await sleep(50);
    }
    await first.closed();
    const id = await infoField(server, "master_replid");
    await seen.reply(server, "DEBUG", "CHANGE-REPL-ID");
    seen.add(
      "changed",
      `${id !== await infoField(server, "master_replid")} ${await infoField(server, "master_replid2")}`,
    );
    const [second, answer] = await RawReplica.attach(server.port, `${id} 1`);
    await using __ = second;
    seen.add("full, since the id is another", answer.replace(/\d+\r/, "N\r"));
    await second.takeFile();
    await server.waitForLog(/Synchronization with replica 127\.0\.0\.1:1 succeeded/);
    seen.log(server);
  },
);

bothTest(
  "PSYNC that cannot be partial, and says why",
  [...NOW, "--repl-backlog-size", "16kb"],
  async (server, seen) => {
    {
      const [attached] = await RawReplica.attach(server.port);
      await using replica = attached;
      await replica.takeFile();
      await rawReply(server, "SET", "a", "x".repeat(200_000));
      await replica.take(/xxx\r\n/);
    }
    const id = await infoField(server, "master_replid");
    for (const request of [`${id} 1`, `${id} 99999999`, `${"f".repeat(40)} 5`, "? -1", `${id} abc`]) {
      const replica = await RawReplica.connect(server.port);
      await using _ = replica;
      await replica.send(`PSYNC ${request}`);
      seen.add(
        withoutIds(request),
        // Before it there may be line breaks, with which a primary keeps one alive that waits.
        withoutIds(await replica.take(/^\n*[+-][^\r]*\r\n/)).replace(/^\n+/, "").replace(/\d+\r/, "N\r"),
      );
    }
    for (const name of ["sync_full", "sync_partial_ok", "sync_partial_err"]) {
      seen.add(
        name,
        await infoField(server, name),
      );
    }
    await sleep(100);
    seen.log(server, 0, /artial|Unable|Full|wrong|tried/);
  },
);

bothTest("FAILOVER waits, is forced, aborted", NOW, async (server, seen) => {
  const [attached] = await RawReplica.attach(server.port);
  await using replica = attached;
  await replica.takeFile();
  await waitForField(server, "slave0", (value) => value.includes("state=online"));
  await rawReply(server, "SET", "a", "1");
  const from = server.log.length;
  await seen.reply(server, "FAILOVER", "TIMEOUT", "600");
  await seen.state(server, "waiting", GROWING);
  await seen.reply(server, "FAILOVER", "TO", "127.0.0.1", "1");
  await seen.reply(server, "REPLICAOF", "127.0.0.1", "1");
  await seen.reply(server, "CLIENT", "UNPAUSE");
  await seen.reply(server, "SET", "held", "until it is over");
  await seen.state(server, "timed out", GROWING);
  await seen.reply(server, "FAILOVER", "TO", "127.0.0.1", "1", "TIMEOUT", "10000");
  await seen.reply(server, "FAILOVER", "ABORT");
  await seen.reply(server, "SET", "held", "no longer");
  await seen.reply(server, "FAILOVER", "TO", "127.0.0.1", "1", "FORCE", "TIMEOUT", "100");
  await waitForField(server, "master_failover_state", (state) => state === "failover-in-progress");
  await seen.reply(server, "FAILOVER", "ABORT");
  await seen.state(server, "aborted", GROWING);
  await seen.reply(server, "SET", "held", "no longer");
  await sleep(100);
  for (const line of server.log.slice(from).split("\n")) {
    const match = /[*#] ((?:FAILOVER|Failover|Aborting).*)/.exec(line);
    if (match !== null) seen.add("log", match[0]);
  }
});

/** A replica goes while its snapshot is written: the snapshot is given up, and the next one gets its own. */
for (const diskless of ["yes", "no"]) {
  bothTest(
    `a replica goes in the middle of its full sync (diskless: ${diskless})`,
    [...NOW, "--repl-diskless-sync", diskless],
    async (server, seen) => {
      await rawReply(server, "DEBUG", "POPULATE", "2000", "key", "100");
      await rawReply(server, "CONFIG", "SET", "rdb-key-save-delay", "5000");
      {
        const [attached] = await RawReplica.attach(server.port);
        await using _ = attached;
        await waitForField(server, "rdb_bgsave_in_progress", (value) => value === "1");
        await seen.state(server, "under way");
      }
      await waitForField(server, "connected_slaves", (n) => n === "0");
      await waitForField(server, "rdb_bgsave_in_progress", (value) => value === "0");
      await rawReply(server, "CONFIG", "SET", "rdb-key-save-delay", "0");
      const [attached] = await RawReplica.attach(server.port);
      await using replica = attached;
      seen.add("file", (await replica.takeFile()).slice(0, 9));
      await waitForField(server, "slave0", (value) => value.includes("state=online"));
      await seen.state(server, "next", GROWING);
      await rawReply(server, "SET", "a", "1");
      await replica.take(/SET/);
      for (const field of ["sync_full", "sync_partial_ok", "sync_partial_err"]) {
        seen.add(field, await infoField(server, field));
      }
    },
  );
}

bothTest("a replica counts for WAIT once it has acknowledged something itself", NOW, async (server, seen) => {
  // The history begins with the first replica.
  const [first] = await RawReplica.attach(server.port);
  await waitForField(server, "slave0", (value) => value.includes("state=online"));
  await rawReply(server, "SET", "key", "value");
  await first[Symbol.asyncDispose]();
  await waitForField(server, "connected_slaves", (value) => value === "0");
  const [replica, answer] = await RawReplica.attach(server.port);
  await using _ = replica;
  const [, id, offset] = /FULLRESYNC (\S+) (\d+)/.exec(answer)!;
  await waitForField(server, "slave0", (value) => value.includes("state=online"));
  await seen.state(server, "nothing acknowledged");
  await using client = await server.connect();
  const lines = ["SET a b", "WAIT 1 20"];
  for (const line of lines) seen.add(line, JSON.stringify((await client.frame(...line.split(" "))).raw));
  await replica.send(`REPLCONF ACK ${Number(offset) + 1000}`);
  seen.add("acknowledged", JSON.stringify((await client.frame("WAIT", "1", "0")).raw));
  const next = Number(await infoField(server, "master_repl_offset")) + 1;
  const [again, partial] = await RawReplica.attach(server.port, `${id!.toUpperCase()} ${next}`);
  await using __ = again;
  seen.add("the id in capitals", partial);
  await seen.state(server, "one that goes on");
});

bothTest("REPLCONF reads numbers and words as C does", NOW, async (server, seen) => {
  await using replica = await RawReplica.connect(server.port);
  const lines = [
    "listening-port 99999999999",
    "listening-port x",
    `rdb-filter-only '"'`,
    `rdb-filter-only ' functions'`,
  ];
  for (const line of lines) seen.add(line, await replica.ask(`REPLCONF ${line}`));
});
