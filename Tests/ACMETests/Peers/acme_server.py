#!/usr/bin/env python3
"""A strict ACME server (RFC 8555, RFC 8737) for tests. It checks what a client sends and says what is wrong with it.

It really looks at proofs: over HTTP at --http-port and over TLS at --tls-port of --validate-at, whatever the name. It
issues from a root and an intermediate of its own. When it serves, it prints one line of JSON:

    {"event": "ready", "directory": "https://127.0.0.1:4711/directory", "ca": "acme-ca.pem"}

By hand against a gate:

    acme_server.py --port 14000 --http-port 8080 --tls-port 8443 --ca-out acme-ca.pem

Faults can be set at the start (--fault bad-nonce=3) or later by POST of JSON to /test/faults ({"bad-nonce": 3}), and
/test/log tells each request and its outcome. Faults:

    bad-nonce=N       refuse every Nth signed request with badNonce
    rate-limit=N      refuse the next N orders with rateLimited and Retry-After: 3600
    invalid=N         find the next N proofs wrong without a look
    processing=N      answer the next N looks at a finalized order with `processing`, Retry-After: 7 (-1: for ever)
    pending=N         answer the next N looks at an authorization with `pending`
    error-500=N       answer the next N signed requests with status 500
    truncate=N        cut the next N certificates in the middle of the reply
    wrong-chain=N     send the next N certificates with a chain that did not sign them
    wrong-key=N       issue the next N certificates for another key
    wrong-names=N     issue the next N certificates for another name
    not-found=N       deny the next N looks at an order
    redirect=N        answer the next N signed requests with a redirect
    huge=N            answer the next N signed requests with a reply without end
    garbage=N         answer the next N signed requests with bytes that are not JSON
    drip=N            answer the next N readings of the directory a byte at a time, ten a second
"""

import argparse
import base64
import contextlib
import datetime
import hashlib
import hmac
import http.client
import ipaddress
import json
import os
import re
import secrets
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BASE64URL = re.compile(r"^[A-Za-z0-9_-]*$")
ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
NAME = re.compile(r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")
DAY = datetime.timedelta(days=1)


class Problem(Exception):
    def __init__(self, status, kind, detail, **more):
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.headers = more.pop("headers", {})
        self.more = more


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text, what):
    if not isinstance(text, str) or not BASE64URL.match(text):
        raise Problem(400, "malformed", f"{what} is not base64url without padding")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(data) != text:
        raise Problem(400, "malformed", f"{what} is not canonical base64url")
    return data


