/** The primary as a client: its commands run through the gate like anybody's, are not answered and not refused. */
import type { PrimarySession } from "../replication/replica.ts";
import type { PrimarySocket } from "../replication/primary_socket.ts";
import { Client, type Transport } from "./client.ts";
import type { RedisServer } from "./server.ts";

/** Makes the client of the link to the primary, in this database. */
export function beginPrimarySession(server: RedisServer, socket: PrimarySocket, db: number): PrimarySession {
  const { clients, store, acl, clock, dispatcher, log } = server;
  const address = server.replication.replica.primary!;
  const client = new Client(
    clients.takeId(),
    transportOf(socket, `${address.host}:${address.port}`),
    store.databases[db] ?? store.databases[0]!,
    acl.defaultUser,
    clock.wallMs(),
  );
  client.primary = true;
  client.authenticated = true;
  clients.add(client);
  return {
    frame: client.args,
    get held(): Promise<void> | null {
      return dispatcher.busy ? server.scripting.over : null;
    },
    execute(): void {
      const { reply } = client;
      const { errors } = reply;
      client.lastInteraction = server.nowMs;
      const { ctx } = dispatcher;
      // What the primary did is done: nothing of it may wait here.
      ctx.mayBlock = false;
      dispatcher.process(client);
      ctx.mayBlock = true;
      if (reply.errors !== errors) {
        log.warning(
          `== CRITICAL == This replica is sending an error to its master: '${reply.lastError}' after processing the ` +
            `command '${client.lastCommand?.fullName ?? "<unknown>"}'`,
        );
      }
      reply.rewind(0);
    },
    get inTransaction(): boolean {
      return client.transaction !== null;
    },
    get db(): number {
      return client.db.index;
    },
    endBatch(): void {
      client.args.trim();
      server.afterBatch();
    },
    end(): void {
      socket.close();
      server.forget(client);
    },
  };
}

function transportOf(socket: PrimarySocket, peer: string): Transport {
  return {
    peer,
    local: "",
    fd: -1,
    wake: () => {},
    resume: () => {},
    unstall: () => {},
    resizeBuffers: () => {},
    send: () => Promise.resolve(false),
    destroy: () => socket.close(),
    outputBytes: 0,
    outputCapacity: 0,
    midRequest: false,
    queryBytes: 0,
    queryCapacity: 0,
    queryDeclared: 0,
    get bytesRead() {
      return socket.bytesRead;
    },
    get bytesWritten() {
      return socket.bytesWritten;
    },
    replyRoom: null,
  };
}
