/** client-output-buffer-limit: who does not read is cut off, and nobody else notices. */
import { assert, assertEquals } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { startServer, type TestServer } from "../helpers/server.ts";
import type { Client } from "../../server/client.ts";
import { FIXED_OUTPUT_BYTES } from "../../server/reply_room.ts";
import type { Clock } from "../../server/clock.ts";
import type { Config } from "../../server/config.ts";
import { OutputLimits } from "../../server/output_limits.ts";

const MESSAGE = "x".repeat(16_384);
/** More than a socket's buffers and the limit together take. */
const MOST_MESSAGES = 4000;

/** A subscriber of `news` that never reads: no RawClient, which reads all the time. */
async function deafSubscriber(server: TestServer): Promise<Deno.Conn> {
  const conn = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
  await conn.write(new TextEncoder().encode("CLIENT SETNAME deaf\r\nSUBSCRIBE news\r\n"));
  return conn;
}

async function text(client: RawClient, ...args: string[]): Promise<string> {
  const reply = await client.call(...args);
  return reply.type === "bulk" || reply.type === "simple" ? reply.text : "";
}

async function subscribers(client: RawClient): Promise<number> {
  const reply = await client.call("PUBSUB", "NUMSUB", "news");
  return reply.type === "array" && reply.items[1]!.type === "integer" ? Number(reply.items[1]!.value) : -1;
}

/** The fields of the deaf client's line in CLIENT LIST. */
async function deafFields(client: RawClient): Promise<Record<string, string> | undefined> {
  const line = (await text(client, "CLIENT", "LIST")).split("\n").find((each) => each.includes("name=deaf"));
  return line === undefined
    ? undefined
    : Object.fromEntries(line.split(" ").map((field) => field.split("=", 2)));
}

Deno.test("a slow subscriber is cut off at its limit, and the others get every message at once", async () => {
  await using server = await startServer("toy", {
    args: ["--client-output-buffer-limit", "pubsub", "500000", "0", "0"],
  });
  await using publisher = await server.connect();
  await using listener = await server.connect();
  await listener.call("SUBSCRIBE", "news");
  const deaf = await deafSubscriber(server);
  while (await subscribers(publisher) !== 2);
  let sent = 0;
  let most = 0;
  let cutOffAt = 0;
  // Two hundred messages after the deaf one is gone, to see that the others go on.
  while (sent < MOST_MESSAGES && (cutOffAt === 0 || sent < cutOffAt + 200)) {
    assert((await publisher.call("PUBLISH", "news", `${sent}:${MESSAGE}`)).type === "integer");
    // Each message is with the listener before the next one is published, whatever has piled up for the deaf one.
    const { value } = await listener.read();
    const payload = value.type === "array" ? value.items[2] : undefined;
    if (payload?.type !== "bulk") throw new Error(value.type);
    assertEquals(payload.text.split(":")[0], `${sent++}`);
    const fields = cutOffAt === 0 ? await deafFields(publisher) : undefined;
    if (fields !== undefined) most = Math.max(most, Number(fields.omem));
    else if (cutOffAt === 0) cutOffAt = sent;
  }
  assert(cutOffAt > 0, "the deaf subscriber is still there");
  assert(most > 400_000 && most < 500_000, `it had up to ${most} bytes pending`);
  assertEquals(await subscribers(publisher), 1);
  deaf.close();
});

Deno.test("the soft limit counts from when it was passed without a break", () => {
  let now = 1000;
  const limit = { hard: 0, soft: 1000, seconds: 2 };
  const none = { hard: 0, soft: 0, seconds: 0 };
  const config = { clientOutputBufferLimit: { normal: none, replica: none, pubsub: limit } };
  const limits = new OutputLimits(config as unknown as Config, { monoMs: () => now } as unknown as Clock);
  const client = { subscribed: true, overSoftLimitSince: 0 } as unknown as Client;
  const above = FIXED_OUTPUT_BYTES + 1000;
  assert(!limits.exceeded(client, above));
  now += 1900;
  assert(!limits.exceeded(client, above));
  assert(!limits.exceeded(client, above - 1)); // a break
  now += 200;
  assert(!limits.exceeded(client, above));
  now += 2001;
  assert(limits.exceeded(client, above));
  assert(!limits.exceeded(client, 0)); // all was taken
  assert(!limits.exceeded(client, above));
});
