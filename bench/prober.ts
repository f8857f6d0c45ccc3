/**
 * Sends PING each millisecond on a connection of its own and notes how long the answers take. It runs in a worker, so
 * that what the benchmark itself does meanwhile is not taken for a pause of the server.
 */

/** What was seen since the last question. */
export interface Pauses {
  /** The longest answer in milliseconds. */
  longest: number;
  /** Answers. */
  count: number;
}

/** A prober for one server. */
export class Prober implements AsyncDisposable {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Connects to 127.0.0.1:port and begins. */
  static async start(port: number): Promise<Prober> {
    const worker = new Worker(new URL("./prober_worker.ts", import.meta.url), { type: "module" });
    const prober = new Prober(worker);
    await prober.#ask({ port });
    return prober;
  }

  /** What was seen since the last call; the next call sees only what comes now. */
  take(): Promise<Pauses> {
    return this.#ask("take");
  }

  #ask(message: unknown): Promise<Pauses> {
    const { promise, resolve, reject } = Promise.withResolvers<Pauses>();
    this.#worker.onmessage = (event) => resolve(event.data as Pauses);
    this.#worker.onerror = (event) => reject(new Error(event.message));
    this.#worker.postMessage(message);
    return promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#worker.terminate();
    return Promise.resolve();
  }
}
