/** Others are served while one client's pipeline goes on and on. */
import { assert } from "@std/assert";
import { RawClient } from "../helpers/client.ts";
import { startServer } from "../helpers/server.ts";

/** Commands that the greedy client sends before it ends by itself, so that a server which starves others is found out. */
const COMMANDS = 2_000_000;

/**
 * Sends SETs for as long as the server takes them; its first message says that it is under way, its second that it has ended. A
 * thread of its own, so that it never leaves the server without requests because the test itself is busy.
 */
function greedy(port: number): Worker {
  const source = `
    const encoder = new TextEncoder();
    const set = (i) => "*3\\r\\n$3\\r\\nSET\\r\\n$16\\r\\nkey:" + String(i).padStart(12, "0") + "\\r\\n$3\\r\\nxxx\\r\\n";
    const conn = await Deno.connect({ port: ${port} });
    const last = ${COMMANDS} * 5;
    const reading = (async () => {
      const buffer = new Uint8Array(64 * 1024);
      for (let got = 0; got < last;) got += await conn.read(buffer);
    })();
    for (let sent = 0; sent < ${COMMANDS}; sent += 4000) {
      let text = "";
      for (let i = 0; i < 4000; i++) text += set(sent + i);
      const chunk = encoder.encode(text);
      for (let at = 0; at < chunk.length;) at += await conn.write(chunk.subarray(at));
      if (sent === 40_000) postMessage("under way");
    }
    await reading;
    postMessage("ended");`;
  return new Worker(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
}

Deno.test("clients that come while a pipeline goes on are served before the pipeline ends", async () => {
  await using server = await startServer("toy");
  const worker = greedy(server.port);
  let ended = false;
  const { promise: underWay, resolve } = Promise.withResolvers<void>();
  worker.onmessage = ({ data }) => {
    if (data === "ended") ended = true;
    resolve();
  };
  await underWay;
  for (let n = 0; n < 10; n++) {
    await using other = await RawClient.connect(server.port);
    for (let i = 0; i < 4; i++) await other.call("PING");
  }
  const early = !ended;
  worker.terminate();
  assert(early, "forty PINGs took as long as two million commands of another client");
});

/** Busy clients by worker, and workers: together more than the runtime serves in one go, each few enough to be served whole itself. */
const CROWD = 90;
const CROWDS = 4;
/** Requests of each worker, and the PINGs in one: so many that the server, not its clients, has the most to do. */
const ASKED = 2_000;
const PINGS = 400;

/** Keeps {@link CROWD} clients asking one thing after another; the message says how often the one served least was. */
function crowd(port: number): Promise<number> {
  const source = `
    const ping = new TextEncoder().encode("PING\\r\\n".repeat(${PINGS}));
    const counts = new Array(${CROWD}).fill(0);
    const conns = await Promise.all(counts.map(() => Deno.connect({ port: ${port} })));
    let left = ${ASKED};
    await Promise.all(conns.map(async (conn, i) => {
      const buffer = new Uint8Array(4096);
      for (; left > 0; left--, counts[i]++) {
        await conn.write(ping);
        for (let got = 0; got < 7 * ${PINGS};) got += await conn.read(buffer);
      }
      conn.close();
    }));
    postMessage(Math.min(...counts));`;
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
  });
}

Deno.test("of hundreds of busy clients none is left behind", async () => {
  await using server = await startServer("toy");
  const least = await Promise.all(Array.from({ length: CROWDS }, () => crowd(server.port)));
  const fair = ASKED / CROWD;
  assert(
    Math.min(...least) > fair / 3,
    `served ${least} times at least, where ${Math.round(fair)} would be fair`,
  );
});
