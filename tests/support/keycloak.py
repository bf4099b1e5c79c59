# SPDX-License-Identifier: MIT
"""A real Keycloak over TLS, for one test run, with an empty database of its own."""

import json
import os
import pathlib
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from . import certificates, keycloak_tree
from .process import PATIENCE_S, die_with_parent, end, watch

# Memory and compilation for a server that lives for minutes. The rest is as its own start script has it.
JAVA = (
    "-Xms64m", "-Xmx512m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
    "-Dfile.encoding=UTF-8", "-Djava.security.egd=file:/dev/urandom", "-XX:+ExitOnOutOfMemoryError",
    "--add-opens=java.base/java.util=ALL-UNNAMED", "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED", "-Duser.language=en", "-Duser.country=US",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager", "-Dpicocli.disable.closures=true",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
)  # fmt: skip
ENTRY = "io.quarkus.bootstrap.runner.QuarkusEntryPoint"
# A first start makes the tables and a realm: 20 s of processor, whatever else the machine does.
START_S = 600
# An admin's token is good for a minute.
TOKEN_S = 30


class Keycloak:
    """with Keycloak() as server: server.admin("GET", "realms")  What is in the database outlives kill() and start()."""

    def __init__(self, port=9444):
        self.port = port
        self.base = f"https://localhost:{port}"
        self._secret = secrets.token_urlsafe(24)
        self._process = self._folder = self._trust = self._token = None

    def __enter__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-keycloak-"))
        try:
            certificates.make(self._folder)
            self._trust = ssl.create_default_context(cafile=self.ca_file)
            for part in ("bin", "conf", "lib", "providers", "themes"):
                (self._folder / part).symlink_to(keycloak_tree.ensure() / part)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def ca_file(self):
        return self._folder / "ca.pem"

    @property
    def certificate_file(self):
        return self._folder / "server.pem"

    @property
    def log(self):
        return (self._folder / "log").read_text(errors="replace")

    # -- the process ----------------------------------------------------------

    def start(self):
        """Once it answers."""
        command = [
            "java", *JAVA, f"-Dkc.home.dir={self._folder}", f"-Djboss.server.config.dir={self._folder}/conf",
            "-cp", self._folder / "lib/quarkus-run.jar", ENTRY, "start", "--optimized", "--cache=local",
            f"--hostname={self.base}", "--http-host=127.0.0.1", f"--https-port={self.port}", f"--https-certificate-file={self.certificate_file}",
            f"--https-certificate-key-file={self._folder}/server.key", "--http-access-log-enabled=true",
        ]  # fmt: skip
        environment = {"PATH": os.environ["PATH"], "KC_BOOTSTRAP_ADMIN_CLIENT_ID": "tests",
                       "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": self._secret}
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        watch(self._answers, START_S, "Keycloak's answer")

    def _answers(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"Keycloak ended with {self._process.returncode}; its log:\n{self.log[-4000:]}")
        try:
            return self._ask("GET", "/realms/master") is not None
        except (urllib.error.URLError, ConnectionError):
            return False

    @property
    def alive(self):
        return self._process is not None and self._process.poll() is None

    def kill(self):
        """As a crash or a power cut would."""
        end(self._process, signal.SIGKILL)
        self._process = None

    def freeze(self):
        """Connections are still taken by the kernel, but nobody answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    # -- its administrator ----------------------------------------------------

    def _ask(self, method, path, data=None, **headers):
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=self._trust) as answer:
            text = answer.read()
            return json.loads(text) if text else {"location": answer.headers.get("Location")}

    def _bearer(self):
        if not self._token or time.monotonic() > self._token[1] + TOKEN_S:
            form = {"grant_type": "client_credentials", "client_id": "tests", "client_secret": self._secret}
            answer = self._ask("POST", "/realms/master/protocol/openid-connect/token", urllib.parse.urlencode(form).encode())
            self._token = answer["access_token"], time.monotonic()
        return self._token[0]

    def admin(self, method, path, body=None):
        """One request to its admin API below /admin; what it answers, or {"location": ...} where that is nothing."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._bearer()}", "Content-Type": "application/json"}
        try:
            return self._ask(method, f"/admin/{path}", data, **headers)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None
