/** Replication: the program as a primary with replicas that we play, and as a replica of a primary that we play. */
import { sleep } from "../../helpers/client.ts";
import { concat, encodeCommand, show } from "../../helpers/resp.ts";
import type { Frame } from "../../helpers/resp.ts";
import { toBytes } from "../../helpers/bytes.ts";
import { bulk, int, nil, ok, simple } from "../../helpers/transcript.ts";
import { bulkWhere } from "../harness.ts";
import type { Link, Session, Stage } from "../harness.ts";
import { asVersion, checkRdbFile } from "../rdb_file.ts";

const extension = "replication";
const REPLID = "75cd7bc10c49047e0d163660f3b90625b1af31dc";
/** The empty database that the course offers to download. */
const EMPTY_RDB = asVersion(Uint8Array.from(
  ("524544495330303131fa0972656469732d76657205372e322e30fa0a72656469732d62697473c040fa056374696d65c26d08bc65fa0875" +
    "7365642d6d656dc2b0c41000fa08616f662d62617365c000fff06e3bfec0ff5aa2").match(/../g)!,
  (pair) => parseInt(pair, 16),
));
const SETS = [["SET", "foo", "123"], ["SET", "bar", "456"], ["SET", "baz", "789"]] as const;

/** The words of a command that came over a link. */
function words(frame: Frame): string[] {
  const { value } = frame;
  if (value.type !== "array") throw new Error(`expected a command, got ${show(value)}`);
  return value.items.map((item) => {
    if (item.type !== "bulk") throw new Error(`expected bulk strings, got ${show(value)}`);
    return item.text;
  });
}

function same(got: readonly string[], want: readonly string[]): boolean {
  return got.length === want.length &&
    got.every((word, i) => i === 0 ? word.toUpperCase() === want[0]!.toUpperCase() : word === want[i]);
}

/** Requires this command as the next one. */
async function command(link: Link, ...want: string[]): Promise<void> {
  const got = words(await link.frame());
  if (!same(got, want)) throw new Error(`expected ${want.join(" ")}, got ${got.join(" ")}`);
}

// --- the program is the replica ---

/** Starts the program as a replica of a primary that we play on port 6379. */
async function asReplica(s: Session): Promise<Link> {
  const listener = s.listen();
  s.start("--port", `${s.port(6380)}`, "--replicaof", `localhost ${s.port()}`);
  return await s.accept(listener);
}

/** Our side of the handshake, up to and including step `last` (1 PING, 2 REPLCONF, 3 PSYNC, 4 the RDB). */
async function playPrimary(s: Session, link: Link, last: 1 | 2 | 3 | 4): Promise<void> {
  await command(link, "PING");
  await link.noMore();
  await link.write(toBytes("+PONG\r\n"));
  if (last === 1) return;
  await command(link, "REPLCONF", "listening-port", `${s.port(6380)}`);
  await link.write(toBytes("+OK\r\n"));
  const capa = words(await link.frame());
  const good = capa.length >= 3 && capa[0]!.toUpperCase() === "REPLCONF" && capa[1] === "capa" &&
    (capa.length !== 5 || capa[3] === "capa");
  if (!good) throw new Error(`expected REPLCONF capa ..., got ${capa.join(" ")}`);
  await link.noMore();
  await link.write(toBytes("+OK\r\n"));
  if (last === 2) return;
  await command(link, "PSYNC", "?", "-1");
  await link.noMore();
  const resync = toBytes(`+FULLRESYNC ${REPLID} 0\r\n`);
  if (last === 3) return await link.write(resync);
  await link.write(concat([resync, toBytes(`$${EMPTY_RDB.length}\r\n`), EMPTY_RDB]));
}

/** Asks for an acknowledgement and requires this offset. */
async function getack(link: Link, offset: number): Promise<void> {
  await link.send("REPLCONF", "GETACK", "*");
  const got = words(await link.frame());
  const good = got.length === 3 && got[0]!.toUpperCase() === "REPLCONF" && got[1] === "ACK" &&
    got[2] === `${offset}`;
  if (!good) throw new Error(`expected REPLCONF ACK ${offset}, got ${got.join(" ")}`);
  await link.noMore();
}

// --- the program is the primary ---

