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

/** Nanoseconds on a processor in a line of /proc/PID/task/TID/schedstat. */
export function scheduledNanosOf(schedstat: string): number {
  return Number(schedstat.split(" ")[0]);
}

/**
 * The processor time of a process from the moment this is made. The kernel counts threads in nanoseconds and processes
 * in steps of 10 ms, too coarse for short runs: threads are added up where they can be read. (One that ends meanwhile
 * takes what it used with it; the servers' threads only end after seconds without work.)
 */
export class CpuMeter {
  readonly #pid: number;
  readonly #threads: Map<string, number> | undefined;
  readonly #ticks: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#threads = threadNanos(pid);
    this.#ticks = processMicros(pid);
  }

  /** Microseconds until now; NaN where nobody says. */
  micros(): number {
    const now = this.#threads && threadNanos(this.#pid);
    if (!now) return processMicros(this.#pid) - this.#ticks;
    let nanos = 0;
    for (const [thread, used] of now) nanos += used - (this.#threads!.get(thread) ?? 0);
    return nanos / 1000;
  }
}

function processMicros(pid: number): number {
  try {
    return cpuMicrosOf(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return NaN;
  }
}

/** Nanoseconds of each thread, or undefined where the kernel does not keep them. */
function threadNanos(pid: number): Map<string, number> | undefined {
  const nanos = new Map<string, number>();
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
      nanos.set(name, scheduledNanosOf(Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`)));
    }
  } catch {
    return undefined;
  }
  return nanos;
}

/** The processor's model name, or the architecture where the system does not tell. */
export function cpuModel(): string {
  try {
    return /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}
