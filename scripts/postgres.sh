#!/bin/sh
# Installs PostgreSQL 15 where it is missing, without starting it: the tests start servers of their own,
# on free ports and in folders that vanish.
set -eu
found=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1)
[ -n "$found" ] || found=$(command -v initdb || true)
if [ -z "$found" ]; then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    if ! command -v apt-get >/dev/null || ! $root true 2>/dev/null; then
        echo "PostgreSQL 15 or newer is needed: install the package postgresql-15." >&2
        exit 1
    fi
    echo "==> Installing PostgreSQL"
    # Packages ask this file whether they may start their service: no.
    guard=/usr/sbin/policy-rc.d
    made=""
    if [ ! -e $guard ]; then
        printf '#!/bin/sh\nexit 101\n' | $root tee $guard >/dev/null
        $root chmod +x $guard
        made=yes
    fi
    apt="$root apt-get -qq -o DPkg::Lock::Timeout=300"
    failed=""
    { $apt update && DEBIAN_FRONTEND=noninteractive $apt install -y --no-install-recommends postgresql-15; } || failed=yes
    [ -z "$made" ] || $root rm -f $guard
    [ -z "$failed" ] || { echo "PostgreSQL could not be installed." >&2; exit 1; }
fi
