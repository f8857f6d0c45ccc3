/**
 * Scripts and functions: commands of the other groups called from Lua, whole or in pieces; values that scripts return;
 * errors that they raise; the caches. The commands come as arguments or as literals in the script's text.
 */
import { cmd, many, one, oneOf } from "../grammar.ts";
import type { CommandSpec, Gen, Grammar } from "../grammar.ts";
import type { Random } from "../../helpers/random.ts";
import { deepUnordered, exact } from "../../helpers/rules.ts";
import type { Rule } from "../../helpers/rules.ts";
import { bitmaps } from "./bitmaps.ts";
import { geo } from "./geo.ts";
import { hashes } from "./hashes.ts";
import { lists } from "./lists.ts";
import { sets } from "./sets.ts";
import { streams } from "./streams.ts";
import { strings } from "./strings.ts";
import { zsets } from "./zsets.ts";
import { key, value } from "../values.ts";

/** Commands whose replies tell of nothing but the data: what one leaves behind is the same on both servers. */
const CALLED: readonly CommandSpec[] = [strings, lists, hashes, sets, zsets, streams, bitmaps, geo]
  .flatMap(({ commands }) => commands)
  .filter((spec) =>
    !spec.alone && !spec.blocking && spec.followUp === undefined && !/^OBJECT|RAND|SCAN/.test(spec.name)
  );

/** One command for a script, with the rule by which its reply is compared. */
function drawCalled(random: Random): { args: string[]; rule: Rule } {
  const spec = random.pick(CALLED);
  const args = spec.draw(random);
  return { args, rule: spec.ruleOf(args) };
}

