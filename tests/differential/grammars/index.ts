/** All groups, by name. */
import type { Grammar } from "../grammar.ts";
import { acl } from "./acl.ts";
import { bitmaps } from "./bitmaps.ts";
import { connection } from "./connection.ts";
import { generic } from "./generic.ts";
import { geo } from "./geo.ts";
import { hashes } from "./hashes.ts";
import { hyperloglog } from "./hyperloglog.ts";
import { introspection } from "./introspection.ts";
import { lists } from "./lists.ts";
import { notifications } from "./notifications.ts";
import { pubsub } from "./pubsub.ts";
import { scripting } from "./scripting.ts";
import { sets } from "./sets.ts";
import { sort } from "./sort.ts";
import { streams } from "./streams.ts";
import { strings } from "./strings.ts";
import { tracking } from "./tracking.ts";
import { transactions } from "./transactions.ts";
import { zsets } from "./zsets.ts";

/** Every grammar there is, in the order of the documentation. */
export const GRAMMARS: readonly Grammar[] = [
  strings,
  generic,
  lists,
  hashes,
  sets,
  zsets,
  streams,
  geo,
  bitmaps,
  hyperloglog,
  sort,
  transactions,
  scripting,
  pubsub,
  notifications,
  tracking,
  acl,
  connection,
  introspection,
];
