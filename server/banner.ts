/**
 * What the program says about itself: the banner at the start, `--version`, `--help`.
 */
import { REDIS_VERSION, TOY_REDIS_VERSION } from "./version.ts";

/** What the banner shows. */
export interface BannerFacts {
  readonly port: number;
  readonly pid: number;
}

const BRICK = "\x1b[31m";
const PLAIN = "\x1b[0m";

/**
 * The banner for a terminal. Tools that start a server wait for " PID: <number>" in its output.
 * @param color paint the bricks
 */
export function banner({ port, pid }: BannerFacts, color: boolean): string {
  const art = [
    "       ___ ___        ",
    "      |_o_|_o_|       ",
    "     _|___|___|_      ",
    "    |_o_|_o_|_o_|     ",
    "   _|___|___|___|_    ",
    "  |_o_|_o_|_o_|_o_|   ",
    "  |___|___|___|___|   ",
  ];
  const facts = [
    "",
    `toy-redis ${TOY_REDIS_VERSION}`,
    `speaks Redis ${REDIS_VERSION}`,
    "",
    "Mode: standalone",
    `Port: ${port}`,
    `PID: ${pid}`,
  ];
  const lines = art.map((bricks, i) => {
    const line = `${bricks} ${facts[i]}`.trimEnd();
    return color ? BRICK + line.slice(0, bricks.length) + PLAIN + line.slice(bricks.length) : line;
  });
  return `\n${lines.join("\n")}\n\n`;
}

/**
 * The lines of the log that stand for the banner in output that nobody watches: Redis's own, and one with the PID, which Redis
 * leaves to the banner.
 */
export function bannerLines({ port, pid }: BannerFacts): string[] {
  return [`Running mode=standalone, port=${port}.`, `toy-redis ${TOY_REDIS_VERSION}, PID: ${pid}`];
}

/** One line for `--version`; tools read the number behind "v=". */
export function versionText(): string {
  return `Redis server v=${REDIS_VERSION} sha=00000000:0 malloc=arena bits=64 build=toy-redis-${TOY_REDIS_VERSION}\n`;
}

/** The text for `--help`. */
export function helpText(): string {
  return `toy-redis ${TOY_REDIS_VERSION}, a server that speaks Redis ${REDIS_VERSION}

Usage: toy-redis [FILE] [--DIRECTIVE VALUE ...] [-]

  FILE                  read a redis.conf first
  -                     as the first or last word: read directives from standard input too
  --DIRECTIVE VALUE     any directive of redis.conf, with as many values as it takes;
                        the command line has the last word
  -v, --version         show the version
  -h, --help            show this text

Examples:
  toy-redis
  toy-redis --port 7777
  toy-redis --port 7777 --replicaof 127.0.0.1 6379
  toy-redis --appendonly yes --dir /var/lib/toy-redis
  toy-redis /etc/redis.conf --loglevel verbose
  echo 'maxmemory 128mb' | toy-redis -
`;
}
