/**
 * The last words of a process that cannot go on: what happened, where, and what the server was doing. Between the lines that tools
 * look for in Redis's log to tell a crash from an orderly end.
 */

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

/** Writes the report, in full unless crash-log-enabled is off, and ends the process. */
export function crash(server: RedisServer, cause: CrashCause, reason: string): never {
  const { log, config } = server;
  log.warning("=== REDIS BUG REPORT START: Cut & paste starting from here ===");
  log.warning(
    typeof cause === "number"
      ? `Redis ${REDIS_VERSION} crashed by signal: ${cause} (${reason})`
      : `${HEADLINES[cause]}: ${reason}`,
  );
  if (config.crashLogEnabled) log.raw(state(server));
  log.warning("=== REDIS BUG REPORT END. ===");
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
