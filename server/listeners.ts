/**
 * The sockets that clients come in by: TCP on every `bind` address, TLS, a unix socket.
 *
 * An error while accepting never ends a listener: out of file descriptors, for one, passes.
 */

import type { Config } from "./config.ts";
import type { Socket } from "./connection.ts";
import type { Log } from "./log.ts";

/** A client that came in. */
export interface Incoming {
  socket: Socket;
  peer: string;
  local: string;
  unix: boolean;
  /** True where the peer is on this machine, by its address. */
  loopback: boolean;
}

/** Takes a client that came in. */
export type Accept = (incoming: Incoming) => void;

const RETRY_MS = 50;

/** All listeners of a server. */
export class Listeners {
  readonly #config: Config;
  readonly #log: Log;
  readonly #accept: Accept;
  #open: Deno.Listener[] = [];
  #unixPath = "";
  #closed = false;

  constructor(config: Config, log: Log, accept: Accept) {
    this.#config = config;
    this.#log = log;
    this.#accept = accept;
  }

  /** The port that was really bound (a port of 0 disables TCP). */
  get port(): number {
    const address = this.#open[0]?.addr;
    return address !== undefined && "port" in address ? address.port : 0;
  }

  /** Opens everything that is configured. Throws an Error whose message is for the log where something cannot be had. */
  open(): void {
    const config = this.#config;
    if (config.port !== 0) {
      for (const address of config.bind) this.#openTcp(address, config.port);
      if (config.bind.length > 0 && this.#open.length === 0) {
        throw new Error("Failed listening on port " + config.port);
      }
    }
    if (config.unixsocket !== "") this.#openUnix(config.path(config.unixsocket));
  }

  #openTcp(address: string, port: number): void {
    const optional = address.startsWith("-");
    const host = optional ? address.slice(1) : address;
    const hostname = host === "*" ? "0.0.0.0" : host === "::*" ? "::" : host;
    try {
      const listener = Deno.listen(
        { hostname, port, tcpBacklog: this.#config.tcpBacklog } as Deno.TcpListenOptions,
      );
      this.#open.push(listener);
      this.#serve(listener, false);
    } catch (error) {
      // Where IPv6 shares the port with IPv4 (dual stack) the second bind finds it taken by ourselves.
      if (error instanceof Deno.errors.AddrInUse && !(optional && this.#open.length > 0)) {
        this.#log.warning(
          `Warning: Could not create server TCP listening socket ${host}:${port}: bind: Address already in use`,
        );
        throw new Error(`Failed listening on port ${port} (TCP), aborting.`);
      }
      if (optional) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warning(`Warning: Could not create server TCP listening socket ${host}:${port}: ${reason}`);
      throw new Error(`Failed listening on port ${port} (TCP), aborting.`);
    }
  }

  #openUnix(path: string): void {
    if (Deno.build.os === "windows") throw new Error("unixsocket is not supported on Windows");
    try {
      Deno.removeSync(path);
    } catch {
      // Usually it is not there.
    }
    let listener: Deno.Listener;
    try {
      listener = Deno.listen({ transport: "unix", path }) as unknown as Deno.Listener;
    } catch (error) {
      this.#log.warning(
        `Failed opening Unix socket: bind: ${error instanceof Error ? error.message : error}`,
      );
      throw new Error("Failed opening Unix socket");
    }
    if (this.#config.unixsocketperm !== 0) Deno.chmodSync(path, this.#config.unixsocketperm);
    this.#unixPath = path;
    this.#open.push(listener);
    this.#serve(listener, true);
  }

  async #serve(listener: Deno.Listener, unix: boolean): Promise<void> {
    while (!this.#closed) {
      let socket: Deno.Conn;
      try {
        socket = await listener.accept();
      } catch (error) {
        if (this.#closed || error instanceof Deno.errors.BadResource) return;
        this.#log.warning(
          `Error accepting a client connection: ${error instanceof Error ? error.message : error}`,
        );
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      try {
        this.#accept(unix ? this.#describeUnix(socket) : this.#describeTcp(socket as Deno.TcpConn));
      } catch (error) {
        this.#log.verbose(`Accepting a client failed: ${error instanceof Error ? error.message : error}`);
        closeQuietly(socket);
      }
    }
  }

  #describeTcp(socket: Deno.TcpConn): Incoming {
    socket.setNoDelay(true);
    if (this.#config.tcpKeepalive > 0) socket.setKeepAlive(true);
    const remote = socket.remoteAddr as Deno.NetAddr;
    const local = socket.localAddr as Deno.NetAddr;
    const host = remote.hostname.replace(/^::ffff:/, "");
    return {
      socket,
      peer: endpoint(host, remote.port),
      local: endpoint(local.hostname.replace(/^::ffff:/, ""), local.port),
      unix: false,
      loopback: host.startsWith("127.") || host === "::1",
    };
  }

  #describeUnix(socket: Deno.Conn): Incoming {
    const name = `${this.#unixPath}:0`;
    return { socket, peer: name, local: name, unix: true, loopback: true };
  }

  /** Closes all listeners and removes the unix socket's file. */
  close(): void {
    this.#closed = true;
    for (const listener of this.#open) closeQuietly(listener);
    this.#open = [];
    if (this.#unixPath !== "") {
      try {
        Deno.removeSync(this.#unixPath);
      } catch {
        // Somebody else removed it.
      }
    }
  }
}

function endpoint(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // Closed already.
  }
}
