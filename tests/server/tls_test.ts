/**
 * TLS with the real redis-cli and a certificate made by openssl. Where openssl or redis-cli is missing, these tests are skipped and
 * say so.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { toText } from "../helpers/bytes.ts";
import { freePort, type Kind, redisVersion, startServer, type TestServer } from "../helpers/server.ts";
import { waitForField, waitInStep } from "../replication/load.ts";

interface Output {
  code: number;
  text: string;
}

function run(program: string, ...args: string[]): Output | undefined {
  try {
    const { code, stdout, stderr } = new Deno.Command(program, { args, stdin: "null" }).outputSync();
    return { code, text: toText(stdout) + toText(stderr) };
  } catch {
    return undefined;
  }
}

const missing = ["openssl", "redis-cli"].filter((program) => run(program, "--version") === undefined);
if (missing.length > 0) {
  console.error(`\n!!! ${missing.join(", ")} not found: the tests of TLS are SKIPPED.\n`);
}
const ignore = missing.length > 0;

/** A directory with a certificate of this name for this machine. */
async function withCertificate(fn: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "toy-redis-tls-" });
  try {
    for (const name of ["one", "two"]) certify(dir, name);
    await fn(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function certify(dir: string, name: string): void {
  const made = run(
    "openssl",
    "req",
    "-x509",
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", `${dir}/${name}.key`, "-out", `${dir}/${name}.crt`, "-days", "2", "-subj", `/CN=${name}`],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
  );
  assertEquals(made?.code, 0, made?.text);
}

/** What redis-cli over TLS says, trusting the certificate of this name only. */
function ask(dir: string, name: string, port: number, ...command: string[]): string {
  return run("redis-cli", "--tls", "--cacert", `${dir}/${name}.crt`, "-p", `${port}`, ...command)!.text
    .trim();
}

async function control(server: TestServer, ...command: string[]): Promise<string> {
  await using client = await server.connect();
  const reply = await client.call(...command);
  return "text" in reply ? reply.text : reply.type;
}

Deno.test({
  name: "redis-cli --tls works, and CONFIG SET moves port and certificate",
  ignore,
  fn: () =>
    withCertificate(async (dir) => {
      const [tlsPort, other] = [freePort(), freePort()];
      const files = ["--tls-cert-file", `${dir}/one.crt`, "--tls-key-file", `${dir}/one.key`];
      await using server = await startServer("toy", {
        args: ["--tls-port", `${tlsPort}`, ...files, "--tls-auth-clients", "no", "--loglevel", "verbose"],
      });
      assertEquals(ask(dir, "one", tlsPort, "ECHO", "hello"), "hello");
      assertEquals(ask(dir, "one", tlsPort, "SET", "big", "x".repeat(100_000)), "OK");
      assertEquals(ask(dir, "one", tlsPort, "GET", "big"), "x".repeat(100_000));
      assertStringIncludes(ask(dir, "one", tlsPort, "CLIENT", "INFO"), `laddr=127.0.0.1:${tlsPort} `);
      assertStringIncludes(ask(dir, "two", tlsPort, "PING"), "certificate verify failed");

      assertEquals(await control(server, "CONFIG", "SET", "tls-port", `${other}`), "OK");
      assertEquals(ask(dir, "one", other, "PING"), "PONG");
      assertStringIncludes(ask(dir, "one", tlsPort, "PING"), "Connection refused");

      const renewed = ["tls-cert-file", `${dir}/two.crt`, "tls-key-file", `${dir}/two.key`];
      assertEquals(await control(server, "CONFIG", "SET", ...renewed), "OK");
      let answer = "";
      for (let i = 0; i < 50 && answer !== "PONG"; i++) answer = ask(dir, "two", other, "PING");
      assertEquals(answer, "PONG");
      assertStringIncludes(ask(dir, "one", other, "PING"), "certificate verify failed");

      const refusal = await control(server, "CONFIG", "SET", "tls-key-file", `${dir}/none.key`);
      assertStringIncludes(
        refusal,
        "'tls-key-file') - Unable to update TLS configuration. Check server logs.",
      );
      await server.waitForLog(/Failed to load private key: \S+none.key: No such file or directory/);
      assertEquals(ask(dir, "two", other, "PING"), "PONG");
      assertStringIncludes(
        await control(server, "CONFIG", "SET", "tls-auth-clients", "yes"),
        "Unable to update",
      );

      // A client that speaks no TLS is turned away, and no fault of the server's.
      await using plain = await Deno.connect({ port: other }).then((conn) => ({
        conn,
        [Symbol.asyncDispose]: () => Promise.resolve(conn.close()),
      }));
      await plain.conn.write(new TextEncoder().encode("PING\r\nPING\r\n"));
      const chunk = new Uint8Array(64);
      while (await plain.conn.read(chunk).catch(() => null) !== null);
      assertEquals(await control(server, "CONFIG", "SET", "tls-port", "0"), "OK");
      assertStringIncludes(ask(dir, "two", other, "PING"), "Connection refused");
      assert(!server.log.includes("BUG"), server.log);
    }),
});

Deno.test({
  name: "what this runtime's TLS cannot do stops the server",
  ignore,
  fn: () =>
    withCertificate(async (dir) => {
      const files = ["--tls-cert-file", `${dir}/one.crt`, "--tls-key-file", `${dir}/one.key`];
      const cases: [string[], RegExp][] = [
        [[], /No tls-cert-file configured!/],
        [files.slice(0, 2), /No tls-key-file configured!/],
        [files, /Either tls-ca-cert-file or tls-ca-cert-dir must be specified/],
        [[...files, "--tls-ca-cert-file", `${dir}/one.crt`], /tls-auth-clients yes is not supported/],
        [
          [...files, "--tls-auth-clients", "no", "--tls-protocols", "TLSv1.3"],
          /tls-protocols is not supported/,
        ],
        [
          [...files, "--tls-auth-clients", "no", "--tls-key-file", `${dir}/two.crt`],
          /Failed to load certificate/,
        ],
        [
          [...files, "--tls-auth-clients", "no", "--tls-replication", "yes"],
          /Either tls-ca-cert-file or tls-ca-cert-dir must be specified/,
        ],
        [
          [...files, "--tls-auth-clients", "no", "--tls-replication", "yes", "--tls-ca-cert-dir", dir],
          /tls-ca-cert-dir is not supported for tls-replication/,
        ],
      ];
      for (const [args, pattern] of cases) {
        const tls = ["--tls-port", `${freePort()}`, ...args];
        await using server = await startServer("toy", { args: tls, waitReady: false });
        assertEquals((await server.waitForExit()).code, 1);
        assert(pattern.test(server.log), `${args}: ${server.log}`);
        assertStringIncludes(server.log, "Failed to configure TLS. Check logs for more info.");
      }
    }),
});

/** An authority `ca` of whom nobody else knows, and a certificate `server` that it has signed. */
function certifyByAuthority(dir: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"];
  const must = (...args: string[]) => {
    const made = run("openssl", ...args);
    assertEquals(made?.code, 0, made?.text);
  };
  must("req", "-x509", ...key, `${dir}/ca.key`, "-out", `${dir}/ca.crt`, "-days", "2", "-subj", "/CN=ca");
  must("req", "-new", ...key, `${dir}/server.key`, "-out", `${dir}/server.csr`, "-subj", "/CN=somebody");
  Deno.writeTextFileSync(`${dir}/ext`, "basicConstraints=CA:FALSE\nsubjectAltName=DNS:elsewhere\n");
  const ca = ["-CA", `${dir}/ca.crt`, "-CAkey", `${dir}/ca.key`, "-CAcreateserial", "-extfile", `${dir}/ext`];
  must("x509", "-req", "-in", `${dir}/server.csr`, ...ca, "-out", `${dir}/server.crt`, "-days", "2");
}

const mixes: [Kind, Kind][] = [["toy", "toy"], ["toy", "redis"], ["redis", "toy"]];
for (const [primaryKind, replicaKind] of mixes) {
  Deno.test({
    name: `${replicaKind} follows ${primaryKind} by TLS, and not one that it does not trust`,
    ignore: ignore || redisVersion() === null,
    fn: () =>
      withCertificate(async (dir) => {
        certifyByAuthority(dir);
        const settings = (trusted: string) => [
          ...["--tls-cert-file", `${dir}/server.crt`, "--tls-key-file", `${dir}/server.key`],
          ...[
            "--tls-ca-cert-file",
            `${dir}/${trusted}.crt`,
            "--tls-auth-clients",
            "no",
            "--tls-replication",
            "yes",
          ],
        ];
        const port = freePort();
        await using primary = await startServer(primaryKind, {
          args: ["--tls-port", `${port}`, ...settings("ca"), "--repl-diskless-sync-delay", "0"],
        });
        await using replica = await startServer(replicaKind, {
          args: ["--replicaof", "127.0.0.1", `${port}`, ...settings("ca")],
        });
        await control(primary, "SET", "a", "x".repeat(1_000_000));
        await waitForField(replica, "master_link_status", (value) => value === "up");
        for (let i = 0; i < 50; i++) await control(primary, "APPEND", "a", `${i}`);
        await waitInStep(primary, replica);
        assertEquals(await control(replica, "STRLEN", "a"), await control(primary, "STRLEN", "a"));
        await using doubter = await startServer(replicaKind, {
          args: ["--replicaof", "127.0.0.1", `${port}`, ...settings("two")],
        });
        await doubter.waitForLog(/Error condition on socket for SYNC: /);
        await waitForField(doubter, "master_link_status", (value) => value === "down");
      }),
  });
}
