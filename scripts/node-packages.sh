#!/bin/sh
# Makes target/node: the npm packages that the tests run in the gateway's engine, and the compiler that
# checks its types. Does nothing where it is there already and the versions have not changed.
set -eu
cd "$(dirname "$0")/.."
from=crates/tollgate/tests/node
into=target/node
stamp=$(cat $from/package.json $from/package-lock.json | cksum | cut -d ' ' -f 1)
[ "$(cat $into/stamp 2>/dev/null || true)" = "$stamp" ] && exit 0

if ! command -v npm >/dev/null; then
    echo "==> Installing Node.js with npm"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm
    else
        echo "Node.js 20 or newer with npm is needed: install the packages nodejs and npm." >&2
        exit 1
    fi
fi
echo "==> Setting up the npm packages of the tests in $into"
rm -rf "$into"
mkdir -p "$into"
cp $from/package.json $from/package-lock.json "$into/"
(cd "$into" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
echo "$stamp" > "$into/stamp"
