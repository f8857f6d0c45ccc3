/**
 * The sockets that clients come in by: TCP and TLS on every `bind` address, a unix socket.
 *
 * An error while accepting never ends a listener: out of file descriptors, for one, passes. A client that is gone again
 * by then is an error too, but none to rest after, or a few such clients a second would keep all others out.
 *
 * CONFIG SET port, bind and tls-* move the listeners while clients stay connected. What is wanted and open already stays
 * open, what is new is opened before the rest is closed. Only where an old address covers a new one (`*` and
 * 127.0.0.1) must the old one go first, and the runtime lets go of it a turn later: then the new one follows.
 */

import { errnoText } from "../persistence/disk.ts";
import { messageOf } from "../util/errors.ts";
import type { Config } from "./config.ts";
import type { Socket } from "./channel.ts";
import type { Log } from "./log.ts";
import { TLS_SETTINGS, type TlsCredentials, tlsCredentials, TlsSocket } from "./tls.ts";

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

/** How often, and at which interval in milliseconds, an address is tried that one of our own listeners still holds. */
const REOPEN_TRIES = 100;
const REOPEN_MS = 5;

/** A `bind` address in the form the runtime wants, with one of the ports. */
interface Address {
  readonly host: string;
  /** The address as `bind` has it. */
  readonly name: string;
  readonly port: number;
  readonly tls: boolean;
  /** The server does without it where it cannot be had. */
  readonly optional: boolean;
}

/** All listeners of a server. */
export class Listeners {
  readonly #config: Config;
  readonly #log: Log;
  readonly #accept: Accept;
  /** TCP and TLS listeners by {@link keyOf}. */
  #tcp = new Map<string, Deno.Listener>();
  #unix: Deno.Listener | undefined;
  #unixPath = "";
  #started = false;
  /** What TLS listeners are opened with, while there are any. */
  #credentials: TlsCredentials | undefined;
  #closed = false;

