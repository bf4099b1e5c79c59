# SPDX-License-Identifier: MIT
"""A certificate authority of our own for one test run, and a server certificate for localhost."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_USAGE = {"key_cert_sign", "crl_sign"}
SERVER_USAGE = {"digital_signature"}


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(wanted):
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{usage: usage in wanted for usage in every})


def _builder(subject, issuer, key, is_ca, expired=False, early=False):
    now = datetime.datetime.now(datetime.timezone.utc)
    begin = now + datetime.timedelta(hours=1) if early else now - datetime.timedelta(hours=1)
    end = now - datetime.timedelta(minutes=1) if expired else now + datetime.timedelta(days=2)
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(begin)
    builder = builder.not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
    return builder.add_extension(_key_usage(CA_USAGE if is_ca else SERVER_USAGE), critical=True)


def _write(path, data, mode):
    path.write_bytes(data)
    path.chmod(mode)


def make(folder, expired=False, early=False):
    """Writes ca.pem, server.pem and server.key into `folder`; if told so, the server's is out of date, or not good yet."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _builder("cosmo-sso test CA", "cosmo-sso test CA", ca_key, True)
    ca_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = ca.add_extension(ca_id, critical=False).sign(ca_key, hashes.SHA256())
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    server = _builder("localhost", "cosmo-sso test CA", key, False, expired, early).add_extension(names, critical=False)
    server = server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_id)
    server = server.add_extension(issuer, critical=False).sign(ca_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    _write(folder / "ca.pem", ca.public_bytes(pem), 0o644)
    _write(folder / "server.pem", server.public_bytes(pem), 0o644)
    raw = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(folder / "server.key", raw, 0o600)
