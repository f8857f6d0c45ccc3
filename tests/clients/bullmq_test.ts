/**
 * BullMQ, the queue that many Node.js programs run on Redis: nearly all of it is Lua scripts of some length, with cmsgpack, cjson,
 * streams, blocking pops and sorted sets, run for days on end. If its jobs flow, scripts work.
 */
import { assert, assertEquals } from "@std/assert";
import { FlowProducer, Queue, QueueEvents, Worker } from "bullmq";
import type { Job } from "bullmq";
import { sleep } from "../helpers/client.ts";
import { startServer } from "../helpers/server.ts";

interface Closable {
  close(): Promise<void>;
}

/** A queue on a server of its own; `open` keeps what must be closed at the end. */
async function session(
  fn: (
    connection: { host: string; port: number; maxRetriesPerRequest: null },
    open: <T extends Closable>(made: T) => T,
  ) => Promise<void>,
): Promise<void> {
  await using server = await startServer("toy");
  const opened: Closable[] = [];
  try {
    await fn({ host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null }, (made) => {
      opened.push(made);
      return made;
    });
  } finally {
    for (const one of opened.reverse()) await one.close();
  }
}

/** Waits until `test` holds; a test that never does is stopped by its limit. */
async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await test()) return;
    await sleep(25);
  }
  throw new Error("waited in vain");
}

const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: `bullmq: ${name}`, fn, sanitizeOps: false, sanitizeResources: false });

test("jobs are worked off, by priority, with results, failures and retries", () =>
  session(async (connection, open) => {
    const queue = open(new Queue("work", { connection }));
    const events = open(new QueueEvents("work", { connection }));
    await events.waitUntilReady();
    const done: string[] = [];
    await queue.add("low", { n: 1 }, { priority: 10 });
    await queue.add("high", { n: 2 }, { priority: 1 });
    const last = await queue.add("sum", { n: 3, list: [1, 2, 3] }, { priority: 20 });
    const flaky = await queue.add("flaky", {}, {
      priority: 30,
      attempts: 3,
      backoff: { type: "fixed", delay: 20 },
    });
    const broken = await queue.add("broken", {}, { priority: 40 });
    await queue.addBulk(
      Array.from({ length: 50 }, (_, n) => ({ name: "bulk", data: { n }, opts: { priority: 50 } })),
    );
    assertEquals(await queue.getJobCounts("prioritized", "active"), { prioritized: 55, active: 0 });
    open(
      new Worker("work", async (job: Job) => {
        done.push(job.name);
        if (job.name === "flaky" && job.attemptsMade < 2) throw new Error("not yet");
        if (job.name === "broken") throw new Error("never");
        if (job.name !== "sum") return null;
        await job.updateProgress(50);
        await job.log("adding");
        return { sum: (job.data.list as number[]).reduce((a, b) => a + b) };
      }, { connection }),
    );
    assertEquals(await last.waitUntilFinished(events), { sum: 6 });
    assertEquals(done.slice(0, 3), ["high", "low", "sum"]);
    await flaky.waitUntilFinished(events);
    await until(async () => (await queue.getCompletedCount()) === 54);
    assertEquals(done.filter((name) => name === "flaky").length, 3);
    assertEquals(await broken.getState(), "failed");
    assertEquals((await queue.getJobLogs(last.id!)).logs, ["adding"]);
    assertEquals((await queue.getFailed()).map((job) => job.failedReason), ["never"]);
    await queue.clean(0, 1000, "completed");
    assertEquals(await queue.getCompletedCount(), 0);
    await (await queue.getJob(broken.id!))!.remove();
    assertEquals(await queue.count(), 0);
  }));

test("delayed and repeated jobs, pausing and resuming", () =>
  session(async (connection, open) => {
    const queue = open(new Queue("later", { connection }));
    const seen: string[] = [];
    open(new Worker("later", (job: Job) => Promise.resolve(void seen.push(job.name)), { connection }));
    await queue.pause();
    assert(await queue.isPaused());
    await queue.add("paused", {});
    await queue.add("delayed", {}, { delay: 60 });
    await queue.upsertJobScheduler("tick", { every: 50, limit: 3 }, {
      name: "tick",
      data: { from: "scheduler" },
    });
    assertEquals(seen, []);
    await queue.resume();
    await until(() => seen.includes("paused") && seen.includes("delayed"));
    await until(() => seen.filter((name) => name === "tick").length >= 2);
    await queue.removeJobScheduler("tick");
    await queue.drain(true);
    await queue.obliterate({ force: true });
    assertEquals(await queue.getJobCountByTypes("completed", "waiting", "delayed"), 0);
  }));

test("a flow: the parent waits for its children and gets their results", () =>
  session(async (connection, open) => {
    const flow = open(new FlowProducer({ connection }));
    const queue = open(new Queue("parents", { connection }));
    let result: unknown;
    open(
      new Worker("children", (job: Job) => Promise.resolve(job.data.n * 2), { connection, concurrency: 3 }),
    );
    open(
      new Worker("parents", async (job: Job) => {
        result = Object.values(await job.getChildrenValues()).sort();
        return "done";
      }, { connection }),
    );
    const tree = await flow.add({
      name: "parent",
      queueName: "parents",
      children: [1, 2, 3].map((n) => ({ name: `child ${n}`, queueName: "children", data: { n } })),
    });
    await until(async () => (await queue.getJob(tree.job.id!))?.isCompleted() ?? false);
    assertEquals(result, [2, 4, 6]);
  }));
