"""A certificate authority of the lab, and leaf certificates of every sort."""

import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# What is wrong with each sort; a good one needs no word.
SORTS = {
    "good": {},
    "expired": {"days": (-30, -1)},
    "not-yet-valid": {"days": (1, 30)},
    "self-signed": {"self_signed": True},
    "wrong-name": {"names": ["elsewhere.example"]},
    "client-only": {"usage": ExtendedKeyUsageOID.CLIENT_AUTH},
    "short-key": {"rsa_bits": 1024},
    "name-in-subject-only": {"names": []},
}


def subject(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def draft(whom, issuer, key, days):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder()
            .subject_name(whom).issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1])))


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Leaf:
    """A certificate with its key, as files that servers read."""

    def __init__(self, folder, name, certificate, key):
        self.certificate = certificate
        self.private = key
        self.chain = os.path.join(folder, f"{name}.pem")
        self.key = os.path.join(folder, f"{name}.key")
        with open(self.chain, "wb") as f:
            f.write(certificate.public_bytes(serialization.Encoding.PEM))
        with open(self.key, "wb") as f:
            f.write(pem_of(key))

    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def pin(self):
        """SHA-256 of the public key, in hex: what an operator would pin."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self.certificate.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo))
        return digest.finalize().hex()


class Authority:
    """Signs leaves; the file `pem` is what a client must trust."""

    def __init__(self, folder, name="ca"):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.name = subject(f"ddnsgate lab {name}")
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.identifier = x509.SubjectKeyIdentifier.from_public_key(
            self.key.public_key())
        certificate = (
            draft(self.name, self.name, self.key, (-60, 60))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
            .add_extension(key_usage(key_cert_sign=True, crl_sign=True), True)
            .add_extension(self.identifier, False)
            .sign(self.key, hashes.SHA256()))
        self.pem = os.path.join(folder, f"{name}.pem")
        self.leaves = {}
        with open(self.pem, "wb") as f:
            f.write(certificate.public_bytes(serialization.Encoding.PEM))

    def revocation(self, leaf):
        """What a server may staple: this authority has revoked the leaf (RFC 6960)."""
        with open(self.pem, "rb") as f:
            own = x509.load_pem_x509_certificate(f.read())
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        hour = datetime.timedelta(hours=1)
        return ocsp.OCSPResponseBuilder().add_response(
            leaf.certificate, own, hashes.SHA1(), ocsp.OCSPCertStatus.REVOKED,
            now - hour, now + hour, now - hour, None).responder_id(
            ocsp.OCSPResponderEncoding.NAME, own).sign(
            self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def leaf(self, name, sort="good"):
        """A certificate for name and all names below it, of one of the SORTS.

        Asked for twice it is the same one: a server may have it in use."""
        file = f"{sort}-{name}"
        if file not in self.leaves:
            self.leaves[file] = self.issue(
                file, subject(f"*.{name}"),
                **{"names": [name, f"*.{name}"], **SORTS[sort]})
        return self.leaves[file]

    def issue(self, file, whom, names, days=(-1, 30), self_signed=False,
              usage=ExtendedKeyUsageOID.SERVER_AUTH, rsa_bits=None):
        key = (rsa.generate_private_key(65537, rsa_bits) if rsa_bits
               else ec.generate_private_key(ec.SECP256R1()))
        builder = (
            draft(whom, whom if self_signed else self.name, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(key_usage(digital_signature=True), True)
            .add_extension(x509.ExtendedKeyUsage([usage]), False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(n) for n in names]), False)
        if not self_signed:
            builder = builder.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    self.identifier), False)
        certificate = builder.sign(key if self_signed else self.key, hashes.SHA256())
        return Leaf(self.folder, file, certificate, key)


def key_usage(**on):
    uses = dict.fromkeys((
        "digital_signature", "content_commitment", "key_encipherment",
        "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
        "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**{**uses, **on})
