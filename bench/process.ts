/**
 * What a server costs, read from outside: the servers need no right to look at themselves for it. Linux only (/proc);
 * elsewhere the figures are missing and the tables say "-".
 */

/** Ticks per second in /proc/PID/stat: USER_HZ, which Linux fixes at 100 on every common architecture. */
const TICKS_PER_SECOND = 100;

/** Processor time (user and system, all threads, ended ones too) in a line of /proc/PID/stat, in microseconds. */
export function cpuMicrosOf(stat: string): number {
  // The name of the program stands in brackets and may hold blanks and brackets: fields are counted behind the last.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const userTicks = Number(fields[11]), systemTicks = Number(fields[12]);
  return (userTicks + systemTicks) * 1e6 / TICKS_PER_SECOND;
}

/** Processor time that a process has used so far in microseconds (steps of 10,000); NaN where nobody says. */
export function cpuMicros(pid: number): number {
  try {
    return cpuMicrosOf(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return NaN;
  }
}

/** The processor's model name, or the architecture where the system does not tell. */
export function cpuModel(): string {
  try {
    return /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}
