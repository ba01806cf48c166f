#!/usr/bin/env sh
# Installs Chromium for the tests of the iframe, where the machine has no browser of its kind.
set -eu

for name in "${STIBNITE_TEST_BROWSER:-}" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then exit 0; fi
done

give_up() {
  echo "The tests of the iframe need Chromium or Chrome: install one ($1), or name its program" \
    "in STIBNITE_TEST_BROWSER, and run make test again." >&2
  exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up "from your system's packages"
as_root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || give_up "as root: apt-get install chromium"
  as_root="sudo"
fi
echo "Installing Chromium for the tests of the iframe."
$as_root env DEBIAN_FRONTEND=noninteractive sh -c \
  'apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation' \
  >/dev/null || give_up "apt-get install chromium"
