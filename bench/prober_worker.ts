/** The worker of prober.ts: `{ port }` begins, "take" is answered with what was seen since. */
import type { Pauses } from "./prober.ts";

interface Scope {
  onmessage: (event: MessageEvent<"take" | { port: number }>) => void;
  postMessage(message: Pauses): void;
}
const scope = globalThis as unknown as Scope;

const PING = new TextEncoder().encode("PING\r\n");
const PAUSE_MS = 1;

let seen: Pauses = { longest: 0, count: 0 };
/** When the PING that is not answered yet was sent, or undefined: a pause may be going on while it is asked for. */
let waitingSince: number | undefined;

async function probe(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64);
  for (;;) {
    waitingSince = performance.now();
    await conn.write(PING);
    if (await conn.read(buffer) === null) return;
    seen.longest = Math.max(seen.longest, performance.now() - waitingSince);
    seen.count++;
    waitingSince = undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

scope.onmessage = async ({ data }) => {
  if (data !== "take") probe(await Deno.connect({ port: data.port, hostname: "127.0.0.1" }));
  if (waitingSince !== undefined) seen.longest = Math.max(seen.longest, performance.now() - waitingSince);
  scope.postMessage(seen);
  seen = { longest: 0, count: 0 };
};
