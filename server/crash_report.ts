/**
 * The last words of a process that cannot go on: what happened, where, and what the server was doing. Between the lines that tools
 * look for in Redis's log to tell a crash from an orderly end.
 */

import type { Log } from "./log.ts";
import type { RedisServer } from "./server.ts";
import { REDIS_VERSION } from "./version.ts";

/** Exit codes as a shell shows them: 128 and the signal's number. */
const ABORTED = 134;

/** Kinds of crash: the headline in the log. */
const HEADLINES = {
  assertion: "=== ASSERTION FAILED ===",
  panic: "!!! Software Failure. Guru Meditation",
  memory: "Out Of Memory",
} as const;

/** Why the process ends: a kind above, or the number of a signal. */
export type CrashCause = keyof typeof HEADLINES | number;

/**
 * The watchdog's words: the event loop stood still for longer than watchdog-period. What held it up is over by the time a
 * single thread can say so, so that the command is named and not a stack.
 */
export function watchdogExpired(log: Log, command: string): void {
  log.fromHandler("\n--- WATCHDOG TIMER EXPIRED ---");
  log.raw(`\n------ STACK TRACE ------\nThe last command: ${command}\n`);
  log.fromHandler("--------\n");
}

/** Writes the report, in full unless crash-log-enabled is off, and ends the process. */
export function crash(server: RedisServer, cause: CrashCause, reason: string): never {
  const { log, config } = server;
  log.raw("\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
  log.warning(
    typeof cause === "number"
      ? `Redis ${REDIS_VERSION} crashed by signal: ${cause}, si_code: 0 (${reason})`
      : `${HEADLINES[cause]}: ${reason}`,
  );
  if (config.crashLogEnabled) log.raw(state(server));
  log.raw("\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n");
  log.flush();
  if (cause !== "memory" && typeof cause !== "number" && config.useExitOnPanic) Deno.exit(1);
  Deno.exit(typeof cause === "number" ? 128 + cause : ABORTED);
}

/** Where it happened, and the server's and the clients' state. */
function state(server: RedisServer): string {
  const clients = [...server.clients.values()].map((client) => server.describeClient(client));
  const parts: [title: string, text: string][] = [
    ["STACK TRACE", new Error().stack ?? ""],
    ["INFO OUTPUT", server.info([]).replaceAll("\r\n", "\n")],
    ["CLIENT LIST OUTPUT", clients.join("\n")],
  ];
  return parts.map(([title, text]) => `\n------ ${title} ------\n${text}\n`).join("");
}
