// What COMMAND DOCS says about Lua scripts and functions.

import { int, key, keyword, many, oneof, opt, since, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the scripting group, for COMMAND DOCS. */
export const scriptingDocs: GroupDocs = {
  EVAL: {
    summary: "Runs a Lua script",
    since: "2.6.0",
    complexity: "Depends on the script that is executed.",
    arguments: [str("script"), int("numkeys"), opt(many(key())), opt(many(str("arg")))],
  },
  EVAL_RO: {
    summary: "Runs a Lua script that may not write",
    since: "7.0.0",
    complexity: "Depends on the script that is executed.",
    arguments: [str("script"), int("numkeys"), opt(many(key())), opt(many(str("arg")))],
  },
  EVALSHA: {
    summary: "Runs a cached Lua script named by its SHA1 digest",
    since: "2.6.0",
    complexity: "Depends on the script that is executed.",
    arguments: [str("sha1"), int("numkeys"), opt(many(key())), opt(many(str("arg")))],
  },
  EVALSHA_RO: {
    summary: "Runs a cached Lua script, named by its SHA1 digest, that may not write",
    since: "7.0.0",
    complexity: "Depends on the script that is executed.",
    arguments: [str("sha1"), int("numkeys"), opt(many(key())), opt(many(str("arg")))],
  },
  FCALL: {
    summary: "Calls a function of a loaded library",
    since: "7.0.0",
    complexity: "Depends on the function that is executed.",
    arguments: [str("function"), int("numkeys"), opt(many(key())), opt(many(str("arg")))],
  },
  FCALL_RO: {
    summary: "Calls a function of a loaded library that may not write",
    since: "7.0.0",
    complexity: "Depends on the function that is executed.",
    arguments: [str("function"), int("numkeys"), opt(many(key())), opt(many(str("arg")))],
  },
  FUNCTION: {
    summary: "Groups the subcommands that manage function libraries",
    since: "7.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      DELETE: {
        summary: "Removes a library with all its functions",
        since: "7.0.0",
        complexity: "O(1)",
        arguments: [str("library-name")],
      },
      DUMP: {
        summary: "Serializes all libraries for FUNCTION RESTORE",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions",
      },
      FLUSH: {
        summary: "Removes all libraries",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions deleted",
        arguments: [opt(oneof("async", token("ASYNC"), token("SYNC")))],
      },
      HELP: {
        summary: "Lists the subcommands of FUNCTION",
        since: "7.0.0",
        complexity: "O(1)",
      },
      KILL: {
        summary: "Stops the running function, provided it has not written yet",
        since: "7.0.0",
        complexity: "O(1)",
      },
      LIST: {
        summary: "Describes the loaded libraries and their functions",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions",
        arguments: [opt(keyword("LIBRARYNAME", str("library-name-pattern"))), opt(token("WITHCODE"))],
      },
      LOAD: {
        summary: "Loads a library from its source code",
        since: "7.0.0",
        complexity: "O(1) (considering compilation time is redundant)",
        arguments: [opt(token("REPLACE")), str("function-code")],
      },
      RESTORE: {
        summary: "Loads the libraries that FUNCTION DUMP serialized",
        since: "7.0.0",
        complexity: "O(N) where N is the number of functions on the payload",
        arguments: [
          str("serialized-value"),
          opt(oneof("policy", token("FLUSH"), token("APPEND"), token("REPLACE"))),
        ],
      },
      STATS: {
        summary: "Describes the function that is running and the available engines",
        since: "7.0.0",
        complexity: "O(1)",
      },
    },
  },
  SCRIPT: {
    summary: "Groups the subcommands that manage cached Lua scripts",
    since: "2.6.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      DEBUG: {
        summary: "Chooses how scripts of this connection are debugged",
        since: "3.2.0",
        complexity: "O(1)",
        arguments: [oneof("mode", token("YES"), token("SYNC"), token("NO"))],
      },
      EXISTS: {
        summary: "Says which scripts are cached, by their SHA1 digests",
        since: "2.6.0",
        complexity:
          "O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).",
        arguments: [many(str("sha1"))],
      },
      FLUSH: {
        summary: "Empties the script cache",
        since: "2.6.0",
        complexity: "O(N) with N being the number of scripts in cache",
        history: [["6.2.0", "`ASYNC` and `SYNC` choose how the cache is freed."]],
        arguments: [opt(since("6.2.0", oneof("async", token("ASYNC"), token("SYNC"))))],
      },
      HELP: {
        summary: "Lists the subcommands of SCRIPT",
        since: "5.0.0",
        complexity: "O(1)",
      },
      KILL: {
        summary: "Stops the running script, provided it has not written yet",
        since: "2.6.0",
        complexity: "O(1)",
      },
      LOAD: {
        summary: "Caches a script without running it and returns its SHA1 digest",
        since: "2.6.0",
        complexity: "O(N) with N being the length in bytes of the script body.",
        arguments: [str("script")],
      },
    },
  },
};
