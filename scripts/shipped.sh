#!/bin/sh
# Builds a binary that is optimised by a profile: target/TARGET/shipped/tollgate, and beside it tollgate.build, which says
# in a line how it was made. `make dist` gives it to others, and `make bench` measures it.
#
# A first, instrumented binary does the work of benches/runner/train.py and writes down
# what it executed; the compiler then puts what runs often together, and what never does out of the way. That takes
# LLVM's tools, which rustup has, Python and a binary that can run here. Where one of them is missing, the binary is an
# ordinary one with the same settings, and a line says so.
#
# GUIDED=auto   with a profile where that is possible (the default)
# GUIDED=yes    fails where it is not
# GUIDED=no     without one
# GUIDED=kept   with the profile that the last run made, even where the sources have changed since
# TARGET        Rust's name of a machine; this one unless given
# CARGO_BUILD   `cargo build` unless given
set -eu
cd "$(dirname "$0")/.."
GUIDED="${GUIDED:-auto}"
host=$(rustc -vV | sed -n 's/^host: //p')
TARGET="${TARGET:-$host}"
CARGO_BUILD="${CARGO_BUILD:-cargo build}"
built="${CARGO_TARGET_DIR:-target}"
# Profiles, and what they are made with. The compiler is told an absolute path: it runs in many folders.
guide="$PWD/target/guide"
binary="$built/$TARGET/shipped/tollgate"

case "$GUIDED" in auto | yes | no | kept) ;; *)
    echo "GUIDED is auto, yes, no or kept, and not $GUIDED" >&2
    exit 2
    ;;
esac

# Both binaries are built for a named machine, this one too: so build scripts and macros are not instrumented, and the
# names in the profile are those of the second build. They would not be with another setting of the Cargo profile, which
# is part of each name: no CARGO_PROFILE_… for one of the two. $1: flags of the compiler; $2: where to build.
build() {
    # shellcheck disable=SC2086
    RUSTFLAGS="${RUSTFLAGS:-} $1" $CARGO_BUILD --locked --profile shipped --package tollgate --bin tollgate --target "$TARGET" --target-dir "$2"
}

# Whether a profile can be gathered here; otherwise `why` says what is missing.
can_gather() {
    [ "$TARGET" = "$host" ] || {
        why="a binary for $TARGET cannot run here"
        return 1
    }
    for tool in python3 openssl taskset; do
        command -v $tool >/dev/null || {
            why="there is no $tool, which the work that is profiled needs"
            return 1
        }
    done
    merger="$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata"
    if [ ! -x "$merger" ] && command -v rustup >/dev/null; then
        echo "==> Installing LLVM's tools (rustup component add llvm-tools)"
        rustup component add llvm-tools || true
    fi
    [ -x "$merger" ] || {
        why="there are no LLVM tools beside this compiler (rustup component add llvm-tools)"
        return 1
    }
}

# What a profile is good for: this compiler, these sources, this way to build.
state() {
    {
        rustc -vV
        echo "$CARGO_BUILD $TARGET ${RUSTFLAGS:-}"
        find Cargo.toml Cargo.lock crates benches/runner/train.py -type f ! -path '*/node_modules/*' ! -path '*/__pycache__/*' -print0 |
            LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -c1-16
}

# Makes the profile $1.
gather() {
    rm -rf "$guide/raw"
    mkdir -p "$guide/raw"
    echo "==> Building the instrumented binary (as long as a release build takes; GUIDED=no does without)"
    build "-Cprofile-generate=$guide/raw" "$guide/build"
    cargo build --release --locked --package tollgate-bench
    echo "==> Gathering a profile with it (a minute)"
    # One file for all processes: each adds to it as it ends.
    LLVM_PROFILE_FILE="$guide/raw/%m.profraw" python3 -m benches.runner.train --binary "$guide/build/$TARGET/shipped/tollgate" \
        --generator "$built/release/tollgate-bench"
    # Those of other states are of no use any more.
    rm -f "$guide"/*.profdata
    "$merger" merge --output "$1.part" "$guide/raw"
    mv "$1.part" "$1"
    rm -rf "$guide/raw"
}

profile=""
case "$GUIDED" in
    no) why="GUIDED=no" ;;
    kept)
        profile=$(find "$guide" -name '*.profdata' 2>/dev/null | head -n1)
        [ -n "$profile" ] || {
            echo "GUIDED=kept, and there is no profile in $guide: run it once with GUIDED=yes" >&2
            exit 1
        }
        ;;
    *)
        # The name changes with what is in it, so that cargo sees that it must build anew.
        guided="$guide/$(state).profdata"
        if [ -s "$guided" ]; then
            profile="$guided"
        elif can_gather; then
            gather "$guided"
            profile="$guided"
        fi
        ;;
esac

if [ -n "$profile" ]; then
    echo "==> Building the shipped binary for $TARGET, by its profile"
    build "-Cprofile-use=$profile" "$built"
    made="optimised by a profile of its work"
else
    [ "$GUIDED" != yes ] || {
        echo "GUIDED=yes, but $why" >&2
        exit 1
    }
    echo "==> NOT BY A PROFILE: $why"
    echo "==> Building the shipped binary for $TARGET"
    build "" "$built"
    made="without a profile: $why"
fi
echo "$made" >"$binary.build"
echo "==> $binary: $made"
