#!/bin/sh
# Installs the Debian package in a system of its own (debootstrap), runs it, upgrades it under load, removes and
# purges it. As root.
#   deb-test.sh OLD.deb NEW.deb
set -eu
cd "$(dirname "$0")/.."
old=$(realpath "$1")
new=$(realpath "$2")
PATH="$PATH:/usr/sbin:/sbin"
[ "$(id -u)" = 0 ] || {
    echo "this needs root: it makes a system to install into" >&2
    exit 1
}
# In a mount namespace of its own, so that nothing is left mounted whatever happens.
if [ "${IN_NAMESPACE:-}" != yes ]; then
    IN_NAMESPACE=yes exec unshare --mount -- "$0" "$old" "$new"
fi
work=$PWD/target/deb-test
base=$work/base.tar
root=$work/root
mkdir -p "$work"
if [ ! -s "$base" ]; then
    echo "==> Making a Debian system"
    command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap
    rm -rf "$root"
    debootstrap --variant=minbase bookworm "$root" >"$work/debootstrap.log"
    tar -C "$root" -cf "$base.tmp" .
    mv "$base.tmp" "$base"
fi
rm -rf "$root"
mkdir -p "$root"
tar -C "$root" -xf "$base"
mount -t proc proc "$root/proc"
cp "$old" "$root/old.deb"
cp "$new" "$root/new.deb"
inside() { DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" "$@"; }
as_owner() { inside setpriv --reuid tollgate --regid tollgate --clear-groups "$@"; }
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
is() { # what, expected
    [ "$1" = "$2" ] || fail "it is '$1' and not '$2'"
}

echo "==> Installing"
inside dpkg -i /old.deb >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "dpkg -i"; }
is "$(inside stat -c '%U:%G %a' /var/lib/tollgate)" "tollgate:tollgate 700"
is "$(inside stat -c '%U:%G %a' /usr/bin/tollgate)" "root:root 755"
is "$(inside getent passwd tollgate | cut -d: -f7)" /usr/sbin/nologin
is "$(inside dpkg-query -W -f '${Conffiles}' tollgate | grep -c ' /etc/tollgate/')" 2
for file in /usr/lib/systemd/system/tollgate.service /usr/share/man/man1/tollgate.1.gz \
    /usr/share/man/man1/tollgate-upgrade.1.gz /usr/share/bash-completion/completions/tollgate \
    /usr/share/zsh/vendor-completions/_tollgate /usr/share/fish/vendor_completions.d/tollgate.fish \
    /usr/share/doc/tollgate/copyright /usr/share/doc/tollgate/changelog.gz; do
    [ -s "$root$file" ] || [ -s "$root/lib/systemd/system/${file##*/}" ] || fail "there is no $file"
done
for socket in tollgate.socket tollgate-management.socket; do
    [ -L "$root/etc/systemd/system/sockets.target.wants/$socket" ] || fail "$socket is not enabled"
done
[ -L "$root/etc/systemd/system/multi-user.target.wants/tollgate.service" ] || fail "the service is not enabled"
inside bash -n /usr/share/bash-completion/completions/tollgate
inside tollgate check /etc/tollgate

echo "==> Running it, as its unit does"
unit=$(find "$root/lib/systemd/system" "$root/usr/lib/systemd/system" -name tollgate.service | head -n1)
start=$(sed -n 's/^ExecStart=//p' "$unit")
(
    cd "$work"
    rm -f notify.sock gateway.log
    # shellcheck disable=SC2086
    exec python3 ../../crates/tollgate/tests/python/service_manager.py data:management \
        "$(command -v chroot)" "$root" /usr/bin/setpriv --reuid tollgate --regid tollgate --clear-groups $start
) >"$work/manager.log" 2>&1 &
manager=$!
trap 'kill $manager 2>/dev/null || true' EXIT
healthy() {
    for _ in $(seq 300); do
        if inside tollgate healthcheck --data-dir /var/lib/tollgate >/dev/null 2>&1; then return 0; fi
        sleep 0.1
    done
    cat "$work/manager.log" "$work/gateway.log"
    fail "it does not come up"
}
healthy
data=$(sed -n '1s/^\["\([^"]*\)".*/\1/p' "$work/manager.log")
is "$(stat -c %U:%a "$root/var/lib/tollgate/tollgate.db" | cut -d: -f2)" 600
as_owner tollgate consumer create acme --data-dir /var/lib/tollgate >/dev/null
key=$(as_owner tollgate key create acme --data-dir /var/lib/tollgate | grep -oE '[a-z]+_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}' | head -n1)
[ -n "$key" ] || fail "no key was made"
answer() { python3 -c 'import sys,http.client
c=http.client.HTTPConnection(sys.argv[1],timeout=10); c.request("GET","/",headers=dict([sys.argv[2].split(": ",1)]) if sys.argv[2] else {}); print(c.getresponse().status)' "$data" "${1:-}"; }
is "$(answer)" 401
# The backend is not there; the key is good.
is "$(answer "Authorization: Bearer $key")" 502

echo "==> Upgrading it under load"
echo "# edited" >>"$root/etc/tollgate/tollgate.yaml"
pid() { sed -n 's/^ *"pid": \([0-9]*\),/\1/p' "$root/var/lib/tollgate/run.json"; }
before=$(pid)
rm -f "$work/stop"
python3 - "$data" "$work/stop" >"$work/load.log" 2>&1 <<'P' &
import http.client, os, sys
answers = {}
while not os.path.exists(sys.argv[2]):
    try:
        connection = http.client.HTTPConnection(sys.argv[1], timeout=20)
        connection.request("GET", "/")
        outcome = connection.getresponse().status
        connection.close()
    except Exception as error:
        outcome = repr(error)
    answers[outcome] = answers.get(outcome, 0) + 1
print(answers)
sys.exit(0 if set(answers) == {401} and answers[401] > 20 else 1)
P
load=$!
inside dpkg -i /new.deb >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "dpkg -i"; }
cat "$work/dpkg.log"
healthy
[ "$(pid)" != "$before" ] || fail "the process before still serves"
touch "$work/stop"
wait $load || { cat "$work/load.log"; fail "somebody was refused meanwhile"; }
echo "    answered meanwhile: $(cat "$work/load.log")"
is "$(inside dpkg-query -W -f '${Status}' tollgate)" "install ok installed"
is "$(tail -n1 "$root/etc/tollgate/tollgate.yaml")" "# edited"
is "$(answer "Authorization: Bearer $key")" 502

echo "==> Removing and purging it"
kill $manager
wait $manager || true
trap - EXIT
inside dpkg -r tollgate >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "dpkg -r"; }
[ ! -e "$root/usr/bin/tollgate" ] || fail "the binary is still there"
[ -s "$root/etc/tollgate/tollgate.yaml" ] && [ -s "$root/var/lib/tollgate/tollgate.db" ] || fail "removing took more than the program"
inside dpkg -P tollgate >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "dpkg -P"; }
for gone in etc/tollgate var/lib/tollgate etc/systemd/system/sockets.target.wants/tollgate.socket; do
    [ ! -e "$root/$gone" ] || fail "/$gone is left"
done
inside dpkg -l tollgate 2>/dev/null | grep -q '^ii' && fail "it is still installed"
umount "$root/proc"
rm -rf "$root"
echo "==> The package installs, runs, upgrades without refusing anybody, and leaves nothing"
