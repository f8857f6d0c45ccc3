#!/bin/sh
# Starts the server from wherever it is called: first what .codecrafters/compile.sh does, then
# .codecrafters/run.sh with the same arguments. The caller's working directory stays as it is.
set -e
repository=$(dirname "$0")
(cd "$repository" && .codecrafters/compile.sh)
exec "$repository/.codecrafters/run.sh" "$@"
