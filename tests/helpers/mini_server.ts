/** As much of a server as the append-only file has to do with, over a disk in memory. */
import { AppendOnlyFile } from "../../persistence/aof.ts";
import { loadAppendOnlyFile, type LoadFrame } from "../../persistence/aof_loader.ts";
import { joinPath, writeAllSync } from "../../persistence/disk.ts";
import { fromLatin1, latin1 } from "../../types/bytes.ts";
import { concat, encodeCommand } from "./resp.ts";
import type { FaultDisk } from "./fault_disk.ts";

/** A request made of words. */
export class Frame implements LoadFrame {
  buf: Uint8Array;
  count: number;
  starts: Int32Array;
  ends: Int32Array;
  frameStart = 0;
  frameEnd = 0;

  constructor(words: readonly string[]) {
    this.buf = fromLatin1(words.join(""));
    this.count = words.length;
    this.starts = new Int32Array(Math.max(4, words.length));
    this.ends = new Int32Array(Math.max(4, words.length));
    let at = 0;
    words.forEach((word, i) => {
      this.starts[i] = at;
      this.ends[i] = at += word.length;
    });
  }

  words(): string[] {
    return Array.from({ length: this.count }, (_, i) => latin1(this.buf, this.starts[i]!, this.ends[i]!));
  }

  copy(): Frame {
    return new Frame(this.words());
  }
}

/** Its data set is the list of the SETs it ran. */
export class MiniServer {
  readonly data: string[] = [];
  readonly acknowledged: string[] = [];
  dead: string | null = null;
  readonly aof: AppendOnlyFile;
  readonly settings = {
    dir: "d",
    appenddirname: "a",
    appendfilename: "f.aof",
    appendfsync: "always" as "always" | "everysec" | "no",
    noAppendfsyncOnRewrite: false,
    aofTimestampEnabled: false,
    aofUseRdbPreamble: false,
    aofDisableAutoGc: false,
    aofLoadTruncated: true,
  };
  nowMs = 0;

  constructor(readonly disk: FaultDisk, appendfsync: "always" | "everysec" = "always") {
    this.settings.appendfsync = appendfsync;
    this.aof = new AppendOnlyFile({
      settings: this.settings,
      disk,
      wallMs: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      rewriting: () => false,
      warning: () => {},
      notice: () => {},
      exit: (message) => this.dead = message,
      errorChanged: () => {},
    });
  }

  load(): void {
    this.aof.readManifest();
    const steps = loadAppendOnlyFile(this.aof, {
      annotation: () => {},
      disk: this.disk,
      settings: this.settings,
      frame: new Frame([]),
      execute: (frame) => {
        const [name, argument] = (frame as Frame).words();
        if (name === "SET") this.data.push(argument!);
        return name === "SET" || name === "SELECT";
      },
      loadRdb: () => {
        throw new Error("there is no RDB file here");
      },
      monotonicMs: () => this.nowMs,
      sliceMs: Infinity,
      delayMs: () => 0,
      begin: () => {},
      progress: () => {},
      notice: () => {},
      warning: () => {},
    });
    while (!steps.next().done);
  }

  open(): void {
    this.aof.open((directory, name) => this.#writeBase(joinPath(directory, name)));
  }

  #writeBase(path: string): void {
    const file = this.disk.open(path, "create");
    writeAllSync(file, concat(this.data.map((id) => encodeCommand(["SET", id]))));
    file.syncDataSync();
    file.close();
  }

  /** One batch of commands; they count as acknowledged where a server would have sent the replies. */
  async write(...ids: string[]): Promise<void> {
    if (this.dead !== null || this.aof.error !== null) return; // MISCONF
    for (const id of ids) {
      this.data.push(id);
      this.aof.feed(0, new Frame(["SET", id]));
    }
    // A sync beside the server gets on with its work.
    for (let round = 0; round < 8; round++) await null;
    const mayAcknowledge = this.aof.flush();
    if (mayAcknowledge && this.aof.error === null) this.acknowledged.push(...ids);
  }

  rewrite(): void {
    if (this.dead !== null) return;
    try {
      this.aof.beginRewrite();
      this.#writeBase("d/temp.aof");
      this.aof.finishRewrite("d/temp.aof");
    } catch (error) {
      if (!(error instanceof Error) || !/error|space/.test(error.message)) throw error;
    }
  }
}
