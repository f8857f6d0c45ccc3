/** AOF persistence: directory, manifest, what is written and what is replayed. */
import { sleep } from "../../helpers/client.ts";
import { concat, encodeCommand, FrameReader } from "../../helpers/resp.ts";
import { bulk, bulks, ok, satisfying } from "../../helpers/transcript.ts";
import { eventually } from "../harness.ts";
import type { Session, Stage } from "../harness.ts";

const extension = "persistence-aof";

interface Place {
  directory: string;
  file: string;
  flags: string[];
}

/** The flags of nearly all these stages. */
function place(s: Session): Place {
  const [directory, name] = s.words(2) as [string, string];
  const file = name + ".aof";
  const flags = [
    "--dir",
    s.dir,
    "--appendonly",
    "yes",
    "--appenddirname",
    directory,
    "--appendfilename",
    file,
  ];
  return { directory: `${s.dir}/${directory}`, file, flags: [...flags, "--appendfsync", "always"] };
}

const isDirectory = async (path: string) => (await Deno.stat(path)).isDirectory;

async function mustBeDirectory(path: string): Promise<void> {
  if (!await isDirectory(path)) throw new Error(`${path} is no directory`);
}

/** The commands in an append-only file, without one leading SELECT 0. */
async function commandsIn(path: string): Promise<string[][]> {
  const frames = new FrameReader().push(await Deno.readFile(path));
  const commands = frames.map(({ value }) => {
    if (value.type !== "array") throw new Error(`${path} holds something else than arrays`);
    return value.items.map((item) => item.type === "bulk" ? item.text : "?");
  });
  if (commands[0]?.join(" ") === "SELECT 0") commands.shift();
  return commands;
}

/** Sends commands and waits until the incremental file holds exactly `expected`. */
async function logs(s: Session, commands: string[][], expected: string[][]): Promise<void> {
  const { directory, file, flags } = place(s);
  s.start(...flags);
  const c = await s.connect();
  for (const command of commands) await c.must(...command, command[0] === "SET" ? ok : anyBulk);
  await eventually(async () => {
    const got = await commandsIn(`${directory}/${file}.1.incr.aof`);
    const say = (list: string[][]) => list.map((words) => words.join(" ")).join("; ");
    if (say(got) !== say(expected)) throw new Error(`the file holds "${say(got)}", not "${say(expected)}"`);
  });
}

const anyBulk = satisfying((reply) => reply.type === "bulk" || reply.type === "null", "a bulk string");

/** A file written before the start, under a name that only the manifest tells. */
async function replay(s: Session, commands: string[][], expected: [string, string][]): Promise<void> {
  const { directory, file, flags } = place(s);
  const incremental = `${s.word()}_${s.int(1, 99)}.aof.1.incr.aof`;
  await Deno.mkdir(directory);
  await Deno.writeFile(`${directory}/${incremental}`, concat(commands.map(encodeCommand)));
  await Deno.writeTextFile(`${directory}/${file}.manifest`, `file ${incremental} seq 1 type i\n`);
  s.start(...flags);
  const c = await s.connect();
  for (const [key, value] of expected) await c.must("GET", key, bulk(value));
}

export const persistenceAof: Stage[] = [
  {
    extension,
    slug: "uj3",
    name: "Default AOF options",
    async run(s) {
      s.start();
      const c = await s.connect();
      const defaults = { dir: s.dir, appendonly: "no", appenddirname: "appendonlydir" };
      for (const [name, value] of Object.entries(defaults)) {
        await c.must("CONFIG", "GET", name, bulks(name, value));
      }
      await c.must("CONFIG", "GET", "appendfilename", bulks("appendfilename", "appendonly.aof"));
      await c.must("CONFIG", "GET", "appendfsync", bulks("appendfsync", "everysec"));
    },
  },
  {
    extension,
    slug: "vd9",
    name: "AOF options from flags",
    async run(s) {
      const { flags } = place(s);
      s.start(...flags);
      const c = await s.connect();
      for (let i = 0; i < flags.length; i += 2) {
        const name = flags[i]!.slice(2);
        await c.must("CONFIG", "GET", name, bulks(name, flags[i + 1]!));
      }
    },
  },
  {
    extension,
    slug: "fm0",
    name: "Create the AOF directory",
    async run(s) {
      const { directory, flags } = place(s);
      s.start(...flags);
      await eventually(() => mustBeDirectory(directory));
      if (!await s.stop()) throw new Error("the program did not exit within 2 s of SIGTERM");
      const other = `${s.dir}/other`;
      await Deno.mkdir(other);
      s.start("--dir", other);
      await sleep(100);
      if (await isDirectory(`${other}/appendonlydir`).catch(() => false)) {
        throw new Error("appendonlydir was made although appendonly is off");
      }
    },
  },
  {
    extension,
    slug: "dw4",
    name: "Create the append-only file",
    async run(s) {
      const { directory, file, flags } = place(s);
      s.start(...flags);
      await eventually(async () => {
        await mustBeDirectory(directory);
        const { size } = await Deno.stat(`${directory}/${file}.1.incr.aof`);
        if (size !== 0) throw new Error(`the incremental file has ${size} bytes, not 0`);
      });
    },
  },
  {
    extension,
    slug: "pb9",
    name: "Create the manifest file",
    async run(s) {
      const { directory, file, flags } = place(s);
      s.start(...flags);
      await eventually(async () => {
        await mustBeDirectory(directory);
        await Deno.stat(`${directory}/${file}.1.incr.aof`);
        const manifest = await Deno.readTextFile(`${directory}/${file}.manifest`);
        const line = `file ${file}.1.incr.aof seq 1 type i`;
        if (!manifest.split("\n").some((each) => each.includes(line))) {
          throw new Error(`no "${line}" in ${manifest}`);
        }
      });
    },
  },
  {
    extension,
    slug: "dc8",
    name: "Write a command",
    async run(s) {
      const set = ["SET", s.word(), `${s.int(1, 100)}`];
      await logs(s, [set], [set]);
    },
  },
  {
    extension,
    slug: "fi1",
    name: "Write multiple commands",
    async run(s) {
      const sets = s.words(2).map((key) => ["SET", key, `${s.int(1, 100)}`]);
      await logs(s, sets, sets);
    },
  },
  {
    extension,
    slug: "ep6",
    name: "Write only commands that modify",
    async run(s) {
      const [a, b] = s.words(2) as [string, string];
      const first = ["SET", a, `${s.int(1, 100)}`], second = ["SET", b, `${s.int(1, 100)}`];
      // PING and CONFIG GET are the course text's addition to the tester's GET and ECHO.
      await logs(s, [first, ["GET", a], ["ECHO", s.word()], second], [first, second]);
    },
  },
  {
    extension,
    slug: "xz2",
    name: "Replay a single command",
    async run(s) {
      const [key, value] = s.words(2) as [string, string];
      await replay(s, [["SET", key, value]], [[key, value]]);
    },
  },
  {
    extension,
    slug: "kn2",
    name: "Replay multiple commands",
    async run(s) {
      const [a, b] = s.words(2) as [string, string];
      const [x, y, z] = s.words(3) as [string, string, string];
      await replay(s, [["SET", a, x], ["SET", b, y], ["SET", a, z]], [[a, z], [b, y]]);
    },
  },
];
