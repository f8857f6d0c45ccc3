/** Authentication: ACL and AUTH of the default user. */
import { bulk, errorLike, nil, ok, satisfying, simple } from "../../helpers/transcript.ts";
import type { Reply } from "../../helpers/resp.ts";
import type { Link, Session, Stage } from "../harness.ts";

const extension = "authentication";
const noAuth = errorLike("NOAUTH ");

const isBulk = (reply: Reply | undefined, text: string) => reply?.type === "bulk" && reply.text === text;

/** ACL GETUSER's [flags, [...], passwords, [...]]: whether nopass is among the flags, and which hashes are listed. */
function user(nopass: boolean | undefined, hashes?: string[]) {
  return satisfying((reply) => {
    if (reply.type !== "array" || reply.items.length < 2) return false;
    const [flagsName, flags, passwordsName, passwords] = reply.items;
    if (!isBulk(flagsName, "flags") || flags?.type !== "array") return false;
    if (nopass !== undefined && flags.items.some((flag) => isBulk(flag, "nopass")) !== nopass) return false;
    if (hashes === undefined) return true;
    return isBulk(passwordsName, "passwords") && passwords?.type === "array" &&
      passwords.items.length === hashes.length && passwords.items.every((item, i) =>
        isBulk(item, hashes[i]!)
      );
  }, `a user, nopass ${nopass}, passwords ${hashes?.join() ?? "any"}`);
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Starts the program and sets a password over the first connection. */
async function withPassword(s: Session): Promise<{ c: Link; password: string }> {
  s.start();
  const c = await s.connect();
  const password = `${s.word()}-${s.int(100, 999)}`;
  await c.must("ACL", "SETUSER", "default", ">" + password, ok);
  return { c, password };
}

export const authentication: Stage[] = [
  {
    extension,
    slug: "jn4",
    name: "ACL WHOAMI",
    async run(s) {
      s.start();
      await (await s.connect()).must("ACL", "WHOAMI", bulk("default"));
    },
  },
  {
    extension,
    slug: "gx8",
    name: "ACL GETUSER",
    async run(s) {
      s.start();
      await (await s.connect()).must("ACL", "GETUSER", "default", user(undefined));
    },
  },
  {
    extension,
    slug: "ql6",
    name: "The nopass flag",
    async run(s) {
      s.start();
      await (await s.connect()).must("ACL", "GETUSER", "default", user(true));
    },
  },
  {
    extension,
    slug: "pl7",
    name: "The passwords property",
    async run(s) {
      s.start();
      await (await s.connect()).must("ACL", "GETUSER", "default", user(true, []));
    },
  },
  {
    extension,
    slug: "uv9",
    name: "Setting the default user's password",
    async run(s) {
      s.start();
      const c = await s.connect();
      const password = `${s.word()}-${s.int(100, 999)}`;
      await c.must("ACL", "GETUSER", "default", user(true, []));
      await c.must("ACL", "SETUSER", "default", ">" + password, ok);
      await c.must("ACL", "GETUSER", "default", user(false, [await sha256(password)]));
    },
  },
  {
    extension,
    slug: "hz3",
    name: "The AUTH command",
    async run(s) {
      const { c, password } = await withPassword(s);
      await c.must("AUTH", "default", "wrong-" + password, errorLike("WRONGPASS "));
      await c.must("AUTH", "default", password, ok);
    },
  },
  {
    extension,
    slug: "nm2",
    name: "Enforce authentication",
    async run(s) {
      const { c } = await withPassword(s);
      await c.must("ACL", "WHOAMI", bulk("default"));
      const other = await s.connect();
      await other.must("ACL", "WHOAMI", noAuth);
      // Course text: every command but AUTH.
      await other.must("PING", noAuth);
      await other.must("GET", s.word(), noAuth);
    },
  },
  {
    extension,
    slug: "ws7",
    name: "Authenticate using AUTH",
    async run(s) {
      const { c, password } = await withPassword(s);
      await c.must("ACL", "WHOAMI", bulk("default"));
      const other = await s.connect();
      await other.must("ACL", "WHOAMI", noAuth);
      await other.must("AUTH", "default", password, ok);
      await other.must("ACL", "WHOAMI", bulk("default"));
      const word = s.word();
      const checks = [
        () => other.must("SET", s.word(), s.word(), ok),
        () => other.must("GET", "missing_key", nil),
        () => other.must("PING", simple("PONG")),
        () => other.must("ECHO", word, bulk(word)),
      ];
      for (const check of s.random.shuffle(checks).slice(0, 2)) await check();
    },
  },
];
