"""What the figures were measured on."""

import datetime
import os
import platform
import re
import subprocess


def describe():
    """CPU, memory, kernel and load of this machine."""
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "memoryGiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "system": _system(),
        "hypervisor": _hypervisor(),
        "loadAverageAtStart": os.getloadavg()[0],
    }


def version_of(command):
    """The first thing that looks like a version in what a command prints; None when it can't be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    output = (done.stdout + done.stderr).replace(command[0], "")
    match = re.search(r"\d+\.\d+(\.\d+)?[-\w.+]*", output)
    return match[0] if match else None


def _cpu_model():
    with open("/proc/cpuinfo") as cpus:
        for line in cpus:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def _system():
    try:
        with open("/etc/os-release") as release:
            names = dict(line.rstrip().split("=", 1) for line in release if "=" in line)
        return names.get("PRETTY_NAME", "Linux").strip('"')
    except OSError:
        return "Linux"


def _hypervisor():
    with open("/proc/cpuinfo") as cpus:
        return "virtual machine" if " hypervisor" in cpus.read() else "bare metal"
