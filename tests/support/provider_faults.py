# SPDX-License-Identifier: MIT
"""What can be wrong at a provider: what the scripted IdP answers then, and what doctor and connect make of it."""

import contextlib
import socket
import threading

from .fake_idp import Answer

UNREACHABLE, MISCONFIGURED = 3, 4  # exit codes of cosmo-ssoctl
DISCOVERY = "/.well-known/openid-configuration"


@contextlib.contextmanager
def answering(reply):
    """A server on a port of its own that says `reply` to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    client.recv(4096)
                    client.sendall(reply)
                    client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://localhost:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def oauth(error, status=400):
    return Answer(status, {"error": error})


def document(idp, **changes):
    return Answer(body={key: value for key, value in (idp.discovery() | changes).items() if value is not None})


# (the check, the answers, one each, what is found, how the advice begins).
DOCTOR = {
    "redirect": ("discovery", lambda idp: {DISCOVERY: Answer(302, headers={"Location": "https://sso.example/"})},
                 "sends this host to another address", "cosmo-ssoctl disconnect, then cosmo-ssoctl connect"),
    "html": ("discovery", lambda idp: {DISCOVERY: Answer(body="<html>")}, "what the provider answers is no JSON", "At the provider: serve"),
    "issuer": ("discovery", lambda idp: {DISCOVERY: document(idp, issuer="https://other.example")},
               "names itself by another issuer", "cosmo-ssoctl disconnect, then cosmo-ssoctl connect"),
    "gone": ("discovery", lambda idp: {DISCOVERY: Answer(404, "no such realm")}, "no provider behind the issuer's address",
             "At the provider: bring the issuer back"),
    "no_device_grant": ("discovery", lambda idp: {DISCOVERY: document(idp, device_authorization_endpoint=None)},
                        "offers no device authorization grant", "At the provider: switch the device authorization grant on."),
    "server_error": ("discovery", lambda idp: {DISCOVERY: Answer(500, "oops")}, "reports a fault of its own", None),
    "no_keys": ("keys", lambda idp: {"/jwks": Answer(body={"keys": []})}, "publishes no signing key", "At the provider: publish a key"),
    "keys_503": ("keys", lambda idp: {"/jwks": Answer(503, "later")}, "reports a fault of its own", None),
    "client": ("client", lambda idp: {"/device": oauth("invalid_client", 401)}, "does not know this client, or takes another secret",
               "Edit "),
    "grant": ("client", lambda idp: {"/device": oauth("unauthorized_client")}, "does not allow this client the device grant",
              "At the provider: allow the device authorization grant for this client."),
    "scope": ("client", lambda idp: {"/device": [oauth("invalid_scope")] * 2}, "refuses what this client asks for", "Edit "),
    "rate": ("client", lambda idp: {"/device": Answer(429, {"error": "slow_down"})}, "has been asked too often", "Wait for some minutes."),
}  # fmt: skip


def without(told, *names, **changes):
    return {name: value for name, value in told.items() if name not in names} | changes


def script(path, make):
    return lambda idp: idp.script(path, *[make(idp)] * 3)


# (what is prepared, for up to three questions, the exit code, the error, what is said of it).
CONNECT = {
    "not_json": (script(DISCOVERY, lambda idp: Answer(body="<html>")), UNREACHABLE, "idp_not_json", "well-known"),
    "gone": (script(DISCOVERY, lambda idp: Answer(404, "no")), MISCONFIGURED, "idp_gone", "issuer's URL"),
    "fault": (script(DISCOVERY, lambda idp: Answer(503, "no")), UNREACHABLE, "idp_status", "503"),
    "dropped": (script(DISCOVERY, lambda idp: Answer(drop=True)), UNREACHABLE, "idp_dropped", "broke off"),
    "redirect": (
        script(DISCOVERY, lambda idp: Answer(302, "", {"Location": "https://elsewhere.example/there"})),
        MISCONFIGURED, "idp_redirect", "https://elsewhere.example/there"),
    "issuer": (
        script(DISCOVERY, lambda idp: Answer(body=without(idp.discovery(), issuer=idp.issuer + "/"))),
        MISCONFIGURED, "idp_issuer_mismatch", "exactly as the provider names itself"),
    "device": (
        script(DISCOVERY, lambda idp: Answer(body=without(idp.discovery(), "device_authorization_endpoint"))),
        MISCONFIGURED, "idp_no_device_grant", "device authorization grant"),
    "keys": (script("/jwks", lambda idp: Answer(body={"keys": []})), MISCONFIGURED, "idp_no_keys", "publishes no keys"),
    "client": (
        script("/device", lambda idp: Answer(401, {"error": "invalid_client"})),
        MISCONFIGURED, "idp_client_refused", "--client-id"),
    "grant": (
        script("/device", lambda idp: Answer(400, {"error": "unauthorized_client"})),
        MISCONFIGURED, "idp_grant_not_allowed", "Allow the device authorization grant"),
    "scope": (
        script("/device", lambda idp: Answer(400, {"error": "invalid_scope"})),
        MISCONFIGURED, "idp_scope_refused", "--scopes"),
}  # fmt: skip
