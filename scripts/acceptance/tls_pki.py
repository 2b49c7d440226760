"""Certificates of the TLS acceptance scripts, ECDSA P-256, in the current folder.

tls_pki.py ca NAME                        NAME.pem, NAME.key and an empty NAME.crl
tls_pki.py server CA NAME [DNS-NAME…]     NAME.pem and NAME.key, for the names (localhost) and 127.0.0.1
tls_pki.py client CA NAME [ROLE-KIND]     the same; ROLE-KIND is a key of ROLES: the Modbus role extension that it has
tls_pki.py crl CA [NAME…]                 CA.crl anew, which revokes the named certificates

Files appear whole: each is written beside its name and moved.
"""

import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROLE = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1")
# As long as ROLE, so that it can be turned into a second ROLE: the library refuses to write one extension twice.
STAND_IN = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.2")


def element(tag, content):
  """A DER element."""
  length = bytes([len(content)]) if len(content) < 128 else b""
  if not length:
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    length = bytes([0x80 | len(size)]) + size
  return bytes([tag]) + length + content


def utf8(text):
  return element(0x0C, text.encode())


# The values of role extensions; a tuple: the extension twice.
ROLES = {
  "none": None,
  "one": utf8("Operator"),
  "two": (utf8("Operator"), utf8("Engineer")),
  "empty": utf8(""),
  "oversize": utf8("R" * 5000),
  "printable": element(0x13, b"Operator"),
  "raw": b"Operator",
}


def put(name, data):
  with open(name + ".new", "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
    file.write(data)
  os.replace(name + ".new", name)


def save(name, key, certificate):
  put(name + ".key", key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
  put(name + ".pem", certificate.public_bytes(serialization.Encoding.PEM))


def load(name):
  with open(name + ".key", "rb") as key, open(name + ".pem", "rb") as certificate:
    return (serialization.load_pem_private_key(key.read(), None), x509.load_pem_x509_certificate(certificate.read()))


def builder(name, key, issuer):
  now = datetime.datetime.now(datetime.timezone.utc)
  subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
  return (
    x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject).public_key(key.public_key())
    .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    .not_valid_after(now + datetime.timedelta(days=90)))


def key_usage(**chosen):
  names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
           "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
  return x509.KeyUsage(**{name: chosen.get(name, False) for name in names})


def make_authority(name):
  key = ec.generate_private_key(ec.SECP256R1())
  certificate = (
    builder(name, key, None).add_extension(x509.BasicConstraints(True, 0), True)
    .add_extension(key_usage(key_cert_sign=True, crl_sign=True), True)
    .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False).sign(key, hashes.SHA256()))
  save(name, key, certificate)
  revoke(name, [])


def make_leaf(authority, name, usage, names=(), role=None):
  signer, issuer = load(authority)
  key = ec.generate_private_key(ec.SECP256R1())
  unsigned = (
    builder(name, key, issuer.subject).add_extension(x509.BasicConstraints(False, None), True)
    .add_extension(key_usage(digital_signature=True), True).add_extension(x509.ExtendedKeyUsage([usage]), False)
    .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
    .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
  if usage == ExtendedKeyUsageOID.SERVER_AUTH:
    everything = [x509.DNSName(each) for each in names or ["localhost"]]
    everything.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    unsigned = unsigned.add_extension(x509.SubjectAlternativeName(everything), False)
  values = role if isinstance(role, tuple) else (role,) if role is not None else ()
  for oid, value in zip((ROLE, STAND_IN), values):
    unsigned = unsigned.add_extension(x509.UnrecognizedExtension(oid, value), False)
  certificate = unsigned.sign(signer, hashes.SHA256())
  if len(values) == 2:
    certificate = with_role_twice(certificate, signer)
  save(name, key, certificate)


def with_role_twice(certificate, signer):
  inside = certificate.tbs_certificate_bytes
  stand_in, role = bytes.fromhex("2b0601040183890c862202"), bytes.fromhex("2b0601040183890c862201")
  if inside.count(stand_in) != 1:
    raise ValueError("no second role to be seen")
  inside = inside.replace(stand_in, role)
  signature = signer.sign(inside, ec.ECDSA(hashes.SHA256()))
  algorithm = element(0x30, bytes.fromhex("06082a8648ce3d040302"))
  return PlainCertificate(element(0x30, inside + algorithm + element(0x03, b"\0" + signature)))


class PlainCertificate:
  """Bytes of a certificate that the library would not read."""

  def __init__(self, der):
    self.der = der

  def public_bytes(self, _):
    import base64
    text = base64.encodebytes(self.der).replace(b"\n", b"")
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""])


def revoke(authority, names):
  signer, issuer = load(authority)
  now = datetime.datetime.now(datetime.timezone.utc)
  crl = (
    x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(now - datetime.timedelta(hours=1))
    .next_update(now + datetime.timedelta(days=7)).add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), False)
    .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False))
  for name in names:
    crl = crl.add_revoked_certificate(
      x509.RevokedCertificateBuilder().serial_number(load(name)[1].serial_number)
      .revocation_date(now - datetime.timedelta(minutes=1)).build())
  put(authority + ".crl", crl.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def main():
  match sys.argv[1:]:
    case ["ca", name]:
      make_authority(name)
    case ["server", authority, name, *names]:
      make_leaf(authority, name, ExtendedKeyUsageOID.SERVER_AUTH, names)
    case ["client", authority, name, *kind]:
      make_leaf(authority, name, ExtendedKeyUsageOID.CLIENT_AUTH, role=ROLES[kind[0]] if kind else None)
    case ["crl", authority, *names]:
      revoke(authority, names)
    case _:
      sys.exit(__doc__)


if __name__ == "__main__":
  main()