def parse_json(data, what):
    def pairs(items):
        if len({key for key, _ in items}) != len(items):
            raise Problem(400, "malformed", f"{what} has a member twice")
        return dict(items)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        raise Problem(400, "malformed", f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise Problem(400, "malformed", f"{what} is not an object")
    return value


class Key:
    """A P-256 key as a client gives it."""

    def __init__(self, jwk):
        if not isinstance(jwk, dict) or set(jwk) != {"crv", "kty", "x", "y"}:
            raise Problem(400, "badPublicKey", "the jwk must have crv, kty, x and y, and no private part")
        if jwk["kty"] != "EC" or jwk["crv"] != "P-256":
            raise Problem(400, "badPublicKey", "the jwk is not on P-256")
        x, y = unb64(jwk["x"], "x"), unb64(jwk["y"], "y")
        if len(x) != 32 or len(y) != 32:
            raise Problem(400, "badPublicKey", "x and y must have 32 bytes each")
        try:
            self.public = ec.EllipticCurvePublicNumbers(
                int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()).public_key()
        except ValueError:
            raise Problem(400, "badPublicKey", "the point is not on the curve") from None
        self.jwk = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
        canonical = json.dumps(self.jwk, separators=(",", ":"), sort_keys=True)
        self.thumbprint = b64(hashlib.sha256(canonical.encode()).digest())

    def verify(self, signature, data):
        if len(signature) != 64:
            raise Problem(400, "malformed", "an ES256 signature has 64 bytes")
        pair = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        try:
            self.public.verify(pair, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Problem(403, "unauthorized", "the signature is wrong") from None


class Authority:
    """A root and an intermediate, and a second pair for chains that are wrong on purpose."""

    def __init__(self, days, hours_old=1):
        self.days, self.hours_old = days, hours_old
        self.root_key, self.root = self.make("Test Root", None, None)
        self.key, self.issuer = self.make("Test Issuer", self.root_key, self.root)
        other_key, other_root = self.make("Other Root", None, None)
        _, self.other = self.make("Test Issuer", other_key, other_root)

    @staticmethod
    def now():
        return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

    def make(self, name, signer, parent):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(parent.subject if parent else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now() - DAY)
            .not_valid_after(self.now() + 3650 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        )
        if parent:
            made = made.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        return key, made.sign(signer or key, hashes.SHA256())

    def leaf(self, public, names, days=None):
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.issuer.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now() - datetime.timedelta(hours=self.hours_old))
            .not_valid_after(self.now() + (days or self.days) * DAY)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def own(self):
        """Key and chain of this server's own address."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        return key, self.leaf(key.public_key(), names, days=30)


def pem(*certificates):
    return b"".join(item.public_bytes(serialization.Encoding.PEM) for item in certificates)


class Server:
    def __init__(self, options):
        self.options = options
        self.authority = Authority(options.days)
        self.lock = threading.RLock()
        self.nonces, self.spent = set(), set()
        self.accounts, self.by_key = {}, {}
        self.orders, self.authorizations, self.certificates = {}, {}, {}
        self.faults, self.log, self.signed = {}, [], 0
        self.externals = dict(item.split("=", 1) for item in options.external or [])
        for item in options.fault or []:
            name, _, count = item.partition("=")
            self.faults[name] = int(count or 1)

    # Faults and nonces

    def fault(self, name):
        with self.lock:
            left = self.faults.get(name, 0)
            if left > 0:
                self.faults[name] = left - 1
            return left != 0

    def nonce(self):
        with self.lock:
            value = secrets.token_urlsafe(16)
            self.nonces.add(value)
            return value

    def spend(self, nonce):
        with self.lock:
            if not isinstance(nonce, str) or not nonce or not BASE64URL.match(nonce):
                raise Problem(400, "malformed", "the nonce is not base64url")
            if nonce in self.spent:
                raise Problem(400, "badNonce", "the nonce was used before")
            if nonce not in self.nonces:
                raise Problem(400, "badNonce", "the nonce is not one of this server")
            self.nonces.discard(nonce)
            self.spent.add(nonce)

    def url(self, path):
        return self.base + path

    # Signed requests (RFC 8555, 6.2)

    def open(self, body, path):
        message = parse_json(body, "the message")
        if set(message) != {"protected", "payload", "signature"}:
            raise Problem(400, "malformed", "the message must be a flattened JWS: protected, payload, signature")
        header = parse_json(unb64(message["protected"], "protected"), "the protected header")
        if header.get("alg") != "ES256":
            raise Problem(400, "badSignatureAlgorithm", "alg must be ES256", algorithms=["ES256"])
        if set(header) - {"alg", "jwk", "kid", "nonce", "url"}:
            raise Problem(400, "malformed", "the protected header has members that ACME has not")
        if ("jwk" in header) == ("kid" in header):
            raise Problem(400, "malformed", "the protected header must have one of jwk and kid")
        if header.get("url") != self.url(path):
            raise Problem(403, "unauthorized", f"url is {header.get('url')!r}, the request went to {self.url(path)!r}")
        if "nonce" not in header:
            raise Problem(400, "badNonce", "the protected header has no nonce")
        self.spend(header["nonce"])
        if (path == "/new-account") != ("jwk" in header):
            raise Problem(400, "malformed", "new-account must be signed with jwk, all else with kid")
        if "jwk" in header:
            key, account = Key(header["jwk"]), None
        else:
            account = self.accounts.get(header["kid"])
            if account is None:
                raise Problem(400, "accountDoesNotExist", "kid is no account of this server")
            key = account["key"]
        signature = unb64(message["signature"], "signature")
        key.verify(signature, (message["protected"] + "." + message["payload"]).encode())
        return key, account, unb64(message["payload"], "payload")

    def signed_faults(self):
        with self.lock:
            self.signed += 1
            every = self.faults.get("bad-nonce", 0)
            if every > 0 and self.signed % every == 0:
                raise Problem(400, "badNonce", "the nonce is refused for a test")
        if self.fault("error-500"):
            raise Problem(500, "serverInternal", "broken for a test")

    # Resources

    def directory(self):
        meta = {"website": "https://acme.example"}
        if self.options.terms:
            meta["termsOfService"] = self.options.terms
        if self.externals:
            meta["externalAccountRequired"] = True
        return {
            "newNonce": self.url("/new-nonce"), "newAccount": self.url("/new-account"),
            "newOrder": self.url("/new-order"), "revokeCert": self.url("/revoke-cert"),
            "keyChange": self.url("/key-change"), secrets.token_urlsafe(8): "https://acme.example/unknown", "meta": meta,
        }

    def new_account(self, key, payload):
        request = parse_json(payload, "the account")
        existing = self.by_key.get(key.thumbprint)
        if existing:
            return 200, self.accounts[existing]["object"], {"Location": existing}
        if request.get("onlyReturnExisting"):
            raise Problem(400, "accountDoesNotExist", "the key has no account")
        if self.options.terms and request.get("termsOfServiceAgreed") is not True:
            raise Problem(403, "userActionRequired", "agree to the terms of service", instance=self.options.terms)
        self.check_contact(request)
        if self.externals:
            self.check_external(key, request.get("externalAccountBinding"))
        url = self.url("/account/" + secrets.token_hex(4))
        kept = {"status": "valid", "contact": request.get("contact", []), "orders": url + "/orders"}
        self.accounts[url] = {"key": key, "object": kept}
        self.by_key[key.thumbprint] = url
        return 201, kept, {"Location": url}

    @staticmethod
    def check_contact(request):
        contact = request.get("contact", [])
        if not isinstance(contact, list) or not all(isinstance(item, str) for item in contact):
            raise Problem(400, "malformed", "contact must be a list of text")
        for item in contact:
            if not item.startswith("mailto:"):
                raise Problem(400, "unsupportedContact", f"{item} is no mailto: URL")
            if item.count("@") != 1 or "," in item or "?" in item:
                raise Problem(400, "invalidContact", f"{item} is no address")

    def check_external(self, key, binding):
        if not isinstance(binding, dict) or set(binding) != {"protected", "payload", "signature"}:
            raise Problem(403, "externalAccountRequired", "externalAccountBinding must be a flattened JWS")
        header = parse_json(unb64(binding["protected"], "protected"), "the binding's header")
        if set(header) != {"alg", "kid", "url"} or header["alg"] != "HS256":
            raise Problem(400, "malformed", "the binding's header must have alg HS256, kid and url, and no nonce")
        if header["url"] != self.url("/new-account"):
            raise Problem(400, "malformed", "the binding's url is not newAccount")
        if parse_json(unb64(binding["payload"], "payload"), "the binding's key") != key.jwk:
            raise Problem(400, "malformed", "the binding is of another key")
        secret = self.externals.get(header["kid"])
        if secret is None:
            raise Problem(403, "unauthorized", "the binding's kid is unknown")
        data = (binding["protected"] + "." + binding["payload"]).encode()
        code = hmac.new(unb64(secret.rstrip("="), "the HMAC key"), data, hashlib.sha256).digest()
        if not hmac.compare_digest(code, unb64(binding["signature"], "signature")):
            raise Problem(403, "unauthorized", "the binding's signature is wrong")

    def account(self, account, path, payload):
        if self.accounts.get(self.url(path)) is not account:
            raise Problem(403, "unauthorized", "the account is another's")
        if payload:
            request = parse_json(payload, "the account")
            self.check_contact(request)
            if "contact" in request:
                account["object"]["contact"] = request["contact"]
        return 200, account["object"], {}

    def new_order(self, account, payload):
        request = parse_json(payload, "the order")
        if self.fault("rate-limit"):
            raise Problem(429, "rateLimited", "too many orders for a test", headers={"Retry-After": "3600"})
        identifiers = request.get("identifiers")
        if not isinstance(identifiers, list) or not 1 <= len(identifiers) <= 100:
            raise Problem(400, "malformed", "identifiers must be a list")
        for item in identifiers:
            if not isinstance(item, dict) or set(item) != {"type", "value"} or item["type"] != "dns":
                raise Problem(400, "unsupportedIdentifier", "only identifiers of type dns")
            if not isinstance(item["value"], str) or not NAME.match(item["value"]):
                raise Problem(400, "rejectedIdentifier", f"{item['value']!r} is no DNS name",
                              subproblems=[{"type": "urn:ietf:params:acme:error:rejectedIdentifier",
                                            "detail": "no DNS name", "identifier": item}])
        number = secrets.token_hex(4)
        expires = (Authority.now() + DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
        urls = []
        for item in identifiers:
            authorization = "/authz/" + secrets.token_hex(4)
            token = secrets.token_urlsafe(24)
            challenges = [{"type": kind, "status": "pending", "token": token if kind == "dns-01" else secrets.token_urlsafe(24),
                           "url": self.url("/challenge" + authorization[6:] + "/" + kind)}
                          for kind in ("dns-01", "http-01", "tls-alpn-01") if kind not in (self.options.without or [])]
            self.authorizations[authorization] = {
                "account": account, "order": number,
                "object": {"identifier": item, "status": "pending", "expires": expires, "challenges": challenges}}
            urls.append(self.url(authorization))
        self.orders[number] = {
            "account": account,
            "object": {"status": "pending", "expires": expires, "identifiers": identifiers, "authorizations": urls,
                       "finalize": self.url("/finalize/" + number)}}
        return 201, self.orders[number]["object"], {"Location": self.url("/order/" + number)}

    def owned(self, table, key, account):
        item = table.get(key)
        if item is None:
            raise Problem(404, "malformed", "there is no such resource")
        if item["account"] is not account:
            raise Problem(403, "unauthorized", "the resource is another account's")
        return item

    @staticmethod
    def post_as_get(payload):
        if payload != b"":
            raise Problem(400, "malformed", "the payload of POST-as-GET must be empty")

    def refresh(self, order):
        states = [self.authorizations[url[len(self.base):]]["object"]["status"]
                  for url in order["object"]["authorizations"]]
        if order["object"]["status"] == "pending":
            if "invalid" in states:
                order["object"]["status"] = "invalid"
                order["object"]["error"] = {"type": "urn:ietf:params:acme:error:unauthorized",
                                            "detail": "a name was not proved"}
            elif all(state == "valid" for state in states):
                order["object"]["status"] = "ready"

    def order(self, account, number, payload):
        self.post_as_get(payload)
        if self.fault("not-found"):
            raise Problem(404, "malformed", "the order is gone for a test")
        order = self.owned(self.orders, number, account)
        self.refresh(order)
        if order["object"]["status"] == "processing" and not self.fault("processing"):
            order["object"]["status"] = "valid"
            order["object"]["certificate"] = self.url("/certificate/" + number)
        headers = {"Retry-After": "7"} if order["object"]["status"] == "processing" else {}
        return 200, order["object"], headers

    def authorization(self, account, path, payload):
        self.post_as_get(payload)
        item = self.owned(self.authorizations, path, account)
        worker = item.get("worker")
        if worker:
            if self.fault("pending"):
                shown = dict(item["object"], status="pending", challenges=item["offered"])
                return 200, shown, {"Retry-After": "3"}
            worker.join(10)
        return 200, item["object"], {}

    def challenge(self, account, path, payload):
        if payload != b"{}" and parse_json(payload, "the answer") != {}:
            raise Problem(400, "malformed", "the answer to a challenge must be {}")
        _, _, number, kind = path.split("/")
        item = self.owned(self.authorizations, "/authz/" + number, account)
        offer = next((one for one in item["object"]["challenges"] if one["type"] == kind), None)
        if offer is None:
            raise Problem(404, "malformed", "there is no such challenge")
        if offer["status"] != "pending" or item["object"]["status"] != "pending" or item.get("worker"):
            raise Problem(400, "malformed", "the challenge was answered before")
        if kind not in ("http-01", "tls-alpn-01"):
            raise Problem(400, "malformed", f"this server does not validate {kind}")
        offer["status"] = "processing"
        item["offered"] = [dict(one) for one in item["object"]["challenges"]]
        shown = dict(offer)
        item["worker"] = threading.Thread(target=self.validate, args=(item, offer, account["key"]), daemon=True)
        item["worker"].start()
        return 200, shown, {"Link": f'<{self.url("/authz/" + number)}>;rel="up"'}

    # Proofs

    def validate(self, item, offer, key):
        name = item["object"]["identifier"]["value"]
        expected = offer["token"] + "." + key.thumbprint
        try:
            if self.fault("invalid"):
                raise ValueError("found wrong for a test")
            (self.see_http if offer["type"] == "http-01" else self.see_tls)(name, offer["token"], expected)
            kind, problem = "valid", None
        except (OSError, ValueError, http.client.HTTPException) as error:
            kind = "invalid"
            problem = {"type": "urn:ietf:params:acme:error:unauthorized", "status": 403, "detail": str(error)}
        with self.lock:
            offer["status"] = kind
            if problem:
                offer["error"] = problem
            item["object"]["challenges"] = [offer]
            item["object"]["status"] = kind

    def see_http(self, name, token, expected):
        connection = http.client.HTTPConnection(self.options.validate_at, self.options.http_port, timeout=5)
        try:
            connection.request("GET", "/.well-known/acme-challenge/" + token,
                               headers={"Host": name, "User-Agent": "acme-test-server"})
            reply = connection.getresponse()
            body = reply.read(4096)
        finally:
            connection.close()
        if reply.status != 200:
            raise ValueError(f"http://{name}/.well-known/acme-challenge/{token} answers {reply.status}")
        if body.rstrip(b" \t\r\n") != expected.encode():
            raise ValueError(f"the key authorization of {name} is wrong")

    def see_tls(self, name, _, expected):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["acme-tls/1"])
        with socket.create_connection((self.options.validate_at, self.options.tls_port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname=name) as connection:
                if connection.selected_alpn_protocol() != "acme-tls/1":
                    raise ValueError(f"{name} does not choose acme-tls/1")
                shown = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if len(list(names)) != 1 or names.get_values_for_type(x509.DNSName) != [name]:
            raise ValueError(f"the certificate is not for {name} alone")
        try:
            found = shown.extensions.get_extension_for_oid(ACME_IDENTIFIER)
        except x509.ExtensionNotFound:
            raise ValueError("the certificate has no acmeIdentifier") from None
        if not found.critical:
            raise ValueError("acmeIdentifier is not critical")
        if found.value.value != b"\x04\x20" + hashlib.sha256(expected.encode()).digest():
            raise ValueError("the digest in acmeIdentifier is wrong")
        try:
            shown.public_key().verify(shown.signature, shown.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise ValueError("the certificate is not self-signed") from None

    # The certificate

    def finalize(self, account, number, payload):
        order = self.owned(self.orders, number, account)
        self.refresh(order)
        if order["object"]["status"] != "ready":
            raise Problem(403, "orderNotReady", f"the order is {order['object']['status']}")
        request = parse_json(payload, "the finalization")
        if set(request) != {"csr"}:
            raise Problem(400, "malformed", "the finalization must have csr and nothing else")
        try:
            csr = x509.load_der_x509_csr(unb64(request["csr"], "csr"))
        except ValueError:
            raise Problem(400, "badCSR", "the CSR is not PKCS #10 in DER") from None
        if not csr.is_signature_valid:
            raise Problem(400, "badCSR", "the CSR's signature is wrong")
        public = csr.public_key()
        if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
            raise Problem(400, "badCSR", "the CSR's key is not on P-256")
        if public.public_numbers() == account["key"].public.public_numbers():
            raise Problem(400, "badCSR", "the CSR's key is the account's")
        try:
            listed = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            raise Problem(400, "badCSR", "the CSR has no names") from None
        ordered = {item["value"] for item in order["object"]["identifiers"]}
        named = {item.value for item in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
        names = listed.get_values_for_type(x509.DNSName)
        if set(names) != ordered or len(names) != len(list(listed)) or named - ordered:
            raise Problem(400, "badCSR", "the CSR's names are not those of the order")
        if self.fault("wrong-key"):
            public = ec.generate_private_key(ec.SECP256R1()).public_key()
        wrong = self.fault("wrong-names")
        issued = self.authority.leaf(public, [x509.DNSName("other.example" if wrong else name) for name in names])
        self.certificates[number] = {"account": account, "leaf": issued}
        order["object"]["status"] = "processing"
        if self.faults.get("processing", 0) == 0:
            order["object"]["status"] = "valid"
            order["object"]["certificate"] = self.url("/certificate/" + number)
        return 200, order["object"], {"Location": self.url("/order/" + number), "Retry-After": "1"}

    def certificate(self, account, number, payload):
        self.post_as_get(payload)
        item = self.owned(self.certificates, number, account)
        return pem(item["leaf"], self.authority.other if self.fault("wrong-chain") else self.authority.issuer)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    acme = None

    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=None, kind="application/json", cut=False):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if self.path == "/new-nonce" or self.command == "POST":
            self.send_header("Replay-Nonce", self.acme.nonce())
        self.send_header("Link", f'<{self.acme.url("/directory")}>;rel="index"')
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True

    def problem(self, error):
        body = {"type": "urn:ietf:params:acme:error:" + error.kind, "status": error.status, "detail": error.detail}
        self.reply(error.status, {**body, **error.more}, error.headers, "application/problem+json")

    def note(self, outcome):
        with self.acme.lock:
            self.acme.log.append({"method": self.command, "path": self.path, "outcome": outcome})
            del self.acme.log[:-2000]

    def user_agent(self):
        if not self.headers.get("User-Agent"):
            raise Problem(400, "malformed", "a client must send User-Agent (RFC 8555, 6.1)")

    def do_HEAD(self):
        self.do_GET()

    def drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            for _ in range(1000):
                self.wfile.write(b" ")
                time.sleep(0.1)

    def do_GET(self):
        if self.path == "/test/log":
            return self.reply(200, self.acme.log)
        if self.path == "/directory" and self.acme.fault("drip"):
            return self.drip()
        try:
            self.user_agent()
            if self.path == "/directory" and self.command == "GET":
                self.reply(200, self.acme.directory())
            elif self.path == "/new-nonce":
                self.reply(200 if self.command == "HEAD" else 204, b"")
            else:
                raise Problem(405, "malformed", "resources are read with POST-as-GET")
            self.note("ok")
        except Problem as error:
            self.note(error.kind + ": " + error.detail)
            self.problem(error)
        return None

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > 65536:
            self.close_connection = True
            return self.problem(Problem(413, "malformed", "the request needs a length of at most 64 KiB"))
        body = self.rfile.read(int(length))
        if self.path == "/test/faults":
            with self.acme.lock:
                self.acme.faults.update(json.loads(body))
            return self.reply(200, self.acme.faults)
        try:
            if self.headers.get("Content-Type") != "application/jose+json":
                raise Problem(415, "malformed", "the type must be application/jose+json")
            self.user_agent()
            key, account, payload = self.acme.open(body, self.path)
            self.acme.signed_faults()
            if self.strange():
                return None
            with self.acme.lock if not self.path.startswith("/authz/") else threading.Lock():
                self.route(key, account, payload)
            self.note("ok")
        except Problem as error:
            self.note(error.kind + ": " + error.detail)
            self.problem(error)
        except BrokenPipeError:
            self.close_connection = True
        return None

    def strange(self):
        """Replies that no server should give."""
        if self.acme.fault("redirect"):
            self.reply(302, b"", {"Location": self.acme.url("/elsewhere")})
        elif self.acme.fault("garbage"):
            self.reply(200, b"\x00\xff{[not json")
        elif self.acme.fault("huge"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(4096):
                self.wfile.write(b"2000\r\n" + b" " * 8192 + b"\r\n")
            self.close_connection = True
        else:
            return False
        self.note("strange")
        return True

    def route(self, key, account, payload):
        acme, (_, first, *rest) = self.acme, self.path.split("/")
        if first == "certificate" and len(rest) == 1:
            if self.headers.get("Accept", "*/*") not in ("*/*", "application/pem-certificate-chain"):
                raise Problem(406, "malformed", "certificates are application/pem-certificate-chain")
            chain = acme.certificate(account, rest[0], payload)
            return self.reply(200, chain, kind="application/pem-certificate-chain", cut=acme.fault("truncate"))
        if self.path == "/new-account":
            answer = acme.new_account(key, payload)
        elif self.path == "/new-order":
            answer = acme.new_order(account, payload)
        elif first == "account":
            answer = acme.account(account, self.path, payload)
        elif first == "order" and len(rest) == 1:
            answer = acme.order(account, rest[0], payload)
        elif first == "authz":
            answer = acme.authorization(account, self.path, payload)
        elif first == "challenge" and len(rest) == 2:
            answer = acme.challenge(account, self.path, payload)
        elif first == "finalize" and len(rest) == 1:
            answer = acme.finalize(account, rest[0], payload)
        else:
            raise Problem(404, "malformed", "there is no such resource")
        return self.reply(*answer)


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    context = None

    def finish_request(self, request, client_address):
        request.settimeout(30)
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        if self.context:
            try:
                request.unwrap()
            except (OSError, ValueError):
                pass
            request.close()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="where it listens on 127.0.0.1; 0 for any")
    parser.add_argument("--http-port", type=int, default=80, help="where http-01 is looked for")
    parser.add_argument("--tls-port", type=int, default=443, help="where tls-alpn-01 is looked for")
    parser.add_argument("--validate-at", default="127.0.0.1", help="the address that every name stands for")
    parser.add_argument("--ca-out", default="acme-ca.pem", help="the root, for the client's `ca` and for TLS clients")
    parser.add_argument("--days", type=float, default=90, help="lifetime of certificates")
    parser.add_argument("--terms", help="URL of terms of service that a client must agree to")
    parser.add_argument("--external", action="append", metavar="KID=HMAC", help="ask for an external account")
    parser.add_argument("--without", action="append", metavar="CHALLENGE", help="a challenge that is not offered")
    parser.add_argument("--fault", action="append", metavar="NAME=N", help="a fault, see above")
    parser.add_argument("--plain", action="store_true", help="speak plain HTTP")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    options = parser.parse_args()

    server = Server(options)
    handler = type("BoundHandler", (Handler,), {"acme": server})
    listener = Listener(("127.0.0.1", options.port), handler)
    scheme = "http" if options.plain else "https"
    server.base = f"{scheme}://127.0.0.1:{listener.server_address[1]}"
    with open(options.ca_out, "wb") as file:
        file.write(pem(server.authority.root))
    if not options.plain:
        key, leaf = server.authority.own()
        bundle = options.ca_out + ".server"
        with open(os.open(bundle, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            file.write(pem(leaf, server.authority.issuer))
        listener.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        listener.context.load_cert_chain(bundle)
        os.unlink(bundle)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    print(json.dumps({"event": "ready", "directory": server.base + "/directory", "ca": options.ca_out}), flush=True)
    try:
        if options.until_eof:
            sys.stdin.read()
        else:
            threading.Event().wait()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
