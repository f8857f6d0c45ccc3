/**
 * Listening: every address of `bind`, what may be missing, what may not, and moving at run time.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { stub } from "@std/testing";
import { ManualClock } from "../../server/clock.ts";
import { Config } from "../../server/config.ts";
import { Listeners } from "../../server/listeners.ts";
import { Log } from "../../server/log.ts";
import { sleep } from "../helpers/client.ts";
import { freePort } from "../helpers/server.ts";

const LOCAL = { local: true, loading: false };

/** Listeners that answer each client with the peer they saw. */
class Fixture {
  readonly config = new Config();
  readonly lines: string[] = [];
  readonly listeners: Listeners;

  constructor(bind: string, port = freePort()) {
    this.config.port = port;
    this.config.bind = bind === "" ? [] : bind.split(" ");
    const log = new Log(new ManualClock(), (bytes) => void this.lines.push(new TextDecoder().decode(bytes)));
    this.listeners = new Listeners(this.config, log, ({ socket, peer }) => {
      socket.write(new TextEncoder().encode(peer)).finally(() => socket.close());
    });
  }

  set(...pairs: string[]): string | undefined {
    return this.config.set(pairs, LOCAL);
  }

  [Symbol.dispose](): void {
    this.listeners.close();
  }
}

/** What the server at this address says: the peer without its port, "" when it hangs up, undefined when nobody listens. */
async function ask(hostname: string, port: number): Promise<string | undefined> {
  try {
    using conn = await Deno.connect({ hostname, port });
    const buf = new Uint8Array(100);
    const count = await conn.read(buf).catch(() => null);
    return new TextDecoder().decode(buf.subarray(0, count ?? 0)).replace(/:\d+$/, "");
  } catch (error) {
    // Reset: the listener is going just now.
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.ConnectionReset) {
      return undefined;
    }
    throw error;
  }
}

/** Asks until the answer is the expected one: an address that moves to another listener is there a turn later. */
async function eventually(hostname: string, port: number, expected: string | undefined): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await ask(hostname, port) === expected) return;
    await sleep(5);
  }
  assertEquals(await ask(hostname, port), expected);
}

const hasIpv6 = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

Deno.test("the default bind serves both families", async () => {
  using it = new Fixture("* -::*");
  it.listeners.open();
  assertEquals(it.listeners.port, it.config.port);
  assertEquals(await ask("127.0.0.1", it.config.port), "127.0.0.1");
  if (hasIpv6) assertEquals(await ask("::1", it.config.port), "[::1]");
  assertEquals(it.lines, []);
});

Deno.test({
  name: "all of IPv6 is not all of IPv4",
  ignore: !hasIpv6,
  async fn() {
    using it = new Fixture("::*");
    it.listeners.open();
    assertEquals(await ask("::1", it.config.port), "[::1]");
    assert(["", undefined].includes(await ask("127.0.0.1", it.config.port)));
    assertEquals(it.set("bind", "::* 127.0.0.1"), undefined);
    assertEquals(await ask("127.0.0.1", it.config.port), "127.0.0.1");
  },
});

Deno.test("a taken port is an error, whether the address is optional or not; a foreign address only when it must be", () => {
  using first = new Fixture("127.0.0.1");
  first.listeners.open();
  const port = first.config.port;
  for (const bind of ["127.0.0.1", "-127.0.0.1"]) {
    using second = new Fixture(bind, port);
    assertThrows(() => second.listeners.open(), Error, `Failed listening on port ${port} (TCP), aborting.`);
    assert(second.lines[0]!.endsWith(
      `# Warning: Could not create server TCP listening socket 127.0.0.1:${port}: bind: Address already in use\n`,
    ));
  }
  using foreign = new Fixture("127.0.0.1 -192.0.2.1");
  foreign.listeners.open();
  assertEquals(foreign.lines, []);
  using must = new Fixture("127.0.0.1 192.0.2.1");
  assertThrows(() => must.listeners.open(), Error, "Failed listening on port");
  using none = new Fixture("-192.0.2.1");
  assertThrows(() => none.listeners.open(), Error, "Failed listening on port");
  using nowhere = new Fixture("");
  assertThrows(() => nowhere.listeners.open(), Error, "Configured to not listen anywhere, exiting.");
});

Deno.test("CONFIG SET port moves, and stays where the new port is taken", async () => {
  using it = new Fixture("127.0.0.1");
  using other = new Fixture("127.0.0.1");
  it.listeners.open();
  other.listeners.open();
  const old = it.config.port;
  assertEquals(
    it.set("port", `${other.config.port}`),
    "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
  );
  assertEquals([it.config.port, await ask("127.0.0.1", old)], [old, "127.0.0.1"]);
  const port = freePort();
  assertEquals(it.set("port", `${port}`), undefined);
  assertEquals(await ask("127.0.0.1", port), "127.0.0.1");
  await eventually("127.0.0.1", old, undefined);
  assertEquals(it.set("port", "0"), undefined);
  await eventually("127.0.0.1", port, undefined);
  assertEquals(it.set("port", `${old}`), undefined);
  assertEquals(await ask("127.0.0.1", old), "127.0.0.1");
});

Deno.test("CONFIG SET bind moves, also to an address that the old one covers, and stays where it cannot", async () => {
  using it = new Fixture("*");
  it.listeners.open();
  const port = it.config.port;
  assertEquals(it.set("bind", "127.0.0.1"), undefined);
  await eventually("127.0.0.1", port, "127.0.0.1");
  const failure =
    "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.";
  for (const bind of ["127.0.0.1 192.0.2.1", "192.0.2.1", "no-such-host.invalid"]) {
    assertEquals(it.set("bind", bind), failure);
    assertEquals(await ask("127.0.0.1", port), "127.0.0.1");
  }
  assertEquals(it.config.bind, ["127.0.0.1"]);
  assertEquals(it.set("bind", ""), undefined);
  await eventually("127.0.0.1", port, undefined);
  assertEquals(it.set("bind", "*"), undefined);
  assertEquals(await ask("127.0.0.1", port), "127.0.0.1");
});

Deno.test("clients that are gone before they are let in keep nobody waiting", async () => {
  let accepts = 0;
  let end: (error: Error) => void = () => {};
  const listener = {
    accept() {
      if (accepts++ < 100) return Promise.reject(new Deno.errors.NotConnected("gone"));
      return new Promise((_, reject) => end = reject);
    },
    close: () => end(new Deno.errors.BadResource("closed")),
  };
  using _listen = stub(Deno, "listen", () => listener as unknown as Deno.TcpListener);
  using fixture = new Fixture("127.0.0.1");
  fixture.listeners.open();
  await sleep(0); // a rest after an error would take longer
  assertEquals(accepts, 101);
  assertEquals(fixture.lines, []);
});
