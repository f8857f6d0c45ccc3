/**
 * How much processor time the process has used.
 *
 * The runtime tells it only through its Node.js layer, whose loading takes a good part of the time in which a server
 * is to be ready; so it is loaded once the server runs.
 */

/** Microseconds in user and system mode. */
export interface CpuUsage {
  readonly user: number;
  readonly system: number;
}

let read: (() => CpuUsage) | undefined;

/** Loads what {@link cpuUsage} needs. */
export async function loadCpuUsage(): Promise<void> {
  const { default: process } = await import("node:process");
  read = () => process.cpuUsage();
}

/** Processor time of the process so far; zeros until {@link loadCpuUsage} is done. */
export function cpuUsage(): CpuUsage {
  return read === undefined ? { user: 0, system: 0 } : read();
}
