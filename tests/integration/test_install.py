#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`meson install` into an empty root: exactly these files, and what the host makes of them.

Needs root and COSMO_BUILD_DIR."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.program import BUILD_DIR, built  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# LIB is the folder of libraries of this architecture.
FILES = {
    "etc/cosmo-sso/cosmo-sso.conf": 0o644,
    "usr/bin/cosmo-ssoctl": 0o755,
    "usr/lib/LIB/libnss_cosmo.so.2": 0o755,
    "usr/lib/LIB/security/pam_cosmo_sso.so": 0o755,
    "usr/lib/systemd/system-preset/20-cosmo-sso.preset": 0o644,
    "usr/lib/systemd/system/cosmo-sso-boot.service": 0o644,
    "usr/lib/systemd/system/cosmo-sso-check.service": 0o644,
    "usr/lib/systemd/system/cosmo-sso-check.timer": 0o644,
    "usr/lib/systemd/system/cosmo-sso-helper.socket": 0o644,
    "usr/lib/systemd/system/cosmo-sso-helper@.service": 0o644,
    "usr/lib/systemd/system/sockets.target.wants/cosmo-sso-helper.socket": "../cosmo-sso-helper.socket",
    "usr/lib/systemd/system/cosmo-sso-refresh.service": 0o644,
    "usr/lib/systemd/system/cosmo-sso-refresh.timer": 0o644,
    "usr/lib/systemd/system/timers.target.wants/cosmo-sso-check.timer": "../cosmo-sso-check.timer",
    "usr/lib/systemd/system/timers.target.wants/cosmo-sso-refresh.timer": "../cosmo-sso-refresh.timer",
    "usr/lib/systemd/system/multi-user.target.wants/cosmo-sso-boot.service": "../cosmo-sso-boot.service",
    "usr/lib/sysusers.d/cosmo-sso.conf": 0o644,
    "usr/lib/tmpfiles.d/cosmo-sso.conf": 0o644,
    "usr/libexec/cosmo-sso/cosmo-sso-fetch": 0o755,
    "usr/libexec/cosmo-sso/cosmo-sso-helper": 0o755,
    "usr/libexec/cosmo-sso/cosmo-sso-judge": 0o755,
    "usr/share/cosmo-sso/gate.fresh": 0o644,
    "usr/share/cosmo-sso/pam.d/README": 0o644,
    "usr/share/cosmo-sso/pam.d/atd": 0o644,
    "usr/share/cosmo-sso/pam.d/cron": 0o644,
    "usr/share/cosmo-sso/pam.d/login": 0o644,
    "usr/share/cosmo-sso/pam.d/polkit-1": 0o644,
    "usr/share/cosmo-sso/pam.d/sshd": 0o644,
    "usr/share/cosmo-sso/pam.d/su": 0o644,
    "usr/share/cosmo-sso/pam.d/su-l": 0o644,
    "usr/share/cosmo-sso/pam.d/sudo": 0o644,
    "usr/share/cosmo-sso/pam.d/sudo-i": 0o644,
    "usr/share/cosmo-sso/pam.d/systemd-user": 0o644,
    "usr/share/cosmo-sso/sshd_config.d/30-cosmo-sso.conf": 0o644,
    "usr/share/cosmo-sso/sshd_config.d/40-groups.conf": 0o644,
}  # fmt: skip


def install(root):
    command = ["meson", "install", "-C", BUILD_DIR, "--no-rebuild", "--quiet"]
    subprocess.run(command, check=True, env={**os.environ, "DESTDIR": str(root)}, capture_output=True)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    built("paths.h")
    place = tmp_path_factory.mktemp("root")
    old = os.umask(0o077)  # an administrator's umask does not decide who may read what
    try:
        install(place)
    finally:
        os.umask(old)
    return place


def found(root):
    seen = {}
    for path in root.rglob("*"):
        if path.is_symlink():
            seen[str(path.relative_to(root))] = os.readlink(path)
        elif path.is_file():
            seen[str(path.relative_to(root))] = path.stat().st_mode & 0o7777
    return seen


def library_folder(root):
    (module,) = root.rglob("libnss_cosmo.so.2")
    return module.parent.name


def test_install__exactly_these_files_and_modes(root):
    expected = {name.replace("LIB", library_folder(root)): mode for name, mode in FILES.items()}
    # Manual pages come with scdoc.
    seen = {name: mode for name, mode in found(root).items() if not name.startswith("usr/share/man/")}
    assert seen == expected


def test_install__nothing_runs_with_somebody_elses_rights(root):
    for path in root.rglob("*"):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        assert mode & 0o6000 == 0 and mode & 0o022 == 0, path
        assert path.is_dir() or "security.capability" not in os.listxattr(path), path


def test_install__twice__keeps_nothing_but_itself(root):
    before = found(root)
    install(root)
    assert found(root) == before


def test_install__places__are_those_compiled_in(root):
    compiled = dict(re.findall(r'#define (COSMO_\w+_(?:PATH|FILE)) "([^"]+)"', built("paths.h").read_text()))
    for name in ("COSMO_HELPER_PATH", "COSMO_JUDGE_PATH", "COSMO_FETCH_PATH", "COSMO_CONF_FILE"):
        assert (root / compiled[name].lstrip("/")).is_file(), name
    unit = (root / "usr/lib/systemd/system/cosmo-sso-boot.service").read_text()
    assert "ExecStart=/usr/bin/cosmo-ssoctl boot\n" in unit and "@" not in unit.replace("@exit", "")


