/** HTTP to the port: the connection ends at once, nothing of the body runs, and the log says so once. */
import { assertEquals } from "@std/assert";
import { type Kind, realTest, startServer } from "../helpers/server.ts";
import { toText } from "../helpers/bytes.ts";

const REQUESTS = [
  "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nSET taken 1\r\n",
  "GET / HTTP/1.1\r\nhOsT: 127.0.0.1\r\n\r\nSET taken 1\r\n",
  "*2\r\n$4\r\npost\r\n$1\r\n/\r\n*3\r\n$3\r\nSET\r\n$5\r\ntaken\r\n$1\r\n1\r\n",
];

/** All that the server says until it closes. */
async function answer(port: number, request: string): Promise<string> {
  using conn = await Deno.connect({ port, hostname: "127.0.0.1" });
  await conn.write(new TextEncoder().encode(request));
  let all = "";
  const buffer = new Uint8Array(1024);
  try {
    for (let count; (count = await conn.read(buffer)) !== null;) all += toText(buffer.subarray(0, count));
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error; // closed with bytes unread
  }
  return all;
}

async function check(kind: Kind): Promise<void> {
  await using server = await startServer(kind);
  await using client = await server.connect();
  for (const request of REQUESTS) assertEquals(await answer(server.port, request), "");
  assertEquals(await client.call("EXISTS", "taken"), { type: "integer", value: 0n });
}

Deno.test("HTTP ends the connection before anything runs", () => check("toy"));
realTest("redis-server does so too", () => check("redis"));
