// The documentation is data that client libraries generate code from, so every fact in it is compared with the real
// server; only our own sentences differ, and that they do is checked too.

import { assert, assertEquals } from "@std/assert";
import { docsOf, documentedNames, writeDocs } from "../../commands/docs/mod.ts";
import { Reply as ReplyWriter } from "../../resp.ts";
import { RawClient } from "../helpers/client.ts";
import { parse, type Reply, show } from "../helpers/resp.ts";
import { realTest, startServer } from "../helpers/server.ts";
import { COMMAND_NAMES } from "./command_names.ts";

function ourDocs(fullname: string, protocol: number): Reply {
  const reply = new ReplyWriter();
  reply.protocol = protocol;
  writeDocs(reply, docsOf(fullname)!);
  return parse(reply.buf.subarray(0, reply.pos));
}

async function realDocs(client: RawClient, fullname: string): Promise<Reply> {
  const reply = await client.call("COMMAND", "DOCS", fullname);
  return itemsOf(reply)[1]!;
}

function itemsOf(reply: Reply | undefined): Reply[] {
  return reply !== undefined && "items" in reply ? reply.items : [];
}

function textOf(reply: Reply | undefined): string {
  return reply !== undefined && "text" in reply ? reply.text : "";
}

/** The value of a field of a map, or of the array that RESP2 has for one. */
function field(map: Reply, name: string): Reply | undefined {
  const items = itemsOf(map);
  for (let i = 0; i < items.length; i += 2) if (textOf(items[i]) === name) return items[i + 1];
  return undefined;
}

/** The same documentation without sentences, and with what the real server keeps in hash tables in a fixed order. */
function facts(docs: Reply): Reply {
  const items = itemsOf(docs).map((item) => item);
  for (let i = 0; i < items.length; i += 2) {
    const name = textOf(items[i]);
    const value = items[i + 1]!;
    if (name === "summary") items[i + 1] = { type: "bulk", text: "" };
    if (name === "history") items[i + 1] = withItems(value, itemsOf(value).map((one) => itemsOf(one)[0]!));
    if (name === "subcommands") items[i + 1] = withItems(value, sortedPairs(itemsOf(value)));
  }
  return withItems(docs, items);
}

function withItems(reply: Reply, items: Reply[]): Reply {
  return { ...reply, items } as Reply;
}

function sortedPairs(items: Reply[]): Reply[] {
  const pairs: [name: Reply, docs: Reply][] = [];
  for (let i = 0; i < items.length; i += 2) pairs.push([items[i]!, facts(items[i + 1]!)]);
  pairs.sort((a, b) => textOf(a[0]) < textOf(b[0]) ? -1 : 1);
  return pairs.flat();
}

Deno.test("every command and subcommand of 7.0.15 is documented, in its group, and nothing else", () => {
  const documented = new Map(documentedNames().map((name) => [name, docsOf(name)!.group]));
  for (const [group, names] of Object.entries(COMMAND_NAMES)) {
    for (const name of names) {
      assertEquals(documented.get(name), group, name);
      documented.delete(name);
    }
  }
  assertEquals([...documented.keys()], []);
});

Deno.test("a summary is one line without a full stop, a change is a version and a sentence", () => {
  for (const name of documentedNames()) {
    const { docs } = docsOf(name)!;
    assert(/^[A-Z].*[^.\s]$/.test(docs.summary), `${name}: ${docs.summary}`);
    assert(/^[ -~]*$/.test(JSON.stringify(docs)), `${name}: texts are written byte by byte, so ASCII only`);
    assert(docs.summary.length <= 90, `${name}: a summary is one line`);
    for (const [version, change] of docs.history ?? []) {
      assert(/^\d+\.\d+\.\d+$/.test(version), `${name}: ${version}`);
      assert(/^[A-Z`].*\.$/.test(change), `${name}: ${change}`);
    }
  }
});

Deno.test("an unknown name has no documentation", () => {
  assertEquals(docsOf("nosuch"), undefined);
  assertEquals(docsOf("get|get"), undefined);
  assertEquals(docsOf("__proto__"), undefined);
});

for (const protocol of [2, 3]) {
  realTest(`COMMAND DOCS states the facts of the real server (RESP${protocol})`, async () => {
    await using redis = await startServer("redis");
    await using client = await redis.connect();
    await client.call("HELLO", protocol);
    for (const name of documentedNames()) {
      const ours = ourDocs(name, protocol);
      assertEquals(show(facts(ours)), show(facts(await realDocs(client, name))), name);
    }
  });
}

realTest("summaries and histories are our own words", async () => {
  await using redis = await startServer("redis");
  await using client = await redis.connect();
  const copied: string[] = [];
  for (const name of documentedNames()) {
    const { docs } = docsOf(name)!;
    const real = await realDocs(client, name);
    const theirs = new Set([textOf(field(real, "summary"))]);
    for (const one of itemsOf(field(real, "history"))) theirs.add(textOf(itemsOf(one)[1]));
    for (const text of [docs.summary, ...(docs.history ?? []).map(([, change]) => change)]) {
      if (text.split(" ").length > 4 && theirs.has(text)) copied.push(`${name}: ${text}`);
    }
  }
  assertEquals(copied, []);
});
