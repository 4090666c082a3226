#!/usr/bin/env bash
# Installs what nianbao needs on Debian and Ubuntu. Safe to run again: with nothing missing it says nothing.
#
#   deploy/setup.sh run     what it takes to build and run: PostgreSQL 15 or newer
#   deploy/setup.sh         that, and what the tests use: a C compiler for the race detector, a browser, PDF and QR readers
#   deploy/setup.sh system  all that, and what only test-system uses: clamd, the virus scanner
set -euo pipefail

purpose=${1:-test}
case $purpose in
run | test | system) ;;
*)
    echo "usage: deploy/setup.sh [run|test|system]" >&2
    exit 2
    ;;
esac

have() { command -v "$1" >/dev/null 2>&1; }

# have_postgres looks where the program looks: internal/postgres, FindPrograms.
have_postgres() {
    local program version
    for program in /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/local/pgsql/bin/postgres "$(command -v postgres || true)"; do
        [ -x "$program" ] || continue
        version=$("$program" --version | sed -E 's/.*\) ([0-9]+).*/\1/')
        [ "$version" -ge 15 ] 2>/dev/null && return 0
    done
    return 1
}

have_browser() { have chromium || have chromium-browser || have google-chrome; }

have_chinese_font() { compgen -G '/usr/share/fonts/*/*/*CJK*' >/dev/null || { have fc-list && [ -n "$(fc-list :lang=zh-cn family)" ]; }; }

browser_package() {
    if grep -qs '^ID=ubuntu' /etc/os-release; then echo chromium-browser; else echo chromium; fi
}

missing_packages() {
    have_postgres || echo postgresql
    [ "$purpose" != run ] || return 0
    [ "$purpose" != system ] || have clamd || [ -x /usr/sbin/clamd ] || echo clamav-daemon
    have gcc || echo gcc libc6-dev
    have_browser || browser_package
    have pdfsig || echo poppler-utils
    have zbarimg || echo zbar-tools
    have certutil || echo libnss3-tools
    have openssl || echo openssl
    have curl || echo curl
    have_chinese_font || echo fonts-noto-cjk
}

if ! have go; then
    echo "Go is not installed: get Go 1.26 or newer from https://go.dev/dl/ and put it on PATH." >&2
    exit 1
fi

read -ra packages <<<"$(missing_packages | tr '\n' ' ')"
[ ${#packages[@]} -gt 0 ] || exit 0

if ! have apt-get; then
    echo "This is not Debian or Ubuntu. Install what these packages hold by other means, then try again: ${packages[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo; then
        echo "Missing: ${packages[*]}. Run as root: apt-get install ${packages[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "Installing: ${packages[*]}"
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt update && apt install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install: ${packages[*]} (see above; is the network reachable?)" >&2
    exit 1
fi

still=$(missing_packages | tr '\n' ' ')
if [ -n "${still// /}" ]; then
    echo "Installed, yet still missing or too old: ${still}(PostgreSQL must be 15 or newer: https://www.postgresql.org/download/)" >&2
    exit 1
fi
