#!/bin/sh
# SPDX-License-Identifier: MIT
# After `meson install` on a running host. Packages (DESTDIR set) leave this to their own scripts.
set -eu
[ -z "${DESTDIR:-}" ] || exit 0
[ "$(id -u)" = 0 ] || exit 0

if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers cosmo-sso.conf
else
    for user in cosmo-sso-judge cosmo-sso-fetch; do
        getent passwd "$user" >/dev/null ||
            useradd --system --no-create-home --home-dir / --shell /usr/sbin/nologin "$user"
    done
fi
if command -v systemd-tmpfiles >/dev/null; then
    systemd-tmpfiles --create cosmo-sso.conf
fi
ldconfig
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl start cosmo-sso-check.timer cosmo-sso-refresh.timer cosmo-sso-helper.socket
fi