  constructor(config: Config, log: Log, accept: Accept) {
    this.#config = config;
    this.#log = log;
    this.#accept = accept;
    config.onApply("port", () => {
      if (!this.#move()) return "Unable to listen on this port. Check server logs.";
    });
    config.onApply("bind", () => {
      if (!this.#move()) return "Failed to bind to specified addresses.";
    });
    config.onApply(TLS_SETTINGS, () => this.#applyTls());
  }

  /** The port that was really bound (a port of 0 disables TCP). */
  get port(): number {
    for (const [key, { addr }] of this.#tcp) if (!key.endsWith(TLS) && "port" in addr) return addr.port;
    return 0;
  }

  /** Opens everything that is configured. Throws an Error whose message is for the log where something cannot be had. */
  open(): void {
    const { unixsocket } = this.#config;
    this.#loadCredentials();
    const addresses = this.#wanted();
    if (addresses.length === 0 && unixsocket === "") {
      throw new Error("Configured to not listen anywhere, exiting.");
    }
    for (const address of addresses) {
      const error = this.#listen(address);
      if (error === undefined) continue;
      this.#complain(address, error);
      if (!mayLack(address, error)) throw cannotListen(address);
    }
    for (const address of addresses) {
      const found = [...this.#tcp.keys()].some((key) => key.endsWith(TLS) === address.tls);
      if (!found) throw cannotListen(address);
    }
    if (unixsocket !== "") this.#openUnix(this.#config.path(unixsocket));
    this.#started = true;
  }

  /** Says where clients are awaited, in the words that tools look for. */
  announce(): void {
    if (this.#tcp.size > 0) this.#log.notice("Ready to accept connections");
    if (this.#unixPath === "") return;
    this.#log.notice(`The server is now ready to accept connections at ${this.#config.unixsocket}`);
  }

  /** Reads certificate and key where TLS is asked for. Throws an Error for the log where it cannot be had. */
  #loadCredentials(): void {
    const credentials = this.#config.usesTls ? tlsCredentials(this.#config) : undefined;
    if (typeof credentials === "string") {
      this.#log.warning(credentials);
      throw new Error("Failed to configure TLS. Check logs for more info.");
    }
    this.#credentials = credentials;
  }

  /** A TLS setting is another one now: with another certificate, all TLS listeners are opened anew. Returns Redis's error. */
  #applyTls(): string | undefined {
    if (this.#closed || !this.#started) return undefined;
    const before = this.#credentials;
    try {
      this.#loadCredentials();
    } catch {
      return "Unable to update TLS configuration. Check server logs.";
    }
    const after = this.#credentials;
    const renewed = before?.cert !== after?.cert || before?.key !== after?.key;
    if (this.#move(renewed)) return undefined;
    this.#credentials = before;
    return "Unable to listen on this port. Check server logs.";
  }

  /**
   * Ports or addresses are others now: listens there. False, and everything as before, where that cannot be had.
   * @param renew TLS listeners are opened again even where they are
   */
  #move(renew = false): boolean {
    if (this.#closed || !this.#started) return true;
    const addresses = this.#wanted();
    const before = new Map(this.#tcp);
    const keys = new Set(addresses.map(keyOf));
    const closing = [...before].filter(([key]) => !keys.has(key) || (renew && key.endsWith(TLS)));
    for (const [key] of closing) this.#tcp.delete(key);
    const leaving = new Set(closing.map(([key]) => portOf(key)));
    const later: Address[] = [];
    for (const address of addresses) {
      const error = this.#listen(address);
      if (error === undefined) continue;
      if (leaving.has(address.port) && error instanceof Deno.errors.AddrInUse && isLocal(address.host)) {
        later.push(address);
        continue;
      }
      this.#complain(address, error);
      if (mayLack(address, error)) continue;
      for (const [key, listener] of this.#tcp) if (before.get(key) !== listener) closeQuietly(listener);
      this.#tcp = before;
      return false;
    }
    for (const [, listener] of closing) closeQuietly(listener);
    if (later.length > 0) this.#listenLater(later);
    return true;
  }

  /** Listens on addresses that a listener of ours has just left, as soon as the runtime has let go of it. */
  async #listenLater(addresses: readonly Address[]): Promise<void> {
    for (const address of addresses) {
      let error: Error | undefined;
      for (let tries = 0; tries < REOPEN_TRIES; tries++) {
        await new Promise((resolve) => setTimeout(resolve, tries === 0 ? 0 : REOPEN_MS));
        if (this.#closed || !this.#wanted().some((wanted) => keyOf(wanted) === keyOf(address))) return;
        error = this.#listen(address);
        if (error === undefined) break;
      }
      if (error !== undefined) this.#complain(address, error);
    }
  }

  /** The addresses to listen on. The one for all of IPv6 comes first: on most systems it takes all of IPv4 along. */
  #wanted(): Address[] {
    const { port, tlsPort, bind } = this.#config;
    const addresses = bind.flatMap((text) => {
      const optional = text.startsWith("-");
      const name = optional ? text.slice(1) : text;
      const host = name === "*" ? "0.0.0.0" : name === "::*" ? "::" : name;
      const address = { host, name, optional };
      return [{ ...address, port, tls: false }, { ...address, port: tlsPort, tls: true }];
    }).filter((address) => address.port !== 0);
    return addresses.sort((a, b) => Number(b.host === "::") - Number(a.host === "::"));
  }

  /** Opens one listener, unless it is open already. Returns what went wrong. */
  #listen(address: Address): Error | undefined {
    const { host, port, tls } = address;
    const key = keyOf(address);
    if (this.#tcp.has(key)) return undefined;
    try {
      const options = { hostname: host, port, tcpBacklog: this.#config.tcpBacklog };
      const listener = tls
        ? Deno.listenTls({ ...options, ...this.#credentials! }) as unknown as Deno.Listener
        : Deno.listen(options as Deno.TcpListenOptions);
      this.#tcp.set(key, listener);
      this.#serve(listener, false);
      return undefined;
    } catch (error) {
      const covered = !host.includes(":") && this.#tcp.has(keyOf({ ...address, host: "::" }));
      if (covered && error instanceof Deno.errors.AddrInUse) return undefined;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Whether a connection to an IPv4 address, which the listener for all of IPv6 takes too, was asked for by `bind`. */
  #isWanted(socket: Deno.TcpConn): boolean {
    const { hostname, port } = socket.localAddr as Deno.NetAddr;
    if (!hostname.startsWith("::ffff:")) return true;
    const host = hostname.slice("::ffff:".length);
    return this.#wanted().some((address) =>
      address.port === port && (address.host === "0.0.0.0" || address.host === host)
    );
  }

  #complain(address: Address, error: Error): void {
    if (mayLack(address, error)) return;
    const { name, port } = address;
    this.#log.warning(
      `Warning: Could not create server TCP listening socket ${name}:${port}: ${reasonOf(error)}`,
    );
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
      throw new Error(`Failed opening Unix socket: bind: ${errnoText(error)}`);
    }
    if (this.#config.unixsocketperm !== 0) Deno.chmodSync(path, this.#config.unixsocketperm);
    this.#unixPath = path;
    this.#unix = listener;
    this.#serve(listener, true);
  }

  async #serve(listener: Deno.Listener, unix: boolean): Promise<void> {
    const isOpen = () => listener === this.#unix || [...this.#tcp.values()].includes(listener);
    while (isOpen()) {
      let socket: Deno.Conn;
      try {
        socket = await listener.accept();
      } catch (error) {
        if (!isOpen() || error instanceof Deno.errors.BadResource) return;
        if (isGone(error)) {
          this.#log.verbose(`A client was gone before it was let in: ${messageOf(error)}`);
          continue;
        }
        this.#log.warning(`Error accepting a client connection: ${messageOf(error)}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      try {
        if (unix) this.#accept(this.#describeUnix(socket));
        else if (this.#isWanted(socket as Deno.TcpConn)) {
          this.#accept(this.#describeTcp(socket as Deno.TcpConn));
        } else socket.close();
      } catch (error) {
        this.#log.verbose(`Accepting a client failed: ${messageOf(error)}`);
        closeQuietly(socket);
      }
    }
  }

  #describeTcp(socket: Deno.TcpConn): Incoming {
    const encrypted = "handshake" in socket;
    if (!encrypted) { // the runtime does the same for TLS connections, which have no methods for it
      socket.setNoDelay(true);
      if (this.#config.tcpKeepalive > 0) socket.setKeepAlive(true);
    }
    const remote = socket.remoteAddr as Deno.NetAddr;
    const local = socket.localAddr as Deno.NetAddr;
    const host = remote.hostname.replace(/^::ffff:/, "");
    return {
      socket: encrypted ? new TlsSocket(socket, (line) => this.#log.verbose(line)) : socket,
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
    for (const listener of this.#tcp.values()) closeQuietly(listener);
    this.#tcp.clear();
    if (this.#unix) closeQuietly(this.#unix);
    this.#unix = undefined;
    if (this.#unixPath !== "") {
      this.#log.notice("Removing the unix socket file.");
      try {
        Deno.removeSync(this.#unixPath);
      } catch {
        // Somebody else removed it.
      }
    }
  }
}

/** Whether the server can do without the address: not where somebody else holds it. */
function mayLack(address: Address, error: Error): boolean {
  return address.optional && !(error instanceof Deno.errors.AddrInUse);
}

/** What went wrong, in the C library's words without the runtime's around them. */
function reasonOf(error: Error): string {
  if (error instanceof Deno.errors.AddrInUse) return "bind: Address already in use";
  const lookup = /^failed to lookup address information: (.*)$/.exec(error.message);
  return lookup?.[1] ?? `bind: ${error.message.replace(/ \(os error \d+\)$/, "")}`;
}

function cannotListen({ port, tls }: Address): Error {
  return new Error(`Failed listening on port ${port} (${tls ? "TLS" : "TCP"}), aborting.`);
}

/** How the key of a TLS listener ends. */
const TLS = " tls";

function keyOf({ host, port, tls }: Address): string {
  return `${host} ${port}${tls ? TLS : ""}`;
}

function portOf(key: string): number {
  return Number(key.split(" ")[1]);
}

/** Whether this machine has the address (or the name resolves to one it has). */
function isLocal(host: string): boolean {
  try {
    Deno.listen({ hostname: host, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

function endpoint(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True where accepting failed because the client reset its connection while it waited to be let in. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // Closed already.
  }
}