/** A replica that we play: the handshake up to +FULLRESYNC. */
async function askSync(s: Session, port: number): Promise<Link> {
  const link = await s.connect();
  await link.must("PING", simple("PONG"));
  await link.must("REPLCONF", "listening-port", port, ok);
  await link.must("REPLCONF", "capa", "psync2", ok);
  await link.send("PSYNC", "?", "-1");
  const { value } = await link.frame();
  if (value.type !== "simple" || !/^FULLRESYNC [A-Za-z0-9]{40} 0$/.test(value.text)) {
    throw new Error(`expected FULLRESYNC <id> 0, got ${show(value)}`);
  }
  return link;
}

async function fullSync(s: Session, port = 6380): Promise<Link> {
  const link = await askSync(s, port);
  checkRdbFile(await link.file());
  return link;
}

/** The SETs must come in order, perhaps after one SELECT; returns the bytes that they took. */
async function propagated(
  link: Link,
  commands: readonly (readonly string[])[],
  selectAllowed = true,
): Promise<number> {
  let bytes = 0;
  for (const [i, want] of commands.entries()) {
    let frame = await link.frame();
    bytes += frame.raw.length;
    if (i === 0 && selectAllowed && words(frame)[0]!.toUpperCase() === "SELECT") {
      frame = await link.frame();
      bytes += frame.raw.length;
    }
    const got = words(frame);
    if (!same(got, want)) throw new Error(`${link.name}: expected ${want.join(" ")}, got ${got.join(" ")}`);
  }
  return bytes;
}

async function propagation(s: Session, replicas: number): Promise<void> {
  s.start("--port", `${s.port()}`);
  const links: Link[] = [];
  for (let i = 0; i < replicas; i++) links.push(await fullSync(s, 6380 + i));
  const client = await s.connect();
  for (const set of SETS) await client.must(...set, ok);
  for (const link of links) {
    await propagated(link, SETS);
    await link.noMore();
  }
}

/** One round of WAIT: which links answer, how the offset is counted. */
async function waitRound(
  links: Link[],
  offsets: number[],
  set: readonly string[],
  answering: number,
): Promise<void> {
  for (const [i, link] of links.entries()) {
    offsets[i]! += await propagated(link, [set]);
    const frame = await link.frame();
    const got = words(frame);
    if (!same(got, ["REPLCONF", "GETACK", "*"])) {
      throw new Error(`expected REPLCONF GETACK *, got ${got.join(" ")}`);
    }
    await link.noMore();
    if (i < answering) await link.send("REPLCONF", "ACK", `${offsets[i]}`);
    offsets[i]! += frame.raw.length;
  }
}

const info = (pattern: RegExp) => bulkWhere((text) => pattern.test(text), `INFO with ${pattern}`);

