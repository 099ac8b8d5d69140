#!/bin/sh
# Builds what is given to others, in target/dist: binaries, archives, Debian packages, an SBOM, checksums.
# The binary is optimised by a profile of its work (scripts/shipped.sh), which takes two builds; PROFILE=release does with
# one, and PROFILE=dev builds the debug binary, to try all the rest of it out. TARGETS: Rust's names of machines; those whose toolchain is not here are named and
# passed over.
set -eu
cd "$(dirname "$0")/.."
PROFILE="${PROFILE:-shipped}"
fast=
case "$PROFILE" in
    # Nobody is given it, so that it need not be small.
    dev) folder=debug fast=--fast ;;
    *) folder="$PROFILE" ;;
esac
host=$(rustc -vV | sed -n 's/^host: //p')
TARGETS="${TARGETS:-x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu}"
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
built="${CARGO_TARGET_DIR:-target}"
dist=target/dist
# What goes into several packages.
share=target/dist-work
# Archives of one binary are the same bytes, whenever they are made. Not exported to the builds: C libraries would be
# compiled anew for each commit.
stamp="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}"

tool() { # name, version
    command -v "$1" >/dev/null || {
        echo "==> Installing $1"
        cargo install --locked "$1@$2"
    }
}
tool cargo-auditable 0.7.7
tool cargo-cyclonedx 0.5.9
tool cargo-deb 3.8.0

rm -rf "$dist" "$share"
mkdir -p "$dist" "$share/man" "$share/completions"

# What can be built here: the machine itself, and others whose standard library and linker there are.
can_build() {
    [ "$1" = "$host" ] && return 0
    [ -d "$(rustc --print sysroot)/lib/rustlib/$1" ] || {
        echo "==> NOT BUILT for $1: its standard library is not installed (rustup target add $1)" >&2
        return 1
    }
    cc=$(echo "$1" | sed 's/-unknown//')-gcc
    command -v "$cc" >/dev/null || {
        echo "==> NOT BUILT for $1: there is no $cc (Debian: gcc-$(echo "${cc%-gcc}" | tr _ -))" >&2
        return 1
    }
    export "CARGO_TARGET_$(echo "$1" | tr 'a-z-' 'A-Z_')_LINKER=$cc"
}

targets=""
for target in $TARGETS; do
    if can_build "$target"; then targets="$targets $target"; fi
done
[ -n "$targets" ] || {
    echo "none of $TARGETS can be built here" >&2
    exit 1
}

# Whether the target is said in words. The machine's own debug binary is where every build puts it; what is shipped is
# always built for a named machine.
is_named() { [ "$1" != "$host" ] || [ "$PROFILE" = shipped ]; }

binary_of() {
    if is_named "$1"; then echo "$built/$1/$folder/tollgate"; else echo "$built/$folder/tollgate"; fi
}

for target in $targets; do
    if [ "$PROFILE" = shipped ]; then
        TARGET="$target" CARGO_BUILD="cargo auditable build" scripts/shipped.sh
        continue
    fi
    echo "==> Building the $PROFILE binary for $target"
    if is_named "$target"; then set -- --target "$target"; else set --; fi
    cargo auditable build --locked --profile "$PROFILE" --package tollgate --bin tollgate "$@"
done

case " $targets " in *" $host "*) own=$(binary_of "$host") ;; *)
    echo "pages and completions are written by the binary of this machine: add $host to TARGETS" >&2
    exit 1
    ;;
esac
echo "==> Writing manual pages and completions"
"$own" man --dir "$share/man" >/dev/null
gzip -9n "$share"/man/*.1
"$own" completions bash >"$share/completions/tollgate.bash"
"$own" completions zsh >"$share/completions/_tollgate"
"$own" completions fish >"$share/completions/tollgate.fish"
gzip -9nc CHANGELOG.md >"$share/changelog.gz"
gzip -9nc >"$share/changelog.Debian.gz" <<END
tollgate (${DEB_VERSION:-$version-1}) stable; urgency=medium

  * Version $version; changelog.gz says what is in it.

 -- The Tollgate authors <packages@tollgate.invalid>  $(LC_ALL=C date -u -R -d "@$stamp")
END

echo "==> Writing the SBOM"
sbom="tollgate-$version.cdx.json"
SOURCE_DATE_EPOCH="$stamp" cargo cyclonedx --quiet --format json --spec-version 1.5 --override-filename tollgate-sbom
# Where it was built is nobody's business.
sed "s,$PWD,/build,g" crates/tollgate/tollgate-sbom.json >"$dist/$sbom"
# One is written for every crate of the workspace; the binary's holds them all.
find . -path ./target -prune -o -name tollgate-sbom.json -exec rm -f {} +

for target in $targets; do
    name="tollgate-$version-$target"
    echo "==> Packing $name"
    place="$dist/$name"
    mkdir -p "$place"
    cp "$(binary_of "$target")" "$place/tollgate"
    if [ "$target" = "$host" ]; then
        # The list of dependencies is no symbol: it stays.
        strip "$place/tollgate"
    fi
    cp LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md "$place/"
    cp -r "$share/man" "$share/completions" packaging/systemd "$place/"
    tar --sort=name --mtime="@$stamp" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
        -C "$dist" -cf - "$name" | gzip -9n >"$dist/$name.tar.gz"
    rm -rf "$place"

    echo "==> Packing the Debian package for $target"
    if is_named "$target"; then set -- --target "$target"; else set --; fi
    # shellcheck disable=SC2086
    SOURCE_DATE_EPOCH="$stamp" cargo deb --quiet $fast --no-build --package tollgate --profile "$PROFILE" --output "$dist" \
        ${DEB_VERSION:+--deb-version "$DEB_VERSION"} "$@"
done

(cd "$dist" && find . -maxdepth 1 -type f ! -name SHA256SUMS | sed 's,^\./,,' | sort | xargs sha256sum >SHA256SUMS)
echo "==> In $dist:"
cat "$dist/SHA256SUMS"
