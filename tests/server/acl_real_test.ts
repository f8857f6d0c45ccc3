/** ACL against the real server: what random rules make of a user, and what users may do with every command. */
import { assertEquals } from "@std/assert";
import { CATEGORIES, type CommandRow } from "../../commands/row.ts";
import { CommandTable } from "../../commands/table.ts";
import { describeUser } from "../../server/acl_describe.ts";
import {
  AclCommands,
  applyRule,
  mergeSelectors,
  newSelector,
  type RuleContext,
} from "../../server/acl_rules.ts";
import { User } from "../../server/acl_user.ts";
import { cString } from "../../types/quoting.ts";
import type { RawClient } from "../helpers/client.ts";
import { concat, encodeCommand, type Reply, show } from "../helpers/resp.ts";
import { seededRandom } from "../helpers/seeded.ts";
import { realTest, startServer, withBoth } from "../helpers/server.ts";
import { RuleMaker } from "./acl_rules.ts";

/** Sends all commands in one write and returns their replies. */
async function pipeline(client: RawClient, commands: readonly (readonly string[])[]): Promise<Reply[]> {
  const sent = client.write(concat(commands.map((command) => encodeCommand(command))));
  const replies: Reply[] = [];
  for (const _ of commands) replies.push((await client.read()).value);
  await sent;
  return replies;
}

function textsOf(reply: Reply): string[] {
  return "items" in reply ? reply.items.map((item) => "text" in item ? item.text : show(item)) : [];
}

/** The real server's commands as rows: names, flags and categories, which is all that rules know of them. */
function rowsOf(reply: Reply): CommandRow[] {
  if (!("items" in reply)) throw new Error(show(reply));
  return reply.items.map((item) => {
    const parts = "items" in item ? item.items : [];
    const name = textsOf(item)[0]!;
    return {
      name: name.slice(name.indexOf("|") + 1).toUpperCase(),
      arity: -1,
      flags: textsOf(parts[2]!),
      keys: [0, 0, 0],
      categories: textsOf(parts[6]!).map((category) => category.slice(1)),
      ...("items" in parts[9]! && parts[9].items.length > 0 ? { subcommands: rowsOf(parts[9]) } : {}),
    };
  });
}

/** A description with the single commands of each selector sorted: their order is that of a hash table with a random seed. */
function canonical(description: string): string {
  const words = description.split(" ");
  const single = (word: string) => /^[+-][^@]/.test(word);
  const out: string[] = [];
  for (let i = 0; i < words.length;) {
    const run: string[] = [];
    while (i < words.length && single(words[i]!)) run.push(words[i++]!);
    const closing = run.at(-1)?.endsWith(")") ? ")" : "";
    if (closing) run.push(run.pop()!.slice(0, -1));
    out.push(...run.sort());
    if (closing) out.push(closing);
    if (i < words.length) out.push(words[i++]!);
  }
  return out.join(" ");
}

const STEPS = 2500;
const USERS = 12;

realTest("random rules make the same users, with the same errors", async () => {
  await using redis = await startServer("redis");
  await using client = await redis.connect();
  const table = new CommandTable(rowsOf(await client.call("COMMAND")));
  const context: RuleContext = { commands: new AclCommands(table), allChannels: () => false, warn() {} };
  const users = Array.from({ length: USERS }, (_, i) => new User(`u${i}`, newSelector(context)));
  const maker = new RuleMaker(seededRandom(11), context.commands.all.map((one) => one.fullName), CATEGORIES);
  await pipeline(client, users.map(({ name }) => ["ACL", "SETUSER", name]));
  for (let step = 0; step < STEPS; step += USERS) {
    const rules = users.map(() => maker.words());
    const replies = await pipeline(
      client,
      users.map(({ name }, i) => ["ACL", "SETUSER", name, ...rules[i]!]),
    );
    const list = textsOf(await client.call("ACL", "LIST"));
    for (const [i, user] of users.entries()) {
      const said = change(user, rules[i]!, context);
      const words = JSON.stringify(rules[i]);
      assertEquals(said, "text" in replies[i]! ? replies[i].text : show(replies[i]!), words);
      const line = `user ${user.name} ${describeUser(user, context.commands)}`;
      const theirs = list.find((other) => other.startsWith(`user ${user.name} `))!;
      assertEquals(canonical(line), canonical(theirs), words);
    }
  }
});

