#!/bin/sh
# Makes the root of the container image: the binary, the libraries that it names, certificates, an account.
#   rootfs.sh BINARY FOLDER
set -eu
binary="$1"
root="$2"
account=65532
mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$root/etc/tollgate" "$root/var/lib" "$root/tmp"
install -m 0755 "$binary" "$root/usr/bin/tollgate"
# The loader and the libraries, at the paths that the binary looks for them at.
ldd "$binary" | sed -n 's/^.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (0x.*/\1/p' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
# What calls to upstreams by https are verified with.
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo "tollgate:x:$account:$account:Tollgate:/var/lib/tollgate:/nonexistent" >"$root/etc/passwd"
echo "tollgate:x:$account:" >"$root/etc/group"
echo "hosts: files dns" >"$root/etc/nsswitch.conf"
install -d -m 0700 -o $account -g $account "$root/var/lib/tollgate"
chmod 1777 "$root/tmp"
