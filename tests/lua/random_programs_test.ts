/**
 * Random programs, and random damage to their text, by our engine and by PUC's: output, errors and their positions
 * must be the same. Needs lua5.1; the fixed programs of programs_test.ts do not.
 */

import { assertEquals } from "@std/assert";
import { LuaError } from "../../lua/error.ts";
import { LuaState } from "../../lua/state.ts";
import { Random } from "../../server/random.ts";
import { latin1 } from "../../types/bytes.ts";
import { hasReal, runOurs, runReal } from "./lua51.ts";
import { ProgramMaker } from "./random_program.ts";

/** Programs of each kind; LUA_PROGRAMS in the environment asks for more. */
const COUNT = Number(Deno.env.get("LUA_PROGRAMS") ?? 25);
const SEED = Number(Deno.env.get("LUA_SEED") ?? 1000);
/** Steps between suspensions: a program that is stopped all the time must print the same. */
const BUDGETS = [100_000, 1, 3];
const real = hasReal();

Deno.test({ name: "random programs print the same", ignore: !real }, () => {
  const directory = Deno.makeTempDirSync();
  try {
    for (let seed = SEED; seed < SEED + COUNT; seed++) {
      const source = new ProgramMaker(seed).program();
      Deno.writeTextFileSync(directory + "/random.lua", source);
      const theirs = runReal(directory, "random.lua");
      if (theirs === undefined) continue; // a loop without end
      assertEquals(runOurs(source, "@random.lua", BUDGETS[seed % BUDGETS.length]), theirs, `seed ${seed}`);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test({ name: "damaged programs get the same syntax errors", ignore: !real }, () => {
  const directory = Deno.makeTempDirSync();
  try {
    const ours: string[] = [];
    for (let i = 0; i < COUNT * 8; i++) {
      const source = damaged(SEED + i);
      Deno.writeFileSync(`${directory}/${i}.lua`, Uint8Array.from(source, (c) => c.charCodeAt(0)));
      ours.push(syntaxError(source, `@${i}.lua`));
    }
    Deno.writeTextFileSync(
      directory + "/all.lua",
      `for i = 0, ${
        ours.length - 1
      } do print(select(2, loadfile(i .. ".lua")) or "fine") print("\\1\\1") end`,
    );
    const command = new Deno.Command("lua5.1", { args: ["all.lua"], cwd: directory });
    const theirs = latin1(command.outputSync().stdout).split("\n\x01\x01\n");
    for (let i = 0; i < ours.length; i++) assertEquals(ours[i], theirs[i], `seed ${SEED + i}`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

function syntaxError(source: string, chunkName: string): string {
  try {
    new LuaState().compile(source, chunkName);
    return "fine";
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return error.message;
  }
}

/** Tokens, and beginnings of some, to put into a program. */
const ODD_TOKENS = [
  ..."end then do ( ) { } [ ] = == .. ... local function return break until repeat for in if elseif else nil"
    .split(" "),
  ..."and not # ; , : . name 3 1x 0x 1e a.b f() @ ~ ~= [=x goto ::l:: 'a [[x [==[y --[[z '\\300'".split(" "),
  '"b\\q',
  "\x01",
  "'a\\\nb'",
  "--x\n",
  "\n",
  "\xe9",
];

/** A piece of a random program with some tokens taken out, put in or exchanged. */
function damaged(seed: number): string {
  const random = new Random(seed);
  const below = (n: number) => random.u32() % n;
  const lines = new ProgramMaker(seed).program().split("\n").slice(28);
  const from = below(2) === 0 ? 0 : below(20);
  const tokens = lines.slice(from, from + 5 + below(30)).join("\n").match(
    /[A-Za-z_]\w*|\d[\w.]*|'[^']*'|\s+|[^\w\s]/g,
  ) ?? [];
  for (let i = below(3); i >= 0; i--) {
    const at = below(tokens.length);
    const odd = ` ${ODD_TOKENS[below(ODD_TOKENS.length)]} `;
    tokens.splice(at, below(2), ...(below(3) === 0 ? [] : [odd]));
  }
  return tokens.join("");
}
