/**
 * From the words of a command line to a running server, and from signals to an exit code: what main.ts does, in a form that tests can
 * run with a server of their own making.
 *
 * The lines of the log come in Redis's order and words where tools wait for them.
 */
import { banner, bannerLines, helpText, versionText } from "./banner.ts";
import { type Clock, systemClock } from "./clock.ts";
import { parseCommandLine, type SpecialAction, specialAction } from "./config_cli.ts";
import {
  FatalConfigError,
  loadConfig,
  type LoadedExtras,
  type LoadHandlers,
  MissingConfigError,
} from "./config_file.ts";
import { SystemHost, toBinary } from "./config_host.ts";
import { Config } from "./config.ts";
import { watchdogExpired } from "./crash_report.ts";
import { fileSink, Log } from "./log.ts";
import { Random } from "./random.ts";
import { tlsCredentials } from "./tls.ts";
import { REDIS_VERSION } from "./version.ts";
import { errnoText } from "../persistence/disk.ts";
import { fromLatin1 } from "../types/bytes.ts";
import { messageOf, traceOf } from "../util/errors.ts";

/** What a server is made of. */
export interface ServerParts {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
}

/** A server as the process sees it. */
export interface LaunchedServer {
  /** Listens, calls `opened`, and loads the dataset. Rejects when one of them fails. */
  start(opened?: () => void): Promise<void>;
  /** The dataset of the start is being loaded. */
  readonly loading: boolean;
  /** Asks for an orderly end by a signal. False: declined, since a snapshot could not be saved. */
  stop(signal: string): Promise<unknown>;
  /** Ends the process at once with a report, for a signal that means a defect. */
  crash(signal: number, reason: string): void;
  /** The exit code, once the server has ended. */
  readonly finished: Promise<number>;
}

/** Makes the server, and takes the lines of redis.conf that are not settings. */
export interface Launcher extends Partial<Omit<LoadHandlers, "note">> {
  create(parts: ServerParts): LaunchedServer;
}

/** Runs a server until it ends. Returns the process's exit code. */
export async function launch(args: readonly string[], launcher: Launcher): Promise<number> {
  const words = args.map(toBinary);
  const action = specialAction(words);
  if (action) return perform(action);
  const log = new Log(systemClock);
  const config = configure(words, log, launcher);
  if (!config) return 1;
  log.role = config.replicaof ? "S" : "M";
  log.notice("monotonic clock: POSIX clock_gettime"); // that is where the runtime has its time from
  catchDefects(log);
  const server = launcher.create({ config, log, clock: systemClock, random: new Random() });
  handleSignals(server, config, log);
  try {
    const started = server.start(() => {
      writePidFile(config, log);
      announce(config, log);
    });
    await Promise.race([started, server.finished]); // a shutdown does not wait for a file that is being loaded
  } catch (error) {
    log.warning(messageOf(error));
    return 1;
  }
  const code = await server.finished;
  removePidFile(config, log);
  log.warning("Redis is now ready to exit, bye bye...");
  return code;
}

