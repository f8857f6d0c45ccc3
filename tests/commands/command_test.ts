// COMMAND against the real server: every command that is in the table must be described as there, and every way of
// asking must be answered as there. Only the order of commands is free (the real one is that of a hash table).

import { assertEquals } from "@std/assert";
import { CommandTable } from "../../commands/table.ts";
import { fromLatin1 } from "../../types/bytes.ts";
import { splitArgs } from "../helpers/bytes.ts";
import type { RawClient } from "../helpers/client.ts";
import { type Reply, show } from "../helpers/resp.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { realTest, withBoth } from "../helpers/server.ts";

function itemsOf(reply: Reply): Reply[] {
  return "items" in reply ? reply.items : [];
}

function textOf(reply: Reply | undefined): string {
  return reply !== undefined && "text" in reply ? reply.text : "";
}

/** A command's description with those of its sub-commands that are known, in alphabetical order. */
function sortedInfo(info: Reply, known: ReadonlySet<string>): Reply {
  const items = [...itemsOf(info)];
  const subcommands = items[9];
  if (subcommands === undefined) return info;
  const listed = itemsOf(subcommands).filter((one) => known.has(nameIn(one)));
  items[9] = { ...subcommands, items: listed.toSorted(byName) } as Reply;
  return { ...info, items } as Reply;
}

function byName(a: Reply, b: Reply): number {
  return nameIn(a) < nameIn(b) ? -1 : 1;
}

function nameIn(info: Reply): string {
  return textOf(itemsOf(info)[0]);
}

/** Names of all commands and sub-commands that this server has. */
async function namesOf(client: RawClient): Promise<string[]> {
  return itemsOf(await client.call("COMMAND", "LIST")).map(textOf).sort();
}

Deno.test("commands are found by names in any case, and again after others, unknown or of the same length", () => {
  const table = new CommandTable();
  const find = (name: string) => {
    const bytes = fromLatin1(`*1$${name}`);
    return table.find(bytes, 3, bytes.length)?.name;
  };
  const random = seededRandom(7);
  const names = ["GET", "get", "gEt", "SET", "DEL", "LPUSH", "RPUSH", "GEX", "G", "", "x".repeat(40), "GETX"];
  const known = new Set(["GET", "SET", "DEL", "LPUSH", "RPUSH"]);
  for (let i = 0; i < 5000; i++) {
    const name = names[random.below(names.length)]!;
    const upper = name.toUpperCase();
    for (let times = random.below(4); times >= 0; times--) {
      assertEquals(find(name), known.has(upper) ? upper : undefined, name);
    }
  }
});

realTest("COMMAND INFO describes every command as the real server does", async () => {
  await withBoth({}, async (toy, redis) => {
    await using a = await toy.connect();
    await using b = await redis.connect();
    const names = await namesOf(a);
    const known = new Set(names);
    for (const protocol of [2, 3]) {
      await a.call("HELLO", protocol);
      await b.call("HELLO", protocol);
      const ours = itemsOf(await a.call("COMMAND", "INFO", ...names));
      const theirs = itemsOf(await b.call("COMMAND", "INFO", ...names));
      for (const [i, name] of names.entries()) {
        const [our, their] = [sortedInfo(ours[i]!, known), sortedInfo(theirs[i]!, known)];
        assertEquals(show(our), show(their), `${name} in RESP${protocol}`);
      }
    }
  });
});

realTest(
  "COMMAND, COMMAND INFO, COUNT, DOCS and LIST without arguments agree about what there is",
  async () => {
    await withBoth({}, async (toy) => {
      await using client = await toy.connect();
      const all = await namesOf(client);
      const commands = all.filter((name) => !name.includes("|"));
      const described = itemsOf(await client.call("COMMAND"));
      assertEquals(described.map(nameIn).sort(), commands);
      assertEquals(show(await client.call("COMMAND", "INFO")), show(await client.call("COMMAND")));
      assertEquals(await client.call("COMMAND", "COUNT"), {
        type: "integer",
        value: BigInt(commands.length),
      });
      const docs = itemsOf(await client.call("COMMAND", "DOCS"));
      assertEquals(docs.filter((_, i) => i % 2 === 0).map(textOf).sort(), commands);
    });
  },
);

/** Requests whose replies do not depend on which commands there are, beyond the first groups. */
const REQUESTS = `
  COMMAND FOO
  COMMAND FOO bar baz
  COMMAND "get\\r\\nkeys" x y
  COMMAND COUNT x
  COMMAND HELP
  COMMAND HELP x
  COMMAND INFO nosuch get|x "" | config| command|count|x COMMAND|Count
  COMMAND DOCS nosuch get|x "" | command|count|x
  COMMAND LIST x
  COMMAND LIST FILTERBY
  COMMAND LIST FILTERBY ACLCAT
  COMMAND LIST FILTERBY ACLCAT nosuch
  COMMAND LIST FILTERBY ACLCAT @string
  COMMAND LIST FILTERBY MODULE nosuch
  COMMAND LIST FILTERBY FOO x
  COMMAND LIST FOO PATTERN x
  COMMAND LIST FILTERBY PATTERN a b
  command list filterby pattern MGE[A-Z]
  COMMAND LIST FILTERBY PATTERN ""
  COMMAND LIST FILTERBY PATTERN *|getkeysand*
  COMMAND GETKEYS
  COMMAND GETKEYS GET
  COMMAND GETKEYS GET a
  COMMAND GETKEYS get a b
  COMMAND GETKEYS nosuch a
  COMMAND GETKEYS PING a
  COMMAND GETKEYS COMMAND a
  COMMAND GETKEYS COMMAND COUNT
  COMMAND GETKEYS COMMAND|COUNT x
  COMMAND GETKEYS MGET a b a
  COMMAND GETKEYS MSET a 1 b
  COMMAND GETKEYS SET "a\\r\\n\\x00\\xff" 1
  COMMAND GETKEYSANDFLAGS
  COMMAND GETKEYSANDFLAGS GET a b
  COMMAND GETKEYSANDFLAGS MGET a b a
  COMMAND GETKEYSANDFLAGS SET a b NX GET
  COMMAND GETKEYSANDFLAGS SET a GET
  COMMAND GETKEYSANDFLAGS LCS a b LEN
`.trim().split("\n").map(splitArgs);

realTest("COMMAND answers every form of the question as the real server does", async () => {
  await withBoth({}, async (toy, redis) => {
    await using a = await toy.connect();
    await using b = await redis.connect();
    for (const protocol of [2, 3]) {
      await a.call("HELLO", protocol);
      await b.call("HELLO", protocol);
      for (const request of REQUESTS) {
        const [ours, theirs] = [await a.call(...request), await b.call(...request)];
        assertEquals(show(ours), show(theirs), `${request.join(" ")} in RESP${protocol}`);
      }
    }
  });
});

realTest("COMMAND LIST FILTERBY ACLCAT finds what COMMAND INFO says", async () => {
  await withBoth({}, async (toy, redis) => {
    await using a = await toy.connect();
    await using b = await redis.connect();
    const known = new Set(await namesOf(a));
    for (const category of itemsOf(await b.call("ACL", "CAT")).map(textOf)) {
      const filter = ["COMMAND", "LIST", "FILTERBY", "ACLCAT", category];
      const ours = itemsOf(await a.call(...filter)).map(textOf).sort();
      const theirs = itemsOf(await b.call(...filter)).map(textOf).sort();
      assertEquals(ours, theirs.filter((name) => known.has(name)), category);
    }
  });
});
