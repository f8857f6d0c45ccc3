/**
 * The door: who comes in by a listener and is let in becomes a client; the others are told why not.
 *
 * In redis-server's order: maxclients first, then protected mode, which keeps strangers on the network out of a server that
 * nobody has given a password.
 */

import { Client } from "./client.ts";
import { descriptorOf } from "./clients.ts";
import { Connection } from "./connection.ts";
import type { Incoming } from "./listeners.ts";
import type { RedisServer } from "./server.ts";

const PROTECTED_MODE =
  "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. " +
  "In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to " +
  "Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET " +
  "protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however " +
  "MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. " +
  "2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected " +
  "mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with " +
  "the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one " +
  "of the above things in order for the server to start accepting connections from the outside.\r\n";

/** Makes a client of who came in and begins to serve it, or refuses it with Redis's error. */
export function admit(server: RedisServer, { socket, peer, local, unix, loopback }: Incoming): void {
  const { clients, config, acl, stats } = server;
  if (clients.size >= config.maxclients) {
    stats.connectionsRejected++;
    return refuse(socket, "-ERR max number of clients reached\r\n");
  }
  if (!loopback && config.protectedMode && acl.defaultUser.nopass) {
    stats.connectionsRejected++;
    return refuse(socket, PROTECTED_MODE);
  }
  const id = clients.takeId();
  const connection = new Connection(server, socket, peer, local, descriptorOf(id));
  const db = server.store.databases[0]!;
  const client = new Client(id, connection, db, acl.defaultUser, server.clock.wallMs());
  connection.client = client;
  clients.add(client);
  stats.connectionsReceived++;
  if (server.log.enabled("verbose")) {
    server.log.verbose(unix ? `Accepted connection to ${peer.replace(/:0$/, "")}` : `Accepted ${peer}`);
  }
  connection.run();
}

function refuse(socket: Incoming["socket"], text: string): void {
  socket.write(new TextEncoder().encode(text)).catch(() => {}).finally(() => socket.close());
}
