/** MONITOR: every command that is run, shown to those who asked for it as soon as it is over. */

import type { Args } from "../commands/args.ts";
import type { Command } from "../commands/table.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { quoted } from "../types/quoting.ts";
import type { Client } from "./client.ts";
import type { Clock } from "./clock.ts";
import { REDACTED, secretsOf } from "./redact.ts";

/** The clients in MONITOR. */
export class Monitors {
  readonly #clients = new Set<Client>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there is anybody to show commands to. */
  get any(): boolean {
    return this.#clients.size > 0;
  }

  /** The client is shown commands from now on. */
  add(client: Client): void {
    client.monitor = true;
    this.#clients.add(client);
  }

  /** The client is gone or has been reset. */
  remove(client: Client): void {
    client.monitor = false;
    this.#clients.delete(client);
  }

  /** Shows a command that `client` has run: time, database, address, quoted arguments. */
  show(client: Client, command: Command, args: Args): void {
    // What the server does on its own behalf (the end of MIGRATE) is no command of anybody.
    if (client.transport === null && client.caller === null) return;
    const now = this.#clock.wallUs();
    const time = `${Math.floor(now / 1e6)}.${String(now % 1e6).padStart(6, "0")}`;
    const isSecret = secretsOf(command);
    let line = `+${time} [${client.db.index} ${sourceOf(client)}]`;
    for (let i = 0; i < args.count; i++) line += " " + quoted(isSecret(args, i) ? REDACTED : args.text(i));
    const bytes = fromLatin1(line + "\r\n");
    for (const monitor of this.#clients) {
      // It has had its last reply, or wants none.
      if (monitor.closeAfterReply || monitor.reply !== monitor.out) continue;
      monitor.reply.raw(bytes);
      monitor.transport?.wakeSoon();
    }
  }
}

function sourceOf(client: Client): string {
  if (client.transport === null) return "lua";
  const { peer } = client.transport;
  return peer.startsWith("/") ? `unix:${peer.replace(/:0$/, "")}` : peer;
}
