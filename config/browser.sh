# Sourced by ./test: sees that there is a Chromium for the browser tests, and installs Debian's where it may.

headless=chromium-headless-shell # all that tests need of it, and a third smaller than `chromium`

have_browser() {
    [ -x "${BROWSER_PATH-}" ] && return
    for browser in "$headless" chromium chromium-browser google-chrome; do
        command -v "$browser" >/dev/null 2>&1 && return
    done
    return 1
}

install_browser() {
    apt-get update && for browser in "$headless" chromium; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$browser" && return
    done
}

# Nothing is left untested without a word: no browser, no ./test.
prepare_browser() {
    have_browser && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing $headless for the browser tests ..."
        install_browser >"$here/.venv/browser-log" 2>&1 && have_browser && return
        tail -n 5 -- "$here/.venv/browser-log" >&2
    fi
    stop "The browser tests need Chromium: apt-get install $headless, or name one by BROWSER_PATH."
}
