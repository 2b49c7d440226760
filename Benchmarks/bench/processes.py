"""Starts, pins, weighs and ends processes. Whatever is started here is also ended here."""

import ctypes
import os
import signal
import socket
import subprocess
import time

_running = []
_PR_SET_PDEATHSIG = 1
_CPUCLOCK_SCHED = 2  # in the id of another process's clock, as glibc's clock_getcpuclockid() makes it


class StartError(Exception):
    """A process that does not come up."""


def _die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One started process (and whatever it starts itself), pinned to a CPU."""

    def __init__(self, command, cpu, log_path, directory=None, environment=None, name=None):
        self.command = ["taskset", "-c", str(cpu)] + [str(part) for part in command]
        self.log_path = log_path
        self.name = name
        self.started = time.monotonic()
        with open(log_path, "wb") as log:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=directory,
                env=dict(os.environ, **(environment or {})), start_new_session=True, preexec_fn=_die_with_parent)
        self.pid = self._process.pid
        _running.append(self)

    def is_alive(self):
        return self._process.poll() is None

    def tree(self):
        """The process ids of this process and all below it."""
        found, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            try:
                tasks = os.listdir(f"/proc/{pid}/task")
                for task in tasks:
                    with open(f"/proc/{pid}/task/{task}/children") as children:
                        queue += [int(child) for child in children.read().split()]
                found.append(pid)
            except OSError:
                continue
        return found

    def cpu_seconds(self):
        """CPU time of all living processes of the tree, from the scheduler's own nanosecond account: what
        `/proc/PID/task/*/schedstat` says, and the threads that have ended."""
        total = 0
        for pid in self.tree():
            try:
                total += time.clock_gettime_ns(~pid << 3 | _CPUCLOCK_SCHED)
            except OSError:
                continue
        return total / 1e9

    def rss_mib(self):
        """Resident memory of the tree; pages that its processes share count for each of them."""
        kib = 0
        for pid in self.tree():
            try:
                with open(f"/proc/{pid}/status") as status:
                    kib += sum(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
            except OSError:
                continue
        return kib / 1024

    def pss_mib(self):
        """Resident memory of the tree; of pages that processes share, each counts its part."""
        kib = 0
        for pid in self.tree():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as rollup:
                    kib += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
            except OSError:
                continue
        return kib / 1024

    def wait_until_quiet(self, seconds=120, window=0.3):
        """Returns when the tree has used less than 2 % of a CPU for a while and wants no more; the time at which that
        while began."""
        deadline = time.monotonic() + seconds
        while True:
            since, before = time.monotonic(), self.cpu_seconds()
            time.sleep(window)
            if self.cpu_seconds() - before < 0.02 * window and not self._wants_to_run():
                return since
            if time.monotonic() > deadline:
                raise StartError(f"still busy after {seconds} s")

    def _wants_to_run(self):
        """Whether a thread of the tree runs, waits for the CPU or for a disk; on a busy machine some get no turn."""
        for pid in self.tree():
            for task in os.listdir(f"/proc/{pid}/task"):
                try:
                    with open(f"/proc/{pid}/task/{task}/stat") as stat:
                        if stat.read().rpartition(")")[2].split()[0] in "RD":
                            return True
                except OSError:
                    continue
        return False

    def log_tail(self, characters=600):
        with open(self.log_path, errors="replace") as log:
            return log.read()[-characters:].strip()

    def wait_for_ports(self, ports, seconds=15):
        """Returns when every port answers; raises StartError when the process ends or time runs out."""
        for port in ports:
            self.wait_until(lambda port=port: _answers(port), f"port {port} does not answer", seconds)

    def wait_until(self, is_ready, complaint, seconds=15):
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_alive():
                raise StartError(f"ended with status {self._process.returncode}: {self.log_tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{complaint} after {seconds} s: {self.log_tail()}")
            time.sleep(0.02)

    def stop(self):
        """Ends the process and its children: SIGTERM, then SIGKILL for what is left."""
        tree = self.tree()
        if self.is_alive():
            self._process.terminate()
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                pass
        for pid in tree:
            if pid == self.pid and self._process.poll() is not None:
                continue
            if pid != self.pid and not _is_descendant_alive(pid, self.pid):
                continue
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()
        if self in _running:
            _running.remove(self)


def _is_descendant_alive(pid, session):
    """Whether the id still belongs to the session that was started (ids are used again)."""
    try:
        return os.getsid(pid) == session
    except OSError:
        return False


def _answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def stop_all():
    """Ends whatever still runs."""
    for child in list(_running):
        child.stop()


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def cpu_account(cpu):
    """(busy, total) clock ticks of one CPU since boot, over everything that ran there."""
    with open("/proc/stat") as stat:
        for line in stat:
            fields = line.split()
            if fields[0] == f"cpu{cpu}":
                ticks = [int(field) for field in fields[1:9]]
                return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
    return 0, 0
