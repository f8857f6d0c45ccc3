#!/bin/sh
# Runs once, in the repository, before the server is started: TypeScript needs no compiling, but where Deno is
# missing, npx must have fetched it before a start that is expected to take well under a second.
set -e
command -v deno >/dev/null 2>&1 || [ -x "$HOME/.deno/bin/deno" ] || npx -y deno --version >/dev/null
