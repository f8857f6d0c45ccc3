/** Others are served while one client's pipeline goes on and on. */
import { assert } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { encodeCommand } from "../helpers/resp.ts";
import { startServer } from "../helpers/server.ts";

Deno.test("clients that come while a pipeline goes on are served before the pipeline ends", async () => {
  await using server = await startServer("toy");
  const greedy = await Deno.connect({ port: server.port });
  const one = encodeCommand(["SET", "key", "value"]);
  const chunk = new Uint8Array(one.length * 4000);
  for (let at = 0; at < chunk.length; at += one.length) chunk.set(one, at);
  let sending = true, chunks = 0;
  const writing = (async () => {
    // Ends by itself, so that a server which starves others fails the test instead of hanging it.
    while (sending && chunks < 500) {
      for (let at = 0; at < chunk.length;) at += await greedy.write(chunk.subarray(at));
      chunks++;
    }
  })();
  const reading = (async () => {
    const buffer = new Uint8Array(64 * 1024);
    try {
      while (await greedy.read(buffer) !== null);
    } catch {
      // closed below
    }
  })();
  while (chunks < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  for (let n = 0; n < 4; n++) {
    await using other = await RawClient.connect(server.port);
    for (let i = 0; i < 10; i++) await other.call("PING");
  }
  const served = chunks;
  sending = false;
  await writing;
  greedy.close();
  await reading;
  assert(served < 500, "forty PINGs took as long as two million commands of another client");
});
