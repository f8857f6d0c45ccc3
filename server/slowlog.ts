/** The slow log: the last commands that took longer than slowlog-log-slower-than, newest first. */

import type { Args } from "../commands/args.ts";
import type { Command } from "../commands/table.ts";
import { latin1 } from "../types/bytes.ts";
import type { Client } from "./client.ts";
import { REDACTED, secretsOf } from "./redact.ts";

/** Arguments kept of a command, and bytes of each. */
const MAX_ARGS = 32;
const MAX_ARG_BYTES = 128;

/** One slow command. */
export interface SlowCommand {
  readonly id: number;
  /** Unix time when it was over, seconds. */
  readonly seconds: number;
  /** How long it took, microseconds. */
  readonly usec: number;
  /** Its arguments, cut short, as binary strings. */
  readonly args: readonly string[];
  readonly peer: string;
  readonly clientName: string;
}

/** One server's slow log. */
export class SlowLog {
  /** Newest first. */
  readonly entries: SlowCommand[] = [];
  #nextId = 0;

  /** A command was slow; `maxLength` is slowlog-max-len. */
  add(
    client: Client,
    command: Command,
    args: Args,
    usec: number,
    nowMs: number,
    maxLength: number,
  ): void {
    this.entries.unshift({
      id: this.#nextId++,
      seconds: Math.floor(nowMs / 1000),
      usec: Math.floor(usec),
      args: shortened(command, args),
      peer: client.transport?.peer ?? "?:0",
      clientName: client.name,
    });
    this.limit(maxLength);
  }

  /** Forgets the oldest entries above `maxLength`. */
  limit(maxLength: number): void {
    if (this.entries.length > maxLength) this.entries.length = maxLength;
  }

  /** Forgets all entries; numbering goes on. */
  clear(): void {
    this.entries.length = 0;
  }
}

/** The arguments as the log keeps them. */
function shortened(command: Command, args: Args): string[] {
  const isSecret = secretsOf(command);
  const shown: string[] = [];
  for (let i = 0; i < args.count; i++) {
    if (i === MAX_ARGS - 1 && args.count > MAX_ARGS) {
      shown.push(`... (${args.count - i} more arguments)`);
      break;
    }
    if (isSecret(args, i)) shown.push(REDACTED);
    else {
      const start = args.starts[i]!;
      const rest = args.length(i) - MAX_ARG_BYTES;
      shown.push(
        rest > 0 ? `${latin1(args.buf, start, start + MAX_ARG_BYTES)}... (${rest} more bytes)` : args.text(i),
      );
    }
  }
  return shown;
}
