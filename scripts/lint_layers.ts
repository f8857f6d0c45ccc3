/**
 * Fails where an import points up: the layers are what keeps a stranger able to read one file without the rest, and a
 * rule that nobody checks does not hold. `deno task lint:layers`.
 *
 * A module may import from its own layer and from those further down the list. Cycles between files are refused
 * everywhere, also within a layer.
 */

/** From the top to the bottom; a file belongs to the first layer whose pattern its path matches. */
export const LAYERS: readonly { name: string; files: RegExp }[] = [
  { name: "main", files: /^main\.ts$/ },
  { name: "server", files: /^server\// },
  { name: "commands", files: /^commands\// },
  { name: "persistence, replication", files: /^(persistence|replication)\// },
  { name: "store", files: /^store(\.ts$|\/)/ },
  { name: "lua", files: /^lua\// },
  { name: "types", files: /^types\/(?!(bytes|double|quoting)\.ts$)/ },
  // Numbers, quoting and text of bytes stand among the types but know none of them: the wire format needs them too.
  { name: "resp, util", files: /^(resp\.ts$|resp\/|util(\.ts$|\/)|types\/(bytes|double|quoting)\.ts$)/ },
];

/**
 * The one place where types (and only types) may point up: the context is what handlers see of server and client, so
 * it must name them. At run time nothing is imported.
 */
const MAY_NAME_SERVER_TYPES = /^commands\/context\.ts$/;

/** One import. `typeOnly`: `import type`, which is gone at run time. */
export type Edge = { from: string; to: string; typeOnly: boolean };

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["'](\.[^"']+)["']/g;

/** The relative imports of a module, as paths from the repository's root. */
export function importsOf(path: string, source: string): Edge[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
  const edges: Edge[] = [];
  for (const match of code.matchAll(IMPORT)) {
    const to = new URL(match[2]!, "file:///" + path).pathname.slice(1);
    edges.push({ from: path, to, typeOnly: match[1] !== undefined });
  }
  return edges;
}

/** Number of a file's layer, 0 at the top; undefined for files outside (tests, tools, bench). */
export function layerOf(path: string): number | undefined {
  const index = LAYERS.findIndex((layer) => layer.files.test(path));
  return index < 0 ? undefined : index;
}

/** What is wrong with these imports: one line for each. */
export function violations(edges: readonly Edge[]): string[] {
  const found: string[] = [];
  for (const { from, to, typeOnly } of edges) {
    const above = layerOf(from), below = layerOf(to);
    if (above === undefined || typeOnly && MAY_NAME_SERVER_TYPES.test(from)) continue;
    if (below === undefined) found.push(`${from} imports ${to}, which belongs to no layer`);
    else if (below < above) {
      found.push(`${from} (${LAYERS[above]!.name}) imports ${to} (${LAYERS[below]!.name}): that points up`);
    }
  }
  return [...found, ...cycles(edges.filter((edge) => !edge.typeOnly))];
}

/** Cycles of imports that run code, one line for each; those of types alone vanish at run time. */
function cycles(edges: readonly Edge[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...next.get(from) ?? [], to]);
  const done = new Set<string>();
  const path: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push("a cycle: " + [...path.slice(at), file].join(" -> "));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const to of next.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return found;
}

/** All modules of the layers under `root` (a directory with a trailing slash). */
function sources(root: string, folder = ""): string[] {
  const files: string[] = [];
  for (const entry of Deno.readDirSync(root + folder)) {
    const path = folder + entry.name;
    if (entry.isDirectory && !/^(\.|node_modules|tests|bench|tools|scripts|docs|dist)/.test(path)) {
      files.push(...sources(root, path + "/"));
    } else if (entry.isFile && path.endsWith(".ts")) files.push(path);
  }
  return files;
}

if (import.meta.main) {
  const root = decodeURIComponent(new URL("../", import.meta.url).pathname).replace(/^\/([A-Za-z]:)/, "$1");
  const files = sources(root);
  const found = violations(files.flatMap((path) => importsOf(path, Deno.readTextFileSync(root + path))));
  for (const line of found) console.error(line);
  console.log(`${files.length} modules, ${found.length} wrong imports`);
  if (found.length > 0) Deno.exit(1);
}
