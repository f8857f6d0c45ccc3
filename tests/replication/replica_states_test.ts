/** A replica in each of its states, next to redis-server: what it says to its primary, INFO, ROLE, the log. */
import { assert, assertEquals } from "@std/assert";
import { sleep } from "../helpers/client.ts";
import { realTest, startServer, type TestServer } from "../helpers/server.ts";
import { bothTest, rawReply, type Seen } from "./both.ts";
import { type Answers, FakePrimary } from "./fake_primary.ts";
import { infoField, waitForField } from "./load.ts";

const ID = "a".repeat(40);
/** An empty RDB file of version 10, without a checksum. */
const EMPTY = new TextEncoder().encode("REDIS0010\xff".slice(0, 9));
const NOTHING = new Uint8Array([...EMPTY, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
const SECONDS = /seconds|_io_|sync_perc/;
const isUp = (value: string) => value === "up";

function follow(server: TestServer, port: number): Promise<string> {
  return rawReply(server, "REPLICAOF", "127.0.0.1", `${port}`);
}

/** The commands of the handshake; the listening port is the replica's own. */
function addCommands(seen: Seen, primary: FakePrimary, server: TestServer): void {
  for (const command of primary.commands) {
    if (!command.startsWith("REPLCONF ACK")) seen.add("said", command.replace(`${server.port}`, "OWN"));
  }
}

bothTest(
  "INFO and ROLE from the first attempt to the link that is up, and back",
  [],
  async (server, seen) => {
    const answers: Answers = {
      psync: `+FULLRESYNC ${ID} 100`,
      file: NOTHING,
      end: "eof",
      others: { PING: "" },
    };
    const nobody = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = nobody.addr as Deno.NetAddr;
    nobody.close();
    seen.add("REPLICAOF", await follow(server, port));
    await sleep(100);
    await seen.state(server, "nobody there", SECONDS);
    await using primary = new FakePrimary(answers);
    // It says nothing to PING.
    await follow(server, primary.port);
    await sleep(200);
    await seen.state(server, "handshake", SECONDS);
    await seen.reply(server, "REPLICAOF", "127.0.0.1", `${primary.port}`);
    answers.others = {};
    answers.hold = true;
    primary.cut();
    await waitForField(server, "master_sync_in_progress", (value) => value === "1");
    await sleep(100);
    await seen.state(server, "sync", SECONDS);
    await primary.release();
    await waitForField(server, "master_link_status", isUp);
    await primary.broadcast("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n");
    await waitForField(server, "slave_repl_offset", (value) => value === "150");
    await seen.state(server, "connected", SECONDS);
    for (
      const words of [["GET", "a"], ["SET", "a", "2"], ["WAIT", "0", "0"], ["FAILOVER"], [
        "REPLICAOF",
        "no",
        "one",
      ]]
    ) {
      await seen.reply(server, ...words);
    }
    await seen.state(server, "promoted", SECONDS);
    addCommands(seen, primary, server);
    seen.log(server);
  },
);

bothTest("a link that is lost goes on, under another name too", [], async (server, seen) => {
  const answers: Answers = { psync: `+FULLRESYNC ${ID} 100`, file: NOTHING, end: "length" };
  await using primary = new FakePrimary(answers);
  await follow(server, primary.port);
  await waitForField(server, "master_link_status", isUp);
  await seen.state(server, "full", SECONDS);
  answers.psync = "+CONTINUE";
  primary.cut();
  await server.waitForLog(/Successful partial/);
  await waitForField(server, "master_link_status", isUp);
  answers.psync = `+CONTINUE ${"b".repeat(40)}`;
  primary.cut();
  await server.waitForLog(/replication ID changed/);
  await waitForField(server, "master_link_status", isUp);
  await seen.state(server, "continued", SECONDS);
  addCommands(seen, primary, server);
  seen.log(server);
});

const REFUSALS: [string, Partial<Answers>][] = [
  ["a wrong password", {
    others: { AUTH: "-WRONGPASS invalid username-password pair or user is disabled." },
  }],
  ["no password asked for", {
    others: { AUTH: "-ERR AUTH <password> called without any password configured" },
  }],
  ["PING refused", { others: { PING: "-NOAUTH Authentication required." } }],
  ["PING with an error", { others: { PING: "-LOADING Redis is loading the dataset in memory" } }],
  ["REPLCONF unknown", { others: { REPLCONF: "-ERR unknown command" } }],
  ["not now", { psync: "-NOMASTERLINK Can't SYNC while not connected with my master" }],
  ["loading", { psync: "-LOADING Redis is loading the dataset in memory" }],
  ["something else", { psync: "+WHAT" }],
  ["a full resync without an id", { psync: "+FULLRESYNC x 1" }],
];
for (const [what, refusal] of REFUSALS) {
  bothTest(
    `a primary that answers: ${what}`,
    ["--masteruser", "bob", "--masterauth", "secret"],
    async (server, seen) => {
      await using primary = new FakePrimary({
        psync: `+FULLRESYNC ${ID} 100`,
        file: NOTHING,
        end: "eof",
        ...refusal,
      });
      await follow(server, primary.port);
      await sleep(600);
      // One attempt: the next comes with the cron, at another moment of each server's second.
      const attempts = primary.commands.join("\n").split(/^PING$/m);
      for (const command of attempts[1]!.trim().split("\n")) {
        // redis-server sends what follows AUTH before it has the answer.
        const isEarly = what.includes("password") && command.startsWith("REPLCONF");
        if (!isEarly && !command.startsWith("REPLCONF ACK")) {
          seen.add("said", command.replace(`${server.port}`, "OWN"));
        }
      }
      const log = server.log.slice(server.log.indexOf("Non blocking connect")).split(
        /Connecting to MASTER|Reconnecting/,
      )[0]!;
      for (const line of log.split("\n").slice(1)) {
        const text = /[*#] ([^*#]+)$/.exec(line)?.[0];
        if (text !== undefined && !/REPLICAOF|RDB|DB saved/.test(text)) seen.add("log", text);
      }
      seen.add("link", await infoField(server, "master_link_status"));
    },
  );
}

bothTest(
  "an announced address is told to the primary",
  ["--replica-announce-ip", "10.9.8.7", "--replica-announce-port", "4444"],
  async (server, seen) => {
    await using primary = new FakePrimary({ psync: `+FULLRESYNC ${ID} 0`, file: NOTHING, end: "eof" });
    await follow(server, primary.port);
    await waitForField(server, "master_link_status", isUp);
    addCommands(seen, primary, server);
  },
);

bothTest(
  "a silent primary is left after repl-timeout, in each phase",
  ["--repl-timeout", "2"],
  async (server, seen) => {
    const answers: Answers = {
      psync: `+FULLRESYNC ${ID} 0`,
      file: NOTHING,
      end: "eof",
      others: { PING: "" },
    };
    await using primary = new FakePrimary(answers);
    await follow(server, primary.port);
    await server.waitForLog(/Timeout connecting/);
    answers.others = {};
    answers.hold = true;
    await server.waitForLog(/Timeout receiving/);
    answers.hold = false;
    await server.waitForLog(/MASTER timeout/);
    for (const line of new Set(server.log.match(/[*#] .*[Tt]imeout.*/g))) seen.add("log", line);
  },
);

bothTest(
  "replica-serve-stale-data no, replica-read-only no",
  ["--replica-serve-stale-data", "no", "--replica-read-only", "no", "--repl-timeout", "60"],
  async (server, seen) => {
    await rawReply(server, "SET", "a", "1");
    await follow(server, 1);
    await sleep(50);
    for (
      const words of [
        "GET a",
        "SET a 2",
        "PING",
        "INFO replication x",
        "ROLE",
        "SUBSCRIBE c",
        "MULTI",
        "EXEC",
        "CONFIG GET save",
      ]
    ) {
      if (words !== "ROLE") await seen.reply(server, ...words.split(" "));
    }
    await using primary = new FakePrimary({ psync: `+FULLRESYNC ${ID} 0`, file: NOTHING, end: "eof" });
    await follow(server, primary.port);
    await waitForField(server, "master_link_status", isUp);
    for (const words of ["SET own 2", "GET own", "EXPIRE own 100"]) {
      await seen.reply(server, ...words.split(" "));
    }
    await seen.state(server, "writable", SECONDS);
  },
);

for (const ignores of ["yes", "no"]) {
  bothTest(`replica-ignore-maxmemory ${ignores}`, [
    ...["--replica-ignore-maxmemory", ignores, "--maxmemory-policy", "noeviction"],
  ], async (server, seen) => {
    await using primary = new FakePrimary({ psync: `+FULLRESYNC ${ID} 0`, file: NOTHING, end: "eof" });
    await follow(server, primary.port);
    await waitForField(server, "master_link_status", isUp);
    await primary.broadcast("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n");
    await waitForField(server, "slave_repl_offset", (value) => value === "27");
    await rawReply(server, "CONFIG", "SET", "maxmemory", "1");
    await primary.broadcast("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n");
    await waitForField(server, "slave_repl_offset", (value) => value === "54");
    await seen.reply(server, "DBSIZE");
  });
}

bothTest(
  "replicas that follow themselves or each other have no link",
  ["--shutdown-timeout", "0"],
  async (server, seen, kind) => {
    await follow(server, server.port);
    await sleep(1200);
    seen.add("itself", await infoField(server, "master_link_status"));
    await using other = await startServer(kind, {
      args: ["--replicaof", "127.0.0.1", `${server.port}`, "--shutdown-timeout", "0"],
    });
    await follow(server, other.port);
    await sleep(2500);
    for (const one of [server, other]) seen.add("each other", await infoField(one, "master_link_status"));
    seen.add("log", /Master is currently unable to PSYNC[^\r\n]*/.exec(other.log)?.[0] ?? "nothing");
    await seen.reply(server, "REPLICAOF", "NO", "ONE");
    await waitForField(other, "master_link_status", isUp);
  },
);

Deno.test("files of RDB versions 11 and 12 are taken from newer primaries", async () => {
  for (const version of ["0011", "0012"]) {
    // A key of type 20, a set in a listpack, which came with version 11: key s, members a and b.
    const listpack = [11, 0, 0, 0, 2, 0, 0x81, 0x61, 2, 0x81, 0x62, 2, 0xff];
    listpack[0] = listpack.length;
    const bytes = [0xfe, 0, 20, 1, 0x73, listpack.length, ...listpack, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
    const file = new Uint8Array([...new TextEncoder().encode(`REDIS${version}`), ...bytes]);
    await using primary = new FakePrimary({ psync: `+FULLRESYNC ${ID} 0`, file, end: "length" });
    await using server = await startServer("toy");
    await follow(server, primary.port);
    await waitForField(server, "master_link_status", isUp);
    assertEquals(await rawReply(server, "SORT_RO", "s", "ALPHA"), "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  }
});

Deno.test("INFO counts what goes over the link, on both sides, and the memory of the backlog", async () => {
  await using primary = await startServer("toy", { args: ["--repl-diskless-sync-delay", "0"] });
  await using replica = await startServer("toy", { args: ["--replicaof", "127.0.0.1", `${primary.port}`] });
  await waitForField(replica, "master_link_status", isUp);
  const before = Number(await infoField(primary, "total_net_repl_output_bytes"));
  const plainBefore = Number(await infoField(primary, "total_net_output_bytes"));
  await rawReply(primary, "SET", "a", "x".repeat(300_000));
  await waitForField(replica, "total_net_repl_input_bytes", (value) => Number(value) > 300_000);
  await waitForField(primary, "total_net_repl_output_bytes", (value) => Number(value) >= before + 300_000);
  const plain = Number(await infoField(primary, "total_net_output_bytes")) - plainBefore;
  assertEquals(plain < 300_000, true, `${plain} bytes to other clients`);
  assertEquals(Number(await infoField(primary, "mem_replication_backlog")) >= 300_000, true);
});

realTest(
  "a replica that cannot open a file for its primary's data tries again with the cron only",
  async () => {
    await using primary = await startServer("redis", { args: ["--repl-diskless-sync-delay", "0"] });
    await using replica = await startServer("toy", {
      args: ["--rdb-del-sync-files", "yes", "--enable-protected-configs", "yes"],
    });
    const gone = `${replica.dir}/gone`;
    await Deno.mkdir(gone);
    await using client = await replica.connect();
    await client.call("CONFIG", "SET", "dir", gone);
    await Deno.remove(gone);
    await client.call("REPLICAOF", "127.0.0.1", `${primary.port}`);
    await replica.waitForLog(
      /Opening the temp file needed for MASTER <-> REPLICA synchronization: No such file or dir/,
    );
    await sleep(500);
    // Each attempt has the primary make a snapshot: one at once, and one a second at most.
    assert(replica.log.split("Opening the temp file").length < 4, replica.log);
    assertEquals(replica.log.includes("Reconnecting to MASTER"), false);
    await client.call("CONFIG", "SET", "dir", replica.dir);
    await replica.waitForLog(/Removing the RDB file obtained from the master/);
  },
);
