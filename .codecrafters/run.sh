#!/bin/sh
# Starts the server with the arguments as they are, without changing the working directory. No type check, no
# lock file, no prompt: it listens in a fraction of a second. CodeCrafters copies this file to your_program.sh in
# the repository's root and runs it there, so the repository is either here or one directory up.
set -e
repository=$(dirname "$0")
[ -f "$repository/deno.json" ] || repository=$repository/..
set -- run -q --no-prompt --no-check --no-lock -P=server --v8-flags=--max-old-space-size=4096,--max-semi-space-size=4,--max-inlined-bytecode-size=800,--max-inlined-bytecode-size-cumulative=2500 \
  --config "$repository/deno.json" "$repository/main.ts" "$@"
if command -v deno >/dev/null 2>&1; then exec deno "$@"; fi
if [ -x "$HOME/.deno/bin/deno" ]; then exec "$HOME/.deno/bin/deno" "$@"; fi
exec npx -y deno "$@"
