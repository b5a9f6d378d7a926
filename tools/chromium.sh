#!/usr/bin/env bash
# Sees to a Chromium for the browser tests: TIERLINE_TEST_CHROMIUM, one on PATH, or Debian's package.
set -euo pipefail

say() { printf 'setup: %s\n' "$*" >&2; }

if [ -n "${TIERLINE_TEST_CHROMIUM:-}" ]; then
  [ -x "$TIERLINE_TEST_CHROMIUM" ] && exit 0
  say "TIERLINE_TEST_CHROMIUM=$TIERLINE_TEST_CHROMIUM is not a program"
  exit 1
fi
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  say "installing Chromium for the browser tests with apt-get"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -qq -y --no-install-recommends chromium </dev/null >&2 ||
    { apt-get update -qq </dev/null >&2 && apt-get install -qq -y --no-install-recommends chromium </dev/null >&2; } || true
  command -v chromium >/dev/null && exit 0
fi
say "The browser tests need Chromium. Install it (Debian: apt-get install chromium), or name one: TIERLINE_TEST_CHROMIUM=/path/to/chromium"
exit 1
