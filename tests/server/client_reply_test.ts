/** CLIENT REPLY and clients that wait: what is answered later is kept back as what is answered at once. */
import { assertEquals } from "@std/assert";
import { show } from "../helpers/resp.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";

async function check(kind: Kind): Promise<void> {
  await using server = await startServer(kind);
  await using off = await server.connect();
  await using skip = await server.connect();
  await using other = await server.connect();
  const waiting = async (count: number) => {
    while (await other.infoNumber("blocked_clients") !== count);
  };
  await off.write(new TextEncoder().encode("CLIENT REPLY off\r\nBLPOP list 0\r\n"));
  await waiting(1);
  await skip.write(new TextEncoder().encode("CLIENT REPLY skip\r\nBLPOP list 0\r\n"));
  await waiting(2);
  await other.call("RPUSH", "list", "x", "y");
  assertEquals(show(await skip.call("ECHO", "first")), '"first"');
  assertEquals(show(await off.call("CLIENT", "REPLY", "on")), "+OK");
  assertEquals(show(await off.call("ECHO", "second")), '"second"');
  await skip.write(new TextEncoder().encode("CLIENT REPLY skip\r\nBLPOP list 0.01\r\n"));
  assertEquals(show(await skip.call("ECHO", "third")), '"third"');
  assertEquals(show(await skip.call("PING")), "+PONG");
}

Deno.test("who wants no reply gets none when its wait ends", () => check("toy"));
realTest("from redis-server neither", () => check("redis"));
