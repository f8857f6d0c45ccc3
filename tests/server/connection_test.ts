/** How a connection ends, seen through a socket that writes down what is done to it. */
import { assertEquals } from "@std/assert";
import type { Socket } from "../../server/channel.ts";
import { connect, InnerServer } from "../helpers/inner_server.ts";

/** A client that never says anything. */
class Silent implements Socket {
  readonly done: string[] = [];
  #end: ((end: null) => void) | null = null;

  read(): Promise<null> {
    return new Promise((resolve) => this.#end = resolve);
  }

  write(data: Uint8Array): Promise<number> {
    this.done.push("write");
    return Promise.resolve(data.length);
  }

  closeWrite(): Promise<void> {
    this.done.push("closeWrite");
    return Promise.reject(new Deno.errors.NotConnected("gone already"));
  }

  close(): void {
    this.done.push("close");
    this.#end?.(null);
  }
}

Deno.test("a killed client is told before the killer has its reply, and it is no matter where it has gone", async () => {
  const inner = new InnerServer(undefined);
  const victim = new Silent();
  connect(inner.server, victim, "192.0.2.1:7");
  assertEquals(await inner.call("CLIENT", "KILL", "ADDR", "192.0.2.1:7"), ":1");
  assertEquals(victim.done, ["closeWrite", "close"]);
  inner.close();
});
