/**
 * When and how the append-only file is rewritten: asked for, because it has grown, or to begin one; and how failures space
 * out what nobody asked for. The steps that make it durable are in persistence/aof.ts.
 */
import { CommandEncoder } from "../persistence/aof_commands.ts";
import { baseName, errnoText, FileError, removeLater } from "../persistence/disk.ts";
import { RdbEncoder } from "../persistence/rdb_save.ts";
import { SnapshotAborted, type SnapshotEncoder } from "../persistence/snapshot.ts";
import type { Persistence } from "./persistence.ts";
import type { RedisServer } from "./server.ts";

/** Failed rewrites in a row after which automatic ones are spaced out, and the longest spacing in minutes. */
const FAILURES_BEFORE_SPACING = 3;
const LONGEST_SPACING_MINUTES = 60;

/** One server's rewrites. */
export class Rewrites {
  /** One is to begin when that is possible. */
  scheduled = false;
  /** How many have begun. */
  count = 0;
  lastOk = true;
  /** Seconds that the last one took; -1 before the first. */
  lastSeconds = -1;
  failuresInRow = 0;
  readonly #server: RedisServer;
  readonly #persistence: Persistence;
  /** When the next one may begin that nobody asks for; null where no spacing is under way. */
  #notBeforeMs: number | null = null;
  #spacingMinutes = 0;

  constructor(server: RedisServer, persistence: Persistence) {
    this.#server = server;
    this.#persistence = persistence;
  }

  /** What writes the base: an RDB file, or commands. */
  encoder(): SnapshotEncoder {
    const { config } = this.#server;
    if (config.aofUseRdbPreamble) return new RdbEncoder(this.#persistence.rdbOptions(true));
    return new CommandEncoder(
      config.aofTimestampEnabled ? this.#persistence.nowSeconds() : null,
      [...this.#server.scripting.librarySources()],
    );
  }

  /** Begins to rewrite the append-only file beside the server. False where it cannot begin. */
  begin(): boolean {
    const { config, log } = this.#server;
    const { aof, disk, snapshots } = this.#persistence;
    if (snapshots.running !== null) return false;
    this.scheduled = false;

    const temp = this.#persistence.temporary("temp-rewriteaof-bg.aof");
    const beganSeconds = this.#persistence.nowSeconds();
    let started: Promise<void> | null = null;
    try {
      aof.beginRewrite();
      this.count++;
      started = snapshots.startFile(
        "aof",
        this.encoder(),
        temp,
        config.aofRewriteIncrementalFsync,
        () => {
          log.notice(`Successfully created the temporary AOF base file ${baseName(temp)}`);
          log.notice("Background AOF rewrite terminated with success");
          aof.finishRewrite(temp);
          this.lastOk = true;
          this.failuresInRow = 0;
          log.notice("Background AOF rewrite finished successfully");
        },
      );
    } catch (error) {
      log.warning(`Can't begin to rewrite the append only file: ${errnoText(error)}`);
    }
    if (started === null) {
      // Not one of those after which they are spaced out, except where the next would follow at once.
      if (aof.state === "waiting") this.#failed();
      else this.lastOk = false;
      return false;
    }
    log.notice(`Background append only file rewriting started by pid ${Deno.pid}`);
    if (aof.state === "waiting") this.#persistence.listen();
    started.catch((error) => {
      removeLater(disk, temp);
      if (error instanceof SnapshotAborted) return;
      if (error instanceof FileError) {
        log.warning(
          error.step === "open"
            ? `Opening the temp file for AOF rewrite in rewriteAppendOnlyFile(): ${errnoText(error)}`
            : `Write error writing append only file on disk: ${errnoText(error)}`,
        );
      } else log.warning(errnoText(error));
      log.warning("Background AOF rewrite terminated with error");
      this.#failed();
    }).finally(() => this.lastSeconds = this.#persistence.nowSeconds() - beganSeconds);
    return true;
  }

  #failed(): void {
    this.lastOk = false;
    this.failuresInRow++;
    if (this.#persistence.aof.state === "waiting") {
      this.scheduled = true;
      this.#persistence.unlisten();
      this.#persistence.aof.giveUpRewrite();
    }
  }

  /** Whether one that nobody asks for now may begin: not soon after several that failed, each time twice as late. */
  mayBegin(): boolean {
    const now = this.#server.clock.monoMs();
    if (this.failuresInRow < FAILURES_BEFORE_SPACING) {
      this.#spacingMinutes = 0;
      this.#notBeforeMs = null;
      return true;
    }
    if (this.#notBeforeMs !== null) {
      if (now < this.#notBeforeMs) return false;
      this.#notBeforeMs = null;
      return true;
    }
    const minutes = this.#spacingMinutes = Math.min(this.#spacingMinutes * 2 || 1, LONGEST_SPACING_MINUTES);
    this.#notBeforeMs = now + minutes * 60_000;
    this.#server.log.warning(
      `Background AOF rewrite has repeatedly failed and triggered the limit, will retry in ${minutes} minutes`,
    );
    return false;
  }

  /** auto-aof-rewrite-percentage and -min-size. */
  beginIfGrown(): void {
    const { config, log } = this.#server;
    const { aof } = this.#persistence;
    if (aof.state !== "on" || config.autoAofRewritePercentage === 0) return;
    if (aof.size <= config.autoAofRewriteMinSize) return;
    const base = aof.rewriteBaseBytes || 1;
    const growth = Math.floor(aof.size * 100 / base) - 100;
    if (growth < config.autoAofRewritePercentage || !this.mayBegin()) return;
    log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    this.begin();
  }
}