def test_install__shipped_configuration__connects_to_nothing_and_is_good(root):
    for line in (root / "etc/cosmo-sso/cosmo-sso.conf").read_text().splitlines():
        assert line == "" or line.startswith(("#", "[")), line


def test_install__users__have_no_home_no_shell_no_password(root):
    if not shutil.which("systemd-sysusers"):
        pytest.skip("no systemd-sysusers here")
    subprocess.run(["systemd-sysusers", f"--root={root}", "cosmo-sso.conf"], check=True, capture_output=True)
    users = {line.split(":")[0]: line.split(":") for line in (root / "etc/passwd").read_text().splitlines()}
    for name in ("cosmo-sso-judge", "cosmo-sso-fetch"):
        assert users[name][5] == "/" and users[name][6].endswith("/nologin") and users[name][2] != "0"
    assert users["cosmo-sso-judge"][2] != users["cosmo-sso-fetch"][2]
    shadow = {line.split(":")[0]: line.split(":")[1] for line in (root / "etc/shadow").read_text().splitlines()}
    assert shadow["cosmo-sso-judge"][0] in "!*" and shadow["cosmo-sso-fetch"][0] in "!*"


def test_install__folders_and_gate__are_made_once(root):
    if not shutil.which("systemd-tmpfiles"):
        pytest.skip("no systemd-tmpfiles here")
    create = ["systemd-tmpfiles", f"--root={root}", "--create", "cosmo-sso.conf"]
    done = subprocess.run(create, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    modes = {"run/cosmo-sso": 0o755, "run/cosmo-sso/private": 0o700, "var/lib/cosmo-sso": 0o755,
             "var/lib/cosmo-sso/private": 0o700, "var/cache/cosmo-sso": 0o700, "run/cosmo-sso/gate": 0o644}
    for name, mode in modes.items():
        status = (root / name).stat()
        assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, 0, 0), name
    gate = root / "run/cosmo-sso/gate"
    assert gate.read_bytes() == (root / "usr/share/cosmo-sso/gate.fresh").read_bytes() and gate.stat().st_size == 4096
    gate.write_bytes(b"x" * 4096)
    inode = gate.stat().st_ino
    subprocess.run(create, check=True, capture_output=True)
    assert gate.read_bytes() == b"x" * 4096 and gate.stat().st_ino == inode


@pytest.mark.parametrize("name", ["cosmo-sso-boot.service", "cosmo-sso-check.service", "cosmo-sso-check.timer", "cosmo-sso-helper@.service",
                                  "cosmo-sso-helper.socket", "cosmo-sso-refresh.service", "cosmo-sso-refresh.timer"])
def test_install__unit__is_one_that_systemd_takes(root, tmp_path, name):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    places = {"/usr/bin/cosmo-ssoctl": "ctl/cosmo-ssoctl", "/usr/libexec/cosmo-sso/cosmo-sso-helper": "pam_cosmo_sso/helper/cosmo-sso-helper"}
    for unit in (root / "usr/lib/systemd/system").glob("cosmo-sso-*"):  # one may need another
        text = unit.read_text()
        for installed, path in places.items():
            text = text.replace(installed, str(built(path)))
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / name], capture_output=True, text=True)
    assert done.returncode == 0 and name not in done.stderr, done.stderr


def test_readme__install_commands__set_these_places():
    text = (SOURCE / "README.md").read_text()
    assert "meson setup build --prefix=/usr --sysconfdir=/etc --localstatedir=/var" in text
    assert "meson compile -C build && meson install -C build" in text


def packages(part):
    """The Debian packages of a part, as tools/install-deps has them."""
    script = f'. tests/support/packages.sh; echo "${{{part}[@]}}"'
    return subprocess.run(["bash", "-c", script], cwd=SOURCE, check=True, capture_output=True, text=True).stdout.split()


def test_readme__install_commands__need_nothing_that_only_tests_need(tmp_path):
    """The libraries of packages that `tools/install-deps build` does not install are hidden."""
    listed = subprocess.run(["dpkg", "-L", *packages("TEST_PACKAGES")], capture_output=True, text=True).stdout.splitlines()
    hidden = {pathlib.Path(name).name for name in listed if name.endswith(".pc")}
    assert "cmocka.pc" in hidden
    where = subprocess.run(["pkg-config", "--variable", "pc_path", "pkg-config"], check=True, capture_output=True, text=True)
    shown = tmp_path / "pkgconfig"
    shown.mkdir()
    for folder in where.stdout.strip().split(":"):
        for file in pathlib.Path(folder).glob("*.pc"):
            if file.name not in hidden and not (shown / file.name).exists():
                (shown / file.name).symlink_to(file)
    options = re.search(r"^meson setup build (.*)$", (SOURCE / "README.md").read_text(), re.MULTILINE).group(1).split()
    done = subprocess.run(
        ["meson", "setup", tmp_path / "build", SOURCE, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PKG_CONFIG_LIBDIR": str(shown), "CMAKE": "/bin/false"})  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