export const replication: Stage[] = [
  {
    extension,
    slug: "bw1",
    name: "Configure listening port",
    async run(s) {
      const port = s.int(6380, 6389);
      s.start("--port", `${s.port(port)}`);
      await s.connect(port, 17, 1000);
    },
  },
  {
    extension,
    slug: "ye5",
    name: "The INFO command",
    async run(s) {
      s.start();
      await (await s.connect()).must("INFO", "replication", info(/role:master/));
    },
  },
  {
    extension,
    slug: "hc6",
    name: "The INFO command on a replica",
    async run(s) {
      const listener = s.listen();
      s.start("--port", `${s.port(6380)}`, "--replicaof", `localhost ${s.port()}`);
      // The handshake goes on in the background; whether the program connects is not asked here.
      s.accept(listener).then((link) => playPrimary(s, link, 4)).catch(() => {});
      const client = await s.connect(6380);
      await client.must("INFO", "replication", info(/role:slave/));
    },
  },
  {
    extension,
    slug: "xc1",
    name: "Initial replication ID and offset",
    async run(s) {
      s.start();
      const c = await s.connect();
      await c.must("INFO", "replication", info(/master_replid:[a-zA-Z0-9]{40}\b/));
      await c.must("INFO", "replication", info(/master_repl_offset:0\b/));
    },
  },
  {
    extension,
    slug: "gl7",
    name: "Send handshake (1/3)",
    async run(s) {
      await playPrimary(s, await asReplica(s), 1);
    },
  },
  {
    extension,
    slug: "eh4",
    name: "Send handshake (2/3)",
    async run(s) {
      await playPrimary(s, await asReplica(s), 2);
    },
  },
  {
    extension,
    slug: "ju6",
    name: "Send handshake (3/3)",
    async run(s) {
      await playPrimary(s, await asReplica(s), 3);
    },
  },
  {
    extension,
    slug: "fj0",
    name: "Receive handshake (1/2)",
    async run(s) {
      s.start("--port", `${s.port()}`);
      const link = await s.connect();
      await link.must("PING", simple("PONG"));
      await link.must("REPLCONF", "listening-port", 6380, ok);
      await link.must("REPLCONF", "capa", "psync2", ok);
    },
  },
  {
    extension,
    slug: "vm3",
    name: "Receive handshake (2/2)",
    async run(s) {
      s.start("--port", `${s.port()}`);
      await askSync(s, 6380);
    },
  },
  {
    extension,
    slug: "cf8",
    name: "Empty RDB transfer",
    async run(s) {
      s.start("--port", `${s.port()}`);
      const link = await fullSync(s);
      await link.noMore();
    },
  },
  {
    extension,
    slug: "zn8",
    name: "Single-replica propagation",
    run: (s) => propagation(s, 1),
  },
  {
    extension,
    slug: "hd5",
    name: "Multi-replica propagation",
    run: (s) => propagation(s, 3),
  },
  {
    extension,
    slug: "yg4",
    name: "Command processing",
    async run(s) {
      const link = await asReplica(s);
      await playPrimary(s, link, 4);
      await link.write(concat(SETS.map(encodeCommand)));
      const client = await s.connect(6380);
      for (const [, key, value] of SETS) {
        for (let retry = 0;; retry++) {
          await client.send("GET", key);
          const frame = await client.frame();
          await client.noMore();
          if (bulk(value).accepts(frame)) break;
          if (!nil.accepts(frame) || retry === 5) {
            throw new Error(`GET ${key} on the replica: ${show(frame.value)}`);
          }
          await sleep(500);
        }
      }
    },
  },
  {
    extension,
    slug: "xv6",
    name: "ACKs with no commands",
    async run(s) {
      const link = await asReplica(s);
      await playPrimary(s, link, 4);
      await getack(link, 0);
    },
  },
  {
    extension,
    slug: "yd3",
    name: "ACKs with commands",
    async run(s) {
      const link = await asReplica(s);
      await playPrimary(s, link, 4);
      await getack(link, 0);
      await link.send("PING");
      await link.noMore();
      await getack(link, 51);
      let offset = 51 + 37;
      for (let i = 0; i < 2; i++) {
        const set = encodeCommand(["SET", s.word(), s.word()]);
        await link.write(set);
        await link.noMore();
        offset += set.length;
      }
      await getack(link, offset);
    },
  },
  {
    extension,
    slug: "my8",
    name: "WAIT with no replicas",
    async run(s) {
      s.start("--port", `${s.port()}`);
      await (await s.connect()).must("WAIT", 0, 60000, int(0));
    },
  },
  {
    extension,
    slug: "tu8",
    name: "WAIT with no commands",
    async run(s) {
      s.start("--port", `${s.port()}`);
      const count = s.int(3, 8);
      for (let i = 0; i < count; i++) await fullSync(s, 6380 + i);
      const client = await s.connect();
      const step = Math.max(1, Math.floor(count / 3));
      for (let n = 3; n <= count + 2; n += step) await client.must("WAIT", n, 500, int(count));
    },
  },
  {
    extension,
    slug: "na2",
    name: "WAIT with multiple commands",
    async run(s) {
      s.start("--port", `${s.port()}`);
      const count = s.int(3, 4);
      const links: Link[] = [];
      for (let i = 0; i < count; i++) links.push(await fullSync(s, 6380 + i));
      const offsets = links.map(() => 0);
      const client = await s.connect();
      await client.must("SET", "foo", "123", ok);
      await client.send("WAIT", 1, 500);
      await waitRound(links, offsets, ["SET", "foo", "123"], 1);
      await client.receive(int(1), 4000);

      const wanted = s.int(3, count);
      await client.must("SET", "baz", "789", ok);
      const started = performance.now();
      await client.send("WAIT", wanted, 2000);
      await waitRound(links, offsets, ["SET", "baz", "789"], wanted - 1);
      await client.receive(int(wanted - 1), 4000);
      const waited = performance.now() - started;
      if (Math.abs(waited - 2000) > 500) throw new Error(`WAIT took ${waited.toFixed(0)} ms, not 2000 ± 500`);
    },
  },
];