/** A Lua literal of a binary string. */
function quoted(text: string): string {
  const inner = text.replace(/[^ !#-[\]-~]/g, (char) => "\\" + String(char.charCodeAt(0)).padStart(3, "0"));
  return `"${inner}"`;
}

const literalCall = (args: readonly string[], how: string) => `redis.${how}(${args.map(quoted).join(",")})`;

/** Scripts that run the command in ARGV. `plain`: what they return is the command's reply. */
const WRAPPERS: readonly { text: string; plain: boolean }[] = [
  { text: "return redis.call(unpack(ARGV))", plain: true },
  { text: "return redis.call(unpack(ARGV))", plain: true },
  { text: "return redis.pcall(unpack(ARGV))", plain: true },
  { text: "redis.setresp(3) return redis.pcall(unpack(ARGV))", plain: true },
  { text: "redis.setresp(3)\nlocal r = redis.pcall(unpack(ARGV))\nreturn {type(r), r}", plain: false },
  { text: "redis.call('SELECT', 1) return redis.pcall(unpack(ARGV))", plain: true },
  {
    text: "local r = redis.pcall(unpack(ARGV)) if type(r) == 'table' then return #r end return r",
    plain: false,
  },
  { text: "local ok, e = pcall(redis.call, unpack(ARGV)) return {tostring(ok), type(e)}", plain: false },
  {
    text: "local ok, e = pcall(redis.call, unpack(ARGV)) if not ok then return {err = e} end return 1",
    plain: false,
  },
  { text: "#!lua\nreturn redis.call(unpack(ARGV))", plain: true },
  { text: "#!lua flags=no-writes\nreturn redis.pcall(unpack(ARGV))", plain: true },
  { text: "#!lua flags=allow-oom,allow-stale\n\n\nreturn redis.call(unpack(ARGV))", plain: true },
  { text: "for i = 1, 3 do redis.pcall(unpack(ARGV)) end return redis.call('DBSIZE')", plain: false },
];

/** Values and errors that no command has made. */
const EXPRESSIONS: readonly string[] = [
  "1",
  "-1.9",
  "2^53",
  "2^63",
  "-2^63",
  "1/0",
  "0/0",
  "'text'",
  "'\\0\\255'",
  "true",
  "false",
  "nil",
  "{}",
  "{1, 2, nil, 4}",
  "{'a', {1.5, true, false, {}}}",
  "{ok = 'fine'}",
  "{ok = 'two\\r\\nlines'}",
  "{err = 'SOME error'}",
  "{err = 'word'}",
  "{err = 12}",
  "{double = 3.25}",
  "{double = 1e300}",
  "{big_number = '1234567999999999999999999999999999999'}",
  "{map = {a = 1}}",
  "{set = {x = true}}",
  "{verbatim_string = {format = 'txt', string = 'x'}}",
  "{verbatim_string = {format = 'txt'}}",
  "{{err = 'IN side'}, {ok = 'yes'}, {double = 0.5}}",
  "redis.error_reply('CODE text')",
  "redis.error_reply('text')",
  "redis.error_reply(1)",
  "redis.status_reply('GOOD')",
  "redis.sha1hex('x')",
  "redis.sha1hex()",
  "KEYS",
  "ARGV",
  "#KEYS + #ARGV",
  "nothere",
  "KEYS[1] .. nil",
  "1 + {}",
  "redis.call()",
  "redis.call('nosuch')",
  "redis.call('get')",
  "redis.call({})",
  "redis.call('blpop', 'x', 0)",
  "redis.pcall('config', 'get', 'x')",
  "redis.acl_check_cmd('get', 'x')",
  "redis.setresp(4)",
  "redis.set_repl(9)",
  "redis.log('x')",
  "redis.nosuch",
  "tostring(redis.REPL_ALL) .. redis.LOG_WARNING",
  "tonumber('0x10')",
  "type(cjson.encode)",
  "cjson.encode({1, 2, {a = 'b'}})",
  "cjson.decode('[1,{\"a\":[]},null]')[2].a",
  "string.format('%05.1f|%s', 3.14159, 'x')",
  "error('a')",
  "error({err = 'MY error'})",
  "error('no position', 0)",
  "select('#', 1, nil, nil)",
  "loadstring('return 5')()",
];

/** EVAL and its like of a script around a command; the rule is kept for the command drawn last. */
function wrapped(name: string): CommandSpec {
  let rule = exact;
  const gen: Gen = (random) => {
    const { args, rule: own } = drawCalled(random);
    if (random.chance(0.3)) {
      const how = random.chance(0.5) ? "call" : "pcall";
      rule = own;
      return [`return ${literalCall(args, how)}`, "0"];
    }
    const wrapper = random.pick(WRAPPERS);
    rule = wrapper.plain || own === exact ? own : deepUnordered;
    return [wrapper.text, "0", ...args];
  };
  return cmd(name, gen).by(() => rule).unmutated();
}

const sequence: Gen = (random) => {
  const lines = Array.from({ length: random.int(2, 4) }, () => {
    const { args } = drawCalled(random);
    return literalCall(args, random.chance(0.8) ? "pcall" : "call");
  });
  return [`${lines.join("\n")}\nreturn redis.call('DBSIZE')`, "0"];
};

const expression: Gen = (random) => [
  `${random.chance(0.3) ? "redis.setresp(3) " : ""}return ${random.pick(EXPRESSIONS)}`,
];

const SHAS = [
  "b5ec4834a35d90ce3b59be86d9ad2cd1d81e0a4d",
  "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB",
  "e0e1f9fabfc9d4800c877a703b823ac0578ff8db",
  "short",
];
const sha = one((random) => random.pick(SHAS));

const LIBRARIES = [
  "#!lua name=a\nredis.register_function('fa', function(keys, args) return redis.call(unpack(args)) end)",
  "#!lua name=b\nredis.register_function{function_name='fb', callback=function(keys, args) return redis.pcall('GET', keys[1]) end, flags={'no-writes'}, description='reads'}",
  "#!lua name=c\nlocal n = 0\nredis.register_function('fa', function(keys, args) n = n + 1 return n end)",
  "#!lua name=d\nredis.register_function{function_name='fd', callback=function(keys, args) error(args[1]) end, flags={'allow-oom', 'no-cluster'}}",
  "#!lua name=e\nreturn 1",
  "#!lua name=e\nredis.call('SET', 'x', 'y')",
  "#!lua\nreturn 1",
  "#!lua name=e nothing=here\nx",
  "#!lua name=e\nx x",
  "return 1",
];
const library = one((random) => random.pick(LIBRARIES));
const functionName = oneOf("fa", "fb", "fd", "FA", "nosuch");

export const scripting: Grammar = {
  name: "scripting",
  clients: 2,
  databases: [0, 1],
  setup: (client) => [
    ...client === 1 ? [["FUNCTION", "FLUSH"], ["SCRIPT", "FLUSH"]] : [],
    ...client % 2 === 0 ? [["HELLO", "3"]] : [],
  ],
  commands: [
    wrapped("EVAL").weigh(60),
    wrapped("EVAL_RO").weigh(10),
    cmd("EVAL", sequence).unmutated().weigh(15),
    cmd("EVAL", expression, () => ["1"], key("string"), many(0, 3, value)).unmutated().weigh(30),
    cmd("EVAL", expression, many(1, 4, value)).weigh(5),
    cmd("EVALSHA", sha, () => ["0"]).weigh(8),
    cmd("EVALSHA_RO", sha, () => ["0"]).weigh(4),
    cmd("SCRIPT LOAD", expression).weigh(4),
    cmd("SCRIPT LOAD", () => ["return 1"]).weigh(4),
    cmd("SCRIPT EXISTS", many(1, 3, sha)).weigh(4),
    cmd("SCRIPT FLUSH", oneOf("SYNC", "ASYNC")).weigh(1),
    cmd("SCRIPT KILL").weigh(1),
    cmd("FUNCTION LOAD", library).weigh(8),
    cmd("FUNCTION LOAD", "REPLACE", library).weigh(8),
    cmd("FUNCTION DELETE", oneOf("a", "b", "c", "d")).weigh(3),
    cmd("FUNCTION LIST", oneOf("WITHCODE", "LIBRARYNAME"), many(0, 1, oneOf("a", "*", "B"))).by(deepUnordered)
      .weigh(4),
    cmd("FUNCTION STATS").weigh(2),
    cmd("FUNCTION FLUSH").weigh(1),
    cmd("FUNCTION KILL").weigh(1),
    cmd("FCALL", functionName, () => ["0"], many(1, 3, value)).weigh(8),
    cmd("FCALL", functionName, () => ["1"], key("string"), many(0, 2, value)).weigh(6),
    cmd("FCALL_RO", functionName, () => ["1"], key("string")).weigh(6),
    cmd("MULTI").weigh(3),
    cmd("EXEC").weigh(4),
    cmd("SET", key("string"), value).weigh(5),
  ],
};
