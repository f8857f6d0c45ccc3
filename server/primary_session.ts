/** The primary as a client: its commands run through the gate like anybody's, are not answered and not refused. */
import type { PrimarySession } from "../replication/replica.ts";
import type { PrimarySocket } from "../replication/primary_socket.ts";
import { Client, type Transport } from "./client.ts";
import { descriptorOf } from "./clients.ts";
import type { RedisServer } from "./server.ts";

/** Makes the client of the link to the primary, in this database. */
export function beginPrimarySession(server: RedisServer, socket: PrimarySocket, db: number): PrimarySession {
  const { clients, store, acl, clock, dispatcher } = server;
  const address = server.replication.replica.primary!;
  const id = clients.takeId();
  const client = new Client(
    id,
    transportOf(socket, `${address.host}:${address.port}`, descriptorOf(id)),
    store.databases[db] ?? store.databases[0]!,
    acl.superuser,
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
        server.unexpectedError("replica", "master", reply.lastError, client.lastCommand);
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
      server.wakeUps.afterBatch();
    },
    end(): void {
      socket.close();
      server.forget(client);
    },
  };
}

function transportOf(socket: PrimarySocket, peer: string, fd: number): Transport {
  return {
    peer,
    local: socket.local,
    fd,
    wake: () => {},
    wakeSoon: () => {},
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
