/** Delivery to very many: a message is encoded once for each protocol, whoever listens. */
import { assertEquals } from "@std/assert";
import type { Client } from "../../server/client.ts";
import { PubSub } from "../../server/pubsub.ts";
import { latin1 } from "../../types/bytes.ts";

const SUBSCRIBERS = 10_000;

/** As much of a client as delivery has to do with; what it gets is kept. */
function listener(protocol: number, got: Uint8Array[]): Client {
  const out = { protocol, raw: (bytes: Uint8Array) => got.push(bytes) };
  return { out, transport: null, channels: new Set(), patterns: new Set() } as unknown as Client;
}

Deno.test("10,000 subscribers of one channel share one encoding of a message for each protocol", () => {
  const pubsub = new PubSub();
  const got: Uint8Array[] = [];
  for (let i = 0; i < SUBSCRIBERS; i++) pubsub.subscribe(listener(2 + i % 2, got), "news");
  assertEquals(pubsub.publish("news", "hello"), SUBSCRIBERS);
  assertEquals(got.length, SUBSCRIBERS);
  const encodings = [...new Set(got)].map((bytes) => latin1(bytes, 0, bytes.length));
  const body = "3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
  assertEquals(encodings, ["*" + body, ">" + body]);
});
