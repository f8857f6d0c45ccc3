/** Users in redis.conf and in ACL files, against the real server: what is loaded, what is refused and in which words. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { show } from "../helpers/resp.ts";
import { type Kind, realTest, startServer } from "../helpers/server.ts";

const KINDS: readonly Kind[] = ["redis", "toy"];

/** Lines of redis.conf that stop the server. */
const REFUSED = [
  "user a on +nosuch",
  "user a on foo",
  "user a >x %Z~k",
  "user a on\nuser a off",
  "user a (+get",
  "user a on (+get",
  'user "a b" on',
  "user",
  "user a +get|",
  "user a #zz",
  "user a on ~* ~k",
  "user a on ( +get ) foo",
  "user a on (+get foo)",
  "user a on\naclfile /nosuch/users.acl",
  "aclfile /nosuch/users.acl",
];

/** Lines of redis.conf that do not. */
const ACCEPTED = [
  "user a",
  "user a on nopass sanitize-payload skip-sanitize-payload +get|x\nuser b off (+set ~k) +@read",
  'user a on >x "(+get ~k)"\nuser default on nopass +@all',
  "requirepass pw\nuser default on nopass ~k +acl",
  "acl-pubsub-default allchannels\nuser a on (+get ~k)",
];

/** The lines of a log that speak of users, without what differs between processes; what is written to standard error as it is. */
function essence(log: string): string[] {
  const lines = log.split("\n").map((line) => line.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ /, ""));
  // Redis warns twice of a rule that it calls misuse: once when it reads the line, once when it obeys it.
  return [...new Set(lines)].filter((line) =>
    /ACL|user|configuration file, at|FATAL|directive|>>>/i.test(line)
  );
}

realTest("user lines of redis.conf are refused in the same words", async () => {
  for (const lines of REFUSED) {
    const [theirs, mine] = await Promise.all(KINDS.map(async (kind) => {
      const dir = await Deno.makeTempDir();
      await Deno.writeTextFile(`${dir}/redis.conf`, `${lines}\n`);
      const server = await startServer(kind, {
        dir,
        bare: true,
        args: [`${dir}/redis.conf`, "--port", "0", "--unixsocket", `${dir}/socket`],
        waitReady: false,
      });
      const status = await server.waitForExit();
      await Deno.remove(dir, { recursive: true });
      return { code: status.code, log: essence(server.log) };
    }));
    assertEquals(mine, theirs, lines);
  }
});

realTest("user lines of redis.conf make the same users", async () => {
  for (const lines of ACCEPTED) {
    const [theirs, mine] = await Promise.all(KINDS.map(async (kind) => {
      const dir = await Deno.makeTempDir();
      await Deno.writeTextFile(`${dir}/redis.conf`, `save ""\n${lines}\n`);
      await using server = await startServer(kind, { dir, ...withFile(dir) });
      await using client = await server.connect();
      const replies = [
        show(await client.call("ACL", "LIST")),
        show(await client.call("AUTH", "pw")),
        show(await client.call("ACL", "SETUSER", "later", "on", ">pw", "(+get %R~x)")),
        show(await client.call("ACL", "SAVE")),
        show(await client.call("ACL", "LOAD")),
        show(await client.call("CONFIG", "REWRITE")),
      ];
      const users = (await Deno.readTextFile(`${dir}/redis.conf`)).split("\n").filter((line) =>
        /^user/.test(line)
      );
      await Deno.remove(dir, { recursive: true });
      return {
        replies,
        users: users.sort(),
        log: essence(server.log).filter((line) => !/configuration/i.test(line)),
      };
    }));
    assertEquals(mine, theirs, lines);
  }
});

/** Options that start a server with a configuration file, which must be the first argument. */
function withFile(dir: string) {
  const port = 20_000 + crypto.getRandomValues(new Uint16Array(1))[0]! % 12_000;
  return { bare: true, port, args: [`${dir}/redis.conf`, "--port", `${port}`, "--bind", "127.0.0.1"] };
}

/** Contents of an ACL file. */
const FILES = [
  "user a on +nosuch",
  "user a on foo\nbar\nuser b (+get\nuser a on\n\nuser c +nosuch #zz ~a ~* ~b",
  'user a on "x',
  "user",
  'user "a\tb" on',
  "user a on   +get (+set  ~a)",
  "  user default on nopass +@all ~k\n\t\r\nuser b on >x\t",
  "user default on nopass ~* &* +@all\nuser default on",
  "user a on nopass +@all\n# comment",
  "user kept on nopass +@all\nuser default on nopass ~* &* +@all",
  "",
];

realTest("an ACL file is taken whole or not at all, and its users' clients are closed", async () => {
  const start = { args: ["--aclfile", "users.acl"] };
  const dirs = await Promise.all(KINDS.map(() => Deno.makeTempDir()));
  for (const dir of dirs) await Deno.writeTextFile(`${dir}/users.acl`, "user kept on nopass +@all\n");
  const outcomes = await Promise.all(KINDS.map(async (kind, i) => {
    const file = `${dirs[i]}/users.acl`;
    await using server = await startServer(kind, { ...start, dir: dirs[i]! });
    await using client = await server.connect();
    const seen: string[] = [];
    for (const text of FILES) {
      await using kept = await server.connect();
      await kept.call("AUTH", "kept", "x");
      await Deno.writeTextFile(file, text);
      seen.push(text, show(await client.call("ACL", "LOAD")), show(await client.call("ACL", "LIST")));
      seen.push(show(await kept.call("ACL", "WHOAMI")));
    }
    await client.call("ACL", "SETUSER", "b", "on", ">pw", "(+get %R~x)");
    seen.push(show(await client.call("ACL", "SAVE")), await Deno.readTextFile(file));
    await Deno.remove(file);
    seen.push(show(await client.call("ACL", "LOAD")));
    return seen;
  }));
  for (const dir of dirs) await Deno.remove(dir, { recursive: true });
  assertEquals(outcomes[1], outcomes[0]);
});

Deno.test("passwords are in no log", async () => {
  await using toy = await startServer("toy", { args: ["--loglevel", "debug"] });
  await using client = await toy.connect();
  await client.call("ACL", "SETUSER", "bob", "on", ">hunter2");
  await client.call("AUTH", "bob", "hunter2");
  await client.call("AUTH", "bob", "hunter3");
  const log = show(await client.call("ACL", "LOG"));
  assertEquals(/hunter/.test(log + toy.log), false);
  assertStringIncludes(show(await client.call("ACL", "GETUSER", "bob")), "NOPERM");
});
