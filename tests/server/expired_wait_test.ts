/** A client waits for a key that expires while nobody sends anything: the cron alone has to tell it. */
import { assertEquals } from "@std/assert";
import { toText } from "../helpers/bytes.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";

const GONE = "-UNBLOCKED the stream key no longer exists\r\n";

async function readerOfExpired(kind: Kind): Promise<void> {
  await using server = await startServer(kind);
  await using owner = await server.connect();
  await using reader = await server.connect();
  await owner.call("XGROUP", "CREATE", "stream", "g", "$", "MKSTREAM");
  await reader.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "stream", ">");
  while (await owner.infoNumber("blocked_clients") !== 1);
  await owner.call("PEXPIRE", "stream", "1");
  // From here on no command runs, which would serve the reader at its end.
  assertEquals(toText((await reader.read()).raw), GONE);
}

realTest("an expired stream ends the wait of its group's reader, without another command", async () => {
  await readerOfExpired("redis");
  await readerOfExpired("toy");
});
