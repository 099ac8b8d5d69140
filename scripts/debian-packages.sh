#!/bin/sh
# Installs the web servers that the gateway is tested in front of, where that is possible, without
# starting any of them. Prints which there are on its last line, as words; everything else it has to
# say goes to standard error.
set -eu
# package:binary; apache2-bin is httpd without its service.
wanted="nginx-light:nginx apache2-bin:apache2 lighttpd:lighttpd nodejs:node"
# What limits over several gateways and the alerts are tested with; these tests fail without it.
needed="redis-server:redis-server redis-tools:redis-cli prometheus:promtool"
PATH="$PATH:/usr/sbin:/sbin"

missing=""
for pair in $wanted $needed; do
    command -v "${pair#*:}" >/dev/null || missing="$missing ${pair%:*}"
done
if [ -n "$missing" ]; then
    root=""
    [ "$(id -u)" = 0 ] || root="sudo -n"
    if command -v apt-get >/dev/null && $root true 2>/dev/null; then
        echo "==> Installing$missing" >&2
        # Packages ask this file whether they may start their service: no.
        guard=/usr/sbin/policy-rc.d
        made=""
        if [ ! -e $guard ]; then
            printf '#!/bin/sh\nexit 101\n' | $root tee $guard >/dev/null
            $root chmod +x $guard
            made=yes
        fi
        apt="$root apt-get -qq -o DPkg::Lock::Timeout=300"
        # shellcheck disable=SC2086
        { $apt update && DEBIAN_FRONTEND=noninteractive $apt install -y --no-install-recommends $missing; } >&2 ||
            echo "==> They could not all be installed" >&2
        [ -z "$made" ] || $root rm -f $guard
    fi
fi

found=""
for pair in $wanted; do
    binary="${pair#*:}"
    if command -v "$binary" >/dev/null; then
        found="$found $binary"
    else
        echo "==> SKIPPED: no $binary on this machine, so nothing is tested in front of it" >&2
    fi
done
echo "${found# }"
