#!/bin/sh
# Checks what scripts/dist.sh made, and tries the Debian package out. PROFILE as there; dev unless given, as a release
# build takes a while.
set -eu
cd "$(dirname "$0")/.."
PROFILE="${PROFILE:-dev}"
export PROFILE
scripts/dist.sh
dist=target/dist
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
echo "==> Checking the archives"
(cd $dist && sha256sum --quiet -c SHA256SUMS) || fail "checksums"
archive=$(find $dist -name '*.tar.gz' | sort | head -n1)
name=$(basename "$archive" .tar.gz)
try=target/dist-work/try
rm -rf $try
mkdir -p $try
tar -C $try -xzf "$archive"
for file in tollgate README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE man/tollgate.1.gz man/tollgate-run.1.gz \
    completions/tollgate.bash completions/_tollgate completions/tollgate.fish systemd/tollgate.service; do
    [ -s "$try/$name/$file" ] || fail "$file is not in $archive"
done
"$try/$name/tollgate" version
if command -v nm >/dev/null; then
    [ -z "$(nm "$try/$name/tollgate" 2>/dev/null)" ] || fail "the binary is not stripped"
fi
echo "==> Reading the dependencies out of the binary, and the SBOM"
objcopy --dump-section .dep-v0="$try/dependencies" "$try/$name/tollgate" /dev/null
python3 - "$try/dependencies" $dist/tollgate-*.cdx.json <<'P'
import json, sys, zlib
inside = {(one["name"], one["version"]) for one in json.loads(zlib.decompress(open(sys.argv[1], "rb").read()))["packages"] if one.get("kind", "runtime") == "runtime"}
sbom = json.load(open(sys.argv[2]))
assert sbom["bomFormat"] == "CycloneDX" and sbom["metadata"]["component"]["name"] == "tollgate", sbom["metadata"]
named = {(one["name"], one["version"]) for one in sbom["components"]}
missing = {one for one in inside if one[0] != "tollgate"} - named
assert not missing, f"in the binary and not in the SBOM: {sorted(missing)}"
assert all(one.get("licenses") for one in sbom["components"] if not one["name"].startswith("tollgate")), "a licence is missing"
text = json.dumps(sbom)
import os
assert os.getcwd() not in text, "a path of this machine is in the SBOM"
print(f"    {len(inside)} packages in the binary, {len(named)} in the SBOM")
P
deb=$(find $dist -name '*.deb' | sort | head -n1)
if command -v lintian >/dev/null; then
    echo "==> Asking lintian"
    lintian --allow-root --fail-on error --suppress-tags unstripped-binary-or-object "$deb"
else
    echo "==> SKIPPED: no lintian on this machine"
fi
echo "==> Packing the next version"
next=target/dist-work/next
mkdir -p $next
# What is shipped is built for a named machine.
if [ "$PROFILE" = shipped ]; then set -- --target "$(rustc -vV | sed -n 's/^host: //p')"; else set --; fi
cargo deb --quiet --fast --no-build --package tollgate --profile "$PROFILE" --output $next --deb-version 99.0.0-1 "$@"
scripts/deb-test.sh "$deb" "$(find $next -name '*.deb' | head -n1)"
