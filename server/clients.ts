/** All clients of a server, by id, and their going. */

import type { Client } from "./client.ts";

/** File descriptors that a server has before its first client. */
const FIRST_FD = 5;

/** The runtime does not tell a socket's descriptor; CLIENT LIST's fd is one for each client, as they came. */
export function descriptorOf(id: number): number {
  return id + FIRST_FD;
}

/** The registry of clients. */
export class Clients {
  readonly #byId = new Map<number, Client>();
  /** redis-server's first two are clients of its own, which run scripts. */
  #nextId = 3;

  /** The next client's id; ids only grow. */
  takeId(): number {
    return this.#nextId++;
  }

  /** Adds a connected client. */
  add(client: Client): void {
    this.#byId.set(client.id, client);
  }

  /** Removes a client that is gone; false if it was not there. */
  remove(client: Client): boolean {
    return this.#byId.delete(client.id);
  }

  /** Number of connected clients. */
  get size(): number {
    return this.#byId.size;
  }

  /** The client with this id. */
  get(id: number): Client | undefined {
    return this.#byId.get(id);
  }

  /** All clients, oldest first. */
  values(): IterableIterator<Client> {
    return this.#byId.values();
  }
}
