#!/bin/sh
# Makes target/python: a virtual environment with what the example backends and the tests need. Does nothing
# where it is there already and the requirements have not changed.
set -eu
cd "$(dirname "$0")/.."
env=target/python
requirements="examples/tornado/requirements.txt examples/bottle/requirements.txt crates/tollgate/tests/grpc/requirements.txt crates/tollgate/tests/python/requirements.txt crates/proxy/tests/cve/origins/requirements.txt"
stamp=$(cat $requirements | cksum | cut -d ' ' -f 1)
[ "$(cat $env/stamp 2>/dev/null || true)" = "$stamp" ] && exit 0

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    echo "==> Installing Python 3 with venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv
    else
        echo "Python 3 with its venv module is needed: install the packages python3 and python3-venv." >&2
        exit 1
    fi
fi
echo "==> Setting up the Python environment of the example backends and tests in $env"
rm -rf "$env"
mkdir -p target
python3 -m venv "$env"
# shellcheck disable=SC2086
"$env/bin/pip" install --quiet --disable-pip-version-check $(printf ' -r %s' $requirements)
echo "$stamp" > "$env/stamp"
