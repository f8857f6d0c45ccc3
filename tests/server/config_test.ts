/**
 * The Config class by itself: plain fields, hooks that adopt or veto, what protects settings, paths.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { allowsProtected, Config, protectedCommandError } from "../../server/config.ts";
import { DIRECTIVES } from "../../server/config_directives.ts";
import { type ConfigHost, SystemError } from "../../server/config_host.ts";
import { ConfigValues } from "../../server/config_values.ts";
import { Notify } from "../../commands/notify_classes.ts";
import { formatNotifyFlags, parseNotifyFlags } from "../../server/notify_flags.ts";

const LOCAL = { local: true, loading: false };

class FakeHost implements ConfigHost {
  readonly startDirectory = "/start";
  readonly files = new Map<string, string>();

  readFile(path: string): string {
    const text = this.files.get(path);
    if (text === undefined) throw new SystemError("No such file or directory", true);
    return text;
  }

  readStdin(): string {
    return "";
  }

  glob(): string[] {
    return [];
  }

  realDirectory(path: string): string {
    if (path.includes("gone")) throw new SystemError("No such file or directory", true);
    return path.replace("/link", "/real");
  }

  checkAppend(): void {}

  replaceFile(path: string, content: string): void {
    this.files.set(path, content);
  }
}

Deno.test("every setting is a plain field with a row in the table, and the other way round", () => {
  const config = new Config(new FakeHost());
  const fields = Object.keys(new ConfigValues()).sort();
  assertEquals(DIRECTIVES.map((directive) => directive.field as string).sort(), fields);
  for (const field of fields) {
    const descriptor = Object.getOwnPropertyDescriptor(config, field);
    assert(descriptor && "value" in descriptor, field);
  }
});

Deno.test("fields follow CONFIG SET with numbers, words and lists", () => {
  const config = new Config(new FakeHost());
  const pairs = [
    "maxmemory",
    "1mb",
    "maxmemory-clients",
    "5%",
    "appendfsync",
    "ALWAYS",
    "slave-read-only",
    "no",
  ];
  assertEquals(config.set(pairs, LOCAL), undefined);
  assertEquals([config.maxmemory, config.maxmemoryClients, config.appendfsync, config.replicaReadOnly], [
    1048576,
    -5,
    "always",
    false,
  ]);
  config.set([
    "save",
    "5 6",
    "client-output-buffer-limit",
    "replica 1kb 2kb 3",
    "shutdown-on-sigint",
    "now force",
  ], LOCAL);
  assertEquals(config.save, [{ seconds: 5, changes: 6 }]);
  assertEquals(config.clientOutputBufferLimit.replica, { hard: 1024, soft: 2048, seconds: 3 });
  assertEquals(config.clientOutputBufferLimit.normal, { hard: 0, soft: 0, seconds: 0 });
  assertEquals(config.shutdownOnSigint, ["now", "force"]);
  assertEquals(config.set(["maxmemory", "18446744073709551615"], LOCAL), undefined);
  assertEquals([config.maxmemory, config.text("maxmemory")], [2 ** 64, "18446744073709551615"]);
  config.resetToDefaults();
  assertEquals(config.get(["*"]), new Config(new FakeHost()).get(["*"]));
});

Deno.test("hooks run once for a CONFIG SET that changes what they watch, and for nothing else", () => {
  const config = new Config(new FakeHost());
  const calls: string[] = [];
  config.onApply(["hz", "dynamic-hz"], () => void calls.push(`hz ${config.hz} ${config.dynamicHz}`));
  config.onApply("slave-priority", () => void calls.push(`priority ${config.replicaPriority}`));
  config.set(["hz", "20", "dynamic-hz", "no", "maxmemory", "1"], LOCAL);
  config.set(["hz", "20", "maxclients", "5"], LOCAL);
  config.set(["replica-priority", "7", "maxclients", "x"], LOCAL);
  config.set(["replica-priority", "8"], LOCAL);
  assertEquals(calls, ["hz 20 false", "priority 8"]);
  assertThrows(() => config.onApply("no-such", () => {}), Error, "no such directive");
});

Deno.test("a veto puts everything back and lets earlier hooks adopt that", () => {
  const config = new Config(new FakeHost());
  const seen: number[] = [];
  const warnings: string[] = [];
  config.onApply("hz", () => void seen.push(config.hz));
  config.onApply(
    "port",
    () => config.port === 7 ? "Unable to listen on this port. Check server logs." : undefined,
  );
  config.onApply("maxclients", () => void seen.push(-1));
  const context = { ...LOCAL, warn: (message: string) => void warnings.push(message) };
  assertEquals(
    config.set(["hz", "20", "PORT", "7", "maxclients", "9", "maxmemory", "18446744073709551615"], context),
    "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
  );
  assertEquals([config.hz, config.port, config.maxclients, config.text("maxmemory")], [10, 6379, 10000, "0"]);
  assertEquals(seen, [20, 10]);
  assertEquals(warnings, [
    "Failed applying new configuration. Possibly related to new port setting. Restoring previous settings.",
  ]);
});

Deno.test("a value that fails late leaves the earlier ones as they were", () => {
  const config = new Config(new FakeHost());
  const before = config.get(["*"]);
  const error = config.set(["save", "1 1", "maxmemory", "5", "dir", "/gone"], LOCAL);
  assertEquals(
    error,
    "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config",
  );
  config.enableProtectedConfigs = "local";
  assertEquals(
    config.set(["save", "1 1", "maxmemory", "5", "dir", "/gone"], LOCAL),
    "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory",
  );
  config.enableProtectedConfigs = "no";
  assertEquals(config.get(["*"]), before);
});

Deno.test("protection: immutable, protected, loading, TLS", () => {
  const config = new Config(new FakeHost());
  assertEquals(
    config.set(["appendonly", "yes"], { local: true, loading: true }),
    "LOADING Redis is loading the dataset in memory",
  );
  assertEquals(config.set(["maxmemory", "1"], { local: true, loading: true }), undefined);
  config.enableProtectedConfigs = "local";
  assertEquals(config.set(["dbfilename", "x"], LOCAL), undefined);
  assertEquals(
    config.set(["dbfilename", "y"], { local: false, loading: false }),
    "ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config",
  );
  assertEquals([
    allowsProtected("yes", false),
    allowsProtected("local", true),
    allowsProtected("local", false),
  ], [
    true,
    true,
    false,
  ]);
  assert(
    protectedCommandError("DEBUG", "enable-debug-command").startsWith(
      "ERR DEBUG command not allowed. If the ",
    ),
  );
});

Deno.test("file names are taken from dir, whose links are resolved", () => {
  const config = new Config(new FakeHost());
  assertEquals(config.path("a\xc3\xa9"), "/start/a\u00e9");
  config.enableProtectedConfigs = "yes";
  assertEquals(config.set(["dir", "link"], LOCAL), undefined);
  assertEquals([config.dir, config.path("dump.rdb"), config.path("/x")], [
    "/start/real",
    "/start/real/dump.rdb",
    "/x",
  ]);
});

Deno.test("hidden directives answer to their name only", () => {
  const config = new Config(new FakeHost());
  assertEquals(config.get(["key-load-*"]), []);
  assertEquals(config.get(["Key-Load-Delay"]), [["Key-Load-Delay", "0"]]);
});

Deno.test("the watchdog's period depends on hz", () => {
  const config = new Config(new FakeHost());
  config.set(["hz", "100", "watchdog-period", "1"], LOCAL);
  assertEquals(config.watchdogPeriod, 20);
});

Deno.test("event classes: A is all but m and n", () => {
  assertEquals(
    parseNotifyFlags("A")! & (Notify.KEY_MISS | Notify.NEW | Notify.KEYSPACE | Notify.KEYEVENT),
    0,
  );
  assertEquals(formatNotifyFlags(parseNotifyFlags("mEKg$lshzxetd")!), "AKEm");
  assertEquals(formatNotifyFlags(parseNotifyFlags("nm")!), "nm");
  assertEquals(parseNotifyFlags("?"), undefined);
});