/** What ACL SETUSER does and answers. */
function change(user: User, words: readonly string[], context: RuleContext): string {
  const rules = mergeSelectors(words);
  if (typeof rules === "number") {
    return `ERR Unmatched parenthesis in acl selector starting at '${cString(words[rules]!)}'.`;
  }
  const changed = user.copy();
  for (const rule of rules) {
    const fault = applyRule(changed, rule, context);
    if (fault !== undefined) return `ERR Error in ACL SETUSER modifier '${cString(rule)}': ${fault}`;
  }
  user.become(changed);
  return "OK";
}

/** Arguments that mean something to some command. */
const ARGUMENTS = [
  "a1",
  "b1",
  "c1",
  "d1",
  "zz",
  "1",
  "2",
  "-1",
  "STORE",
  "GET",
  "STREAMS",
  "KEYS",
  "LIMIT",
  "BY",
  "COUNT",
  "GROUP",
  "BLOCK",
  "",
];

realTest("every command is in the same categories, and may be run by the same users", async () => {
  await withBoth({}, async (toyServer, redisServer) => {
    await using toy = await toyServer.connect();
    await using redis = await redisServer.connect();
    const both = async (commands: readonly (readonly string[])[]) => {
      const [mine, theirs] = await Promise.all([pipeline(toy, commands), pipeline(redis, commands)]);
      for (const [i, command] of commands.entries()) {
        assertEquals(show(mine[i]!), show(theirs[i]!), JSON.stringify(command));
      }
      return theirs;
    };
    const known = new Set(textsOf(await toy.call("COMMAND", "LIST")));
    const commands = rowsWithArity(await redis.call("COMMAND")).filter(({ name }) => known.has(name));
    for (const category of CATEGORIES) {
      const mine = textsOf(await toy.call("ACL", "CAT", category)).sort();
      const theirs = textsOf(await redis.call("ACL", "CAT", category)).filter((name) => known.has(name))
        .sort();
      assertEquals(mine, theirs, category);
    }
    await both([["ACL", "CAT"]]);
    const random = seededRandom(5);
    await both(
      CATEGORIES.map((category) => ["ACL", "SETUSER", `in-${category}`, `+@${category}`, "~*", "&*"]),
    );
    await both(CATEGORIES.map((one) => ["ACL", "SETUSER", `not-${one}`, "+@all", `-@${one}`, "~*", "&*"]));
    await both([
      ["ACL", "SETUSER", "keys", "+@all", "~a*", "%R~b*", "%W~c*", "%RW~d*", "&a*"],
      [
        "ACL",
        "SETUSER",
        "more",
        "+@read",
        "%R~*",
        "(+@write %W~c* &b1)",
        "(+@all ~a* ~b* &c*)",
        "(%W~d* +@all)",
      ],
      [
        "ACL",
        "SETUSER",
        "some",
        "+@all",
        "-@slow",
        "+select|1",
        "+sort|b1",
        "+config|get",
        "~a*",
        "allchannels",
      ],
    ]);
    for (const { name, arity } of commands) {
      const words = name.split("|");
      const least = Math.max(Math.abs(arity) - words.length, 0);
      const filled = [...words, ...Array.from({ length: least }, () => "a1")];
      const questions = CATEGORIES.flatMap((category) => [
        ["ACL", "DRYRUN", `in-${category}`, ...filled],
        ["ACL", "DRYRUN", `not-${category}`, ...filled],
      ]);
      for (let i = 0; i < 40; i++) {
        const length = least + (arity < 0 ? random.below(7) : 0);
        const args = Array.from({ length }, () => ARGUMENTS[random.below(ARGUMENTS.length)]!);
        for (const user of ["keys", "more", "some"]) {
          questions.push(["ACL", "DRYRUN", user, ...words, ...args]);
        }
      }
      await both(questions);
    }
  });
});

/** Full name and arity of all commands and sub-commands. */
function rowsWithArity(reply: Reply): { name: string; arity: number }[] {
  if (!("items" in reply)) return [];
  return reply.items.flatMap((item) => {
    const parts = "items" in item ? item.items : [];
    const [, count, , , , , , , , subcommands] = parts;
    const arity = count?.type === "integer" ? Number(count.value) : 0;
    return [{ name: textsOf(item)[0]!, arity }, ...rowsWithArity(subcommands!)];
  });
}
