#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a sign-in costs beside curl, module, helper, judge and fetch as built: bounds three times as wide as what they are
to keep, so that no busy machine breaks them; tools/bench measures. Needs root, curl and COSMO_BUILD_DIR."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.consumption import PARTS, memory_kb, parts_beside, to_code_ms  # noqa: E402
from support.fake_idp import FOREVER, Answer, FakeIdp  # noqa: E402
from support.helper_rig import end_of  # noqa: E402
from support.process import PATIENCE_S, watch  # noqa: E402
from support.program import built  # noqa: E402
from support.reports import is_sanitized  # noqa: E402
from support.sign_in_rig import SignInRig  # noqa: E402

ROUNDS = 5
SLACK = 3
TIMES_CURL = 1.5  # of its time to the code
TIMES_CURLS_MEMORY = 3  # 6 MiB, where curl waits with about 2

pytestmark = pytest.mark.skipif(is_sanitized(built("tests/integration/pam_caller")),
                                reason="a sanitizer costs more than all that is bounded here")


class Site:
    def __init__(self, rig, idp, folder):
        self.rig, self.idp = rig, idp
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(idp.ca_pem)
        rig.connect(idp.issuer, idp.CLIENT_ID, idp.ca_pem)
        self.master, self.slave = os.openpty()
        assert "\nauth 0\n" in rig.caller("login", "ada", self._tty, "auth")  # what can be cached is
        idp.pending = FOREVER

    @property
    def _tty(self):
        return f"tty={os.ttyname(self.slave)}"

    @contextlib.contextmanager
    def pending(self):
        """A sign-in with its code on the screen: milliseconds to it, and its processes by program."""
        command = self.rig.command(*self.rig.caller_words("login", "ada", self._tty, "clock", "auth"))
        process = subprocess.Popen(command, env=self.rig.caller_environment(), stdin=subprocess.DEVNULL)
        report = self.rig.report
        took_ms = watch(lambda: report.exists() and to_code_ms(report.read_text()), PATIENCE_S, "the code", every_s=0.01)
        pids = parts_beside(process.pid)
        try:
            yield took_ms, pids
        finally:
            process.kill()
            process.wait()
            for pid in sum(pids.values(), []):
                end_of(pid)

    def curl_words(self, *words):
        return ["curl", "-sS", "--cacert", self.ca_file, "-o", "/dev/null", *words]

    def curl_ms(self):
        """The one request that a sign-in with warm caches makes up to the code."""
        form = f"client_id={self.idp.CLIENT_ID}&scope=openid%20profile%20offline_access"
        began = time.monotonic()
        subprocess.run(self.curl_words("-d", form, f"{self.idp.issuer}/device"), check=True)
        return (time.monotonic() - began) * 1000

    def curls_memory_kb(self):
        """Of one that waits for an answer."""
        self.idp.script("/waiting", Answer(hold=True))
        asked = len(self.idp.requests)
        process = subprocess.Popen(self.curl_words(f"{self.idp.issuer}/waiting"))
        self.idp.wait_for(asked + 1)
        found = memory_kb(process.pid)["Private_Dirty"]
        self.idp.release()
        assert process.wait(PATIENCE_S) == 0
        return found


@pytest.fixture
def site(tmp_path):
    with FakeIdp() as idp, SignInRig() as rig:
        site = Site(rig, idp, tmp_path)
        yield site
        os.close(site.master)
        os.close(site.slave)


def test_sign_in__by_turns_with_curl__is_at_its_code_in_comparable_time(site):
    ours, curls = [], []
    for _ in range(ROUNDS):
        with site.pending() as (took_ms, _):
            ours.append(took_ms)
        curls.append(site.curl_ms())
    assert min(ours) <= SLACK * TIMES_CURL * min(curls), (ours, curls)


def test_sign_in__pending__all_its_processes_have_memory_comparable_to_curls(site):
    with site.pending() as (_, pids):
        assert [len(pids[part]) for part in PARTS] == [1, 1, 1, 1]
        ours = {part: memory_kb(pid)["Private_Dirty"] for part, (pid,) in pids.items()}
    curls = site.curls_memory_kb()
    assert sum(ours.values()) <= TIMES_CURLS_MEMORY * curls, (ours, curls)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
