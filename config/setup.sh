# Sourced by ./run and ./test: makes .venv and installs what a lock names, with nothing but Python >= 3.11 at hand.
# Needs $here, the project's folder. A stamp in .venv makes every later start skip all of it.

# With an empty environment the shell knows a PATH, but its children don't.
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
export PATH

. "$here/config/bundle.sh"

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# Compiled parts have wheels for 3.11 to 3.13; a later Python is tried last.
fits() { "$1" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, '"$2"'))' >/dev/null 2>&1; }

find_python() {
    for newest in 13 99; do
        for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python; do
            if fits "$candidate" "$newest"; then
                printf '%s\n' "$candidate"
                return
            fi
        done
    done
    stop "Python 3.11 or newer is needed and was not found on PATH (name one with PYTHON=/path/to/python3)."
}

have_uv() { uv --version >/dev/null 2>&1; }

# The path is part of the stamp: scripts in a virtual environment don't survive being moved.
stamp_of() { printf '%s %s\n' "$(cat -- "$@" "$here/config/setup.sh" | cksum)" "$here"; }

stamped() { [ -x "$venv/bin/python" ] && [ -x "$venv/bin/gateway" ] && [ "$(cat -- "$venv/$1" 2>/dev/null)" = "$2" ]; }

make_venv() {
    if [ -e "$venv" ] && "$venv/bin/python" -c '' >/dev/null 2>&1 && built_here; then
        return
    fi
    python=$(find_python) || exit 1
    say "Setting up .venv with $("$python" --version 2>&1) ..."
    rm -rf -- "$venv"
    if have_uv; then
        uv venv --quiet --python "$python" "$venv" || stop "uv could not make $venv."
    elif "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        "$python" -m venv "$venv" || stop "$python could not make $venv."
    else
        "$python" -m venv --without-pip "$venv" || stop "$python could not make $venv."
    fi
    printf '%s\n' "$here" >"$venv/made-in"
}

built_here() { [ ! -e "$venv/made-in" ] || [ "$(cat -- "$venv/made-in")" = "$here" ]; }

install_lock() {
    if have_uv; then
        uv pip install --quiet --python "$venv/bin/python" --require-hashes --no-deps -r "$1" ||
            stop "uv could not install $1."
        return
    fi
    for pip in "$venv/bin/python" python3 python3.13 python3.12 python3.11; do
        if "$pip" -m pip --version >/dev/null 2>&1; then
            PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore "$pip" -m pip --python "$venv/bin/python" \
                install -qq --no-input --no-compile --no-deps --require-hashes -r "$1" ||
                stop "pip could not install $1."
            return
        fi
    done
    stop "Neither uv nor pip was found. Install one (Debian: apt install python3-venv) and start again."
}

# The project is used where it lies: a line in site-packages and a command, so that nothing has to be built or fetched.
install_project() {
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$here" >"$packages/order-gateway.pth"
    # A start that has to compile its libraries would take seconds longer. Some ship templates that don't compile.
    "$venv/bin/python" -m compileall -q -j 0 "$packages" >/dev/null 2>&1 || true
    cat >"$venv/bin/gateway" <<'COMMAND'
#!/bin/sh
'''exec' "$(dirname -- "$0")/python" -P "$0" "$@"
' '''
import sys

from gateway.cli import main

if __name__ == "__main__":
    sys.exit(main())
COMMAND
    chmod 755 "$venv/bin/gateway"
}

# prepare runtime | tests: the packages, and the console's bundle meanwhile where the machine has a node for it.
prepare() {
    venv=$here/.venv
    is_installed "$1" && is_bundled "$1" && return
    make_venv
    bundling="" building="Building what the console's pages use in the browser ..."
    if ! is_bundled "$1" && have_node; then
        say "$building"
        make_bundle "$1" &
        bundling=$!
    fi
    is_installed "$1" || install "$1"
    is_bundled "$1" || bundle_made "$1" || without_bundle "$1"
}

is_installed() {
    runtime_stamp=$(stamp_of "$here/requirements.lock")
    tests_stamp=$(stamp_of "$here/requirements.lock" "$here/tests/requirements.lock")
    if [ "$1" = tests ]; then
        stamped tests-stamp "$tests_stamp"
    else
        stamped runtime-stamp "$runtime_stamp"
    fi
}

# The tests' lock holds everything the runtime's does; what is there is never removed.
install() {
    lock=$here/requirements.lock
    [ "$1" = runtime ] || lock=$here/tests/requirements.lock
    rm -f -- "$venv/runtime-stamp" "$venv/tests-stamp"
    say "Installing the locked dependencies ..."
    install_lock "$lock"
    install_project
    printf '%s\n' "$runtime_stamp" >"$venv/runtime-stamp"
    if [ "$1" = tests ]; then
        printf '%s\n' "$tests_stamp" >"$venv/tests-stamp"
    fi
}

bundle_made() {
    if [ -n "$bundling" ]; then
        wait "$bundling"
    else
        say "$building"
        make_bundle "$1"
    fi
}

# People can work without: every page is a plain form then. Tests that test nothing can't.
without_bundle() {
    said=$(tail -n 3 -- "$venv/bundle-log" 2>/dev/null | tr '\n' ' ')
    [ "$1" = runtime ] || stop "The console's bundle could not be built: $said"
    say "The console's bundle could not be built, so its pages are plain forms until a later start: $said"
}
