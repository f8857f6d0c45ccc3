// The containers of the server group: users, configuration, memory, modules and the diagnostics.

import { block, int, key, keyword, many, oneof, opt, pattern, repeated, str, token } from "./notation.ts";
import type { GroupDocs } from "./types.ts";

/** Documentation of the server group, for COMMAND DOCS. */
export const serverAdminDocs: GroupDocs = {
  ACL: {
    summary: "Groups the subcommands that manage users and their permissions",
    since: "6.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      CAT: {
        summary: "Lists the command categories, or the commands of one category",
        since: "6.0.0",
        complexity: "O(1) since the categories and commands are a fixed set.",
        arguments: [opt(str("categoryname"))],
      },
      DELUSER: {
        summary: "Removes users and closes their connections",
        since: "6.0.0",
        complexity: "O(1) amortized time considering the typical user.",
        arguments: [many(str("username"))],
      },
      DRYRUN: {
        summary: "Tells whether a user would be allowed to run a command",
        since: "7.0.0",
        complexity: "O(1).",
        arguments: [str("username"), str("command"), opt(many(str("arg")))],
      },
      GENPASS: {
        summary: "Generates a random password",
        since: "6.0.0",
        complexity: "O(1)",
        arguments: [opt(int("bits"))],
      },
      GETUSER: {
        summary: "Describes the permissions of a user",
        since: "6.0.0",
        complexity: "O(N). Where N is the number of password, command and pattern rules that the user has.",
        history: [
          ["6.2.0", "Channel patterns are part of the description."],
          [
            "7.0.0",
            "Selectors are part of the description, and key and channel patterns are given in the form of rules.",
          ],
        ],
        arguments: [str("username")],
      },
      HELP: {
        summary: "Lists the subcommands of ACL",
        since: "6.0.0",
        complexity: "O(1)",
      },
      LIST: {
        summary: "Lists all users in the format of the ACL file",
        since: "6.0.0",
        complexity: "O(N). Where N is the number of configured users.",
      },
      LOAD: {
        summary: "Replaces the users by those of the ACL file",
        since: "6.0.0",
        complexity: "O(N). Where N is the number of configured users.",
      },
      LOG: {
        summary: "Lists recent denials, or empties that log",
        since: "6.0.0",
        complexity: "O(N) with N being the number of entries shown.",
        arguments: [opt(oneof("operation", int("count"), token("RESET")))],
      },
      SAVE: {
        summary: "Writes the users to the ACL file",
        since: "6.0.0",
        complexity: "O(N). Where N is the number of configured users.",
      },
      SETUSER: {
        summary: "Creates a user or changes its permissions",
        since: "6.0.0",
        complexity: "O(N). Where N is the number of rules provided.",
        history: [
          ["6.2.0", "Channel patterns."],
          ["7.0.0", "Selectors, and separate read and write permissions for keys."],
        ],
        arguments: [str("username"), opt(many(str("rule")))],
      },
      USERS: {
        summary: "Lists the names of all users",
        since: "6.0.0",
        complexity: "O(N). Where N is the number of configured users.",
      },
      WHOAMI: {
        summary: "Returns the user this connection is logged in as",
        since: "6.0.0",
        complexity: "O(1)",
      },
    },
  },
  COMMAND: {
    summary: "Describes all commands of the server",
    since: "2.8.13",
    complexity: "O(N) where N is the total number of Redis commands",
    subcommands: {
      COUNT: {
        summary: "Counts the commands of the server",
        since: "2.8.13",
        complexity: "O(1)",
      },
      DOCS: {
        summary: "Returns the documentation of commands",
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands to look up",
        arguments: [opt(many(str("command-name")))],
      },
      GETKEYS: {
        summary: "Finds the keys in a complete command",
        since: "2.8.13",
        complexity: "O(N) where N is the number of arguments to the command",
      },
      GETKEYSANDFLAGS: {
        summary: "Finds the keys in a complete command, and how each is accessed",
        since: "7.0.0",
        complexity: "O(N) where N is the number of arguments to the command",
      },
      HELP: {
        summary: "Lists the subcommands of COMMAND",
        since: "5.0.0",
        complexity: "O(1)",
      },
      INFO: {
        summary: "Describes the given commands, or all of them",
        since: "2.8.13",
        complexity: "O(N) where N is the number of commands to look up",
        history: [["7.0.0", "Without a name, all commands are described."]],
        arguments: [opt(many(str("command-name")))],
      },
      LIST: {
        summary: "Lists the names of commands",
        since: "7.0.0",
        complexity: "O(N) where N is the total number of Redis commands",
        arguments: [
          opt(
            keyword(
              "FILTERBY",
              oneof(
                "filterby",
                keyword("MODULE", str("module-name")),
                keyword("ACLCAT", str("category")),
                keyword("PATTERN", pattern("pattern")),
              ),
            ),
          ),
        ],
      },
    },
  },
  CONFIG: {
    summary: "Groups the subcommands that read and change the configuration",
    since: "2.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      GET: {
        summary: "Returns the configuration parameters whose names match",
        since: "2.0.0",
        complexity: "O(N) when N is the number of configuration parameters provided",
        history: [["7.0.0", "More than one pattern may be given."]],
        arguments: [many(block("parameter", str("parameter")))],
      },
      HELP: {
        summary: "Lists the subcommands of CONFIG",
        since: "5.0.0",
        complexity: "O(1)",
      },
      RESETSTAT: {
        summary: "Sets the statistics shown by INFO back to zero",
        since: "2.0.0",
        complexity: "O(1)",
      },
      REWRITE: {
        summary: "Writes the current configuration to the configuration file",
        since: "2.8.0",
        complexity: "O(1)",
      },
      SET: {
        summary: "Changes configuration parameters while the server runs",
        since: "2.0.0",
        complexity: "O(N) when N is the number of configuration parameters provided",
        history: [["7.0.0", "More than one parameter may be given."]],
        arguments: [many(block("parameter_value", str("parameter"), str("value")))],
      },
    },
  },
  LATENCY: {
    summary: "Groups the subcommands about latency spikes and distributions",
    since: "2.8.13",
    complexity: "Depends on subcommand.",
    subcommands: {
      DOCTOR: {
        summary: "Explains the observed latency spikes in prose",
        since: "2.8.13",
        complexity: "O(1)",
      },
      GRAPH: {
        summary: "Draws the latency spikes of an event as text",
        since: "2.8.13",
        complexity: "O(1)",
        arguments: [str("event")],
      },
      HELP: {
        summary: "Lists the subcommands of LATENCY",
        since: "2.8.13",
        complexity: "O(1)",
      },
      HISTOGRAM: {
        summary: "Returns histograms of how long commands took",
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands with latency information being retrieved.",
        arguments: [opt(many(str("command")))],
      },
      HISTORY: {
        summary: "Lists the latency spikes of an event with their times",
        since: "2.8.13",
        complexity: "O(1)",
        arguments: [str("event")],
      },
      LATEST: {
        summary: "Returns the last and the highest spike of each event",
        since: "2.8.13",
        complexity: "O(1)",
      },
      RESET: {
        summary: "Forgets the spikes of some or all events",
        since: "2.8.13",
        complexity: "O(1)",
        arguments: [opt(many(str("event")))],
      },
    },
  },
  MEMORY: {
    summary: "Groups the subcommands about the use of memory",
    since: "4.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      DOCTOR: {
        summary: "Looks for problems in how memory is used",
        since: "4.0.0",
        complexity: "O(1)",
      },
      HELP: {
        summary: "Lists the subcommands of MEMORY",
        since: "4.0.0",
        complexity: "O(1)",
      },
      "MALLOC-STATS": {
        summary: "Reports the statistics of the allocator",
        since: "4.0.0",
        complexity: "Depends on how much memory is allocated, could be slow",
      },
      PURGE: {
        summary: "Gives unused pages back to the system",
        since: "4.0.0",
        complexity: "Depends on how much memory is allocated, could be slow",
      },
      STATS: {
        summary: "Breaks the used memory down by purpose",
        since: "4.0.0",
        complexity: "O(1)",
      },
      USAGE: {
        summary: "Estimates the bytes a key and its value take",
        since: "4.0.0",
        complexity: "O(N) where N is the number of samples.",
        arguments: [key(), opt(keyword("SAMPLES", int("count")))],
      },
    },
  },
  MODULE: {
    summary: "Groups the subcommands that manage modules",
    since: "4.0.0",
    complexity: "Depends on subcommand.",
    subcommands: {
      HELP: {
        summary: "Lists the subcommands of MODULE",
        since: "5.0.0",
        complexity: "O(1)",
      },
      LIST: {
        summary: "Lists the loaded modules",
        since: "4.0.0",
        complexity: "O(N) where N is the number of loaded modules.",
      },
      LOAD: {
        summary: "Loads a module from a file",
        since: "4.0.0",
        complexity: "O(1)",
        arguments: [str("path"), opt(many(str("arg")))],
      },
      LOADEX: {
        summary: "Loads a module from a file, with configuration parameters",
        since: "7.0.0",
        complexity: "O(1)",
        arguments: [
          str("path"),
          opt(repeated(keyword("CONFIG", block("configs", str("name"), str("value"))))),
          opt(many(keyword("ARGS", block("args", str("arg"))))),
        ],
      },
      UNLOAD: {
        summary: "Unloads a module",
        since: "4.0.0",
        complexity: "O(1)",
        arguments: [str("name")],
      },
    },
  },
  SLOWLOG: {
    summary: "Groups the subcommands that read the log of slow commands",
    since: "2.2.12",
    complexity: "Depends on subcommand.",
    subcommands: {
      GET: {
        summary: "Returns the newest entries of the slow log",
        since: "2.2.12",
        complexity: "O(N) where N is the number of entries returned",
        history: [["4.0.0", "Entries carry the client's address and name."]],
        arguments: [opt(int("count"))],
      },
      HELP: {
        summary: "Lists the subcommands of SLOWLOG",
        since: "6.2.0",
        complexity: "O(1)",
      },
      LEN: {
        summary: "Counts the entries of the slow log",
        since: "2.2.12",
        complexity: "O(1)",
      },
      RESET: {
        summary: "Empties the slow log",
        since: "2.2.12",
        complexity: "O(N) where N is the number of entries in the slowlog",
      },
    },
  },
};
