# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The Debian packages that building and testing need on a bare Debian 12, and how to get them. Sourced, never run.

# To build everything, man pages included. Without dpkg-dev meson knows no multiarch folders, and would install the
# modules where neither PAM nor the C library looks.
# shellcheck disable=SC2034
BUILD_PACKAGES=(
    gcc libc6-dev dpkg-dev meson ninja-build pkg-config scdoc
    libpam0g-dev libqrencode-dev libcurl4-openssl-dev libjson-c-dev libssl-dev libpcre2-dev
)

# For tools/check, the unit tests and the integration tests.
# shellcheck disable=SC2034
TEST_PACKAGES=(
    clang clang-format clang-tidy libclang-rt-14-dev universal-ctags shellcheck valgrind binutils git
    libcmocka-dev libpam-wrapper libnss-wrapper pamtester strace iproute2
    groff-base
    python3 python3-pytest python3-pexpect python3-cryptography python3-pil openssl ca-certificates zbar-tools
)

# For the end-to-end tests and the demo: a booted Debian, a browser, a terminal, a QR reader and further clients of sshd.
# shellcheck disable=SC2034
E2E_PACKAGES=(
    systemd-container debootstrap debian-archive-keyring util-linux iproute2 procps
    openssh-client rsync ansible-core python3-paramiko tmux qrencode
    chromium chromium-driver python3-selenium
)

# For the tests against Keycloak, beside those for the end-to-end tests: what runs it, and what fetches it.
# shellcheck disable=SC2034
KEYCLOAK_PACKAGES=(openjdk-17-jre-headless maven)

# For tools/bench, beside those for the end-to-end tests.
# shellcheck disable=SC2034
BENCH_PACKAGES=(gnuplot-nox e2fsprogs curl)

package_is_installed() {
    [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == 'install ok installed' ]]
}

# Node 18 or newer with npm, from wherever the machine has it; Debian's packages if it has none.
node_is_usable() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' 2>/dev/null
}

# Install what is missing of the packages named; touches neither network nor apt if nothing is.
packages_install() {
    local missing=() name
    for name in "$@"; do
        package_is_installed "$name" || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    echo "installing: ${missing[*]}" >&2
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${missing[@]}" >&2
}