/** The settings, or undefined when the server cannot start with them (said on standard error or in the log). */
function configure(words: readonly string[], log: Log, launcher: Launcher): Config | undefined {
  if (words.some((word) => word.toLowerCase() === "--sentinel")) {
    log.warning("Sentinel mode is not supported. Exiting.");
    return undefined;
  }
  const config = new Config(new SystemHost());
  let extras: LoadedExtras;
  try {
    extras = loadConfig(config, parseCommandLine(words), {
      note: (message) => log.warning(message),
      renameCommand: (name, newName) => launcher.renameCommand?.(name, newName),
      user: (words) => launcher.user?.(words),
    });
  } catch (error) {
    if (error instanceof FatalConfigError) writeError(error.report);
    else if (error instanceof MissingConfigError) log.warning(error.message);
    else throw error;
    return undefined;
  }
  log.setLevel(config.loglevel);
  if (config.logfile !== "") log.setSink(fileSink(() => config.path(config.logfile)));
  log.warning("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
  log.warning(
    `Redis version=${REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid=${Deno.pid}, just started`,
  );
  log.warning(
    words.length > 0
      ? "Configuration loaded"
      : "Warning: no config file specified, using the default config. " +
        "In order to specify a config file use toy-redis /path/to/redis.conf",
  );
  return isPossible(config, extras, log) ? config : undefined;
}

/** Refuses what cannot be done, and says what is not done. */
function isPossible(config: Config, extras: LoadedExtras, log: Log): boolean {
  const [module] = extras.modules;
  if (module) {
    log.warning(`Module ${module[0]} failed to load: this server has no interface for modules`);
    log.warning(`Can't load module from ${module[0]}: server aborting`);
    return false;
  }
  if (extras.moduleSettings.length > 0) {
    log.warning(
      "Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting",
    );
    return false;
  }
  if (config.clusterEnabled) {
    log.warning("cluster-enabled is not supported: this server has no cluster bus");
    return false;
  }
  const tls = config.usesTls ? tlsCredentials(config) : undefined;
  if (typeof tls === "string") {
    log.warning(tls);
    log.warning("Failed to configure TLS. Check logs for more info.");
    return false;
  }
  if (config.daemonize) {
    log.warning("daemonize is ignored: this runtime cannot fork, the server stays in the foreground");
  }
  if (config.syslogEnabled) {
    log.warning("syslog-enabled is ignored: the log goes to logfile or standard output");
  }
  if (config.supervised === "systemd" || config.supervised === "upstart") {
    log.warning(`supervised ${config.supervised}: the supervisor is not told when the server is ready`);
  }
  return true;
}

/** The banner on a terminal, lines of the log elsewhere. */
function announce(config: Config, log: Log): void {
  const facts = { port: config.port, pid: Deno.pid };
  const watched = config.logfile === "" && Deno.stdout.isTerminal();
  if (watched || config.alwaysShowLogo) log.raw(banner(facts, watched && !Deno.noColor));
  else for (const line of bannerLines(facts)) log.notice(line);
}

/** An error that nobody caught is a defect; it is logged, and the other clients go on. */
function catchDefects(log: Log): void {
  const report = (error: unknown) => {
    log.warning(`Unexpected error: ${traceOf(error)}`);
  };
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    report(event.error);
  });
  globalThis.addEventListener("unload", () => log.flush());
}

function handleSignals(server: LaunchedServer, config: Config, log: Log): void {
  let asked = false;
  const end = (signal: Deno.Signal) => {
    if (asked && signal === "SIGINT") {
      log.fromHandler("You insist... exiting now.");
      Deno.exit(1);
    }
    asked = true;
    log.fromHandler(
      server.loading
        ? "Received shutdown signal during loading, scheduling shutdown."
        : `Received ${signal} scheduling shutdown...`,
    );
    server.stop(signal).catch((error) => log.warning(`Shutdown failed: ${error}`)).then((stopped) => {
      if (stopped === false) asked = false;
    });
  };
  const windows = Deno.build.os === "windows";
  for (const signal of windows ? ["SIGINT", "SIGBREAK"] as const : ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => end(signal));
  }
  if (windows) return;
  Deno.addSignalListener("SIGHUP", () => {}); // a closed terminal does not end a server
  Deno.addSignalListener("SIGALRM", () => { // what the watchdog's timer sends
    if (config.watchdogPeriod > 0) watchdogExpired(log, "none");
  });
  for (const [name, number] of [["SIGABRT", 6], ["SIGBUS", 7]] as const) {
    Deno.addSignalListener(name, () => server.crash(number, name));
  }
}

function writePidFile(config: Config, log: Log): void {
  if (config.pidfile === "") return;
  try {
    Deno.writeTextFileSync(config.path(config.pidfile), `${Deno.pid}\n`);
  } catch (error) {
    log.verbose(`Failed to write PID file: ${errnoText(error)}`);
  }
}

function removePidFile(config: Config, log: Log): void {
  if (config.pidfile === "") return;
  log.notice("Removing the pid file.");
  try {
    Deno.removeSync(config.path(config.pidfile));
  } catch { /* somebody else removed it */ }
}

/** The actions that start no server. Returns the exit code, as Redis has it. */
function perform(action: SpecialAction): number {
  switch (action) {
    case "version":
      Deno.stdout.writeSync(fromLatin1(versionText()));
      return 0;
    case "help":
      writeError(helpText());
      return 1;
    case "test-memory":
      writeError(
        "Memory tests are not supported: a program in this runtime cannot choose which memory it gets.\n",
      );
      return 1;
    case "check-system":
      writeError(
        "System checks are not supported: this server depends on none of the settings they look at.\n",
      );
      return 1;
  }
}

/** Writes a binary string to standard error. */
function writeError(text: string): void {
  const bytes = fromLatin1(text);
  for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
}
