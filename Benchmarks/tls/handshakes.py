"""Full X25519MLKEM768 handshakes, which OpenSSL 3.0 can't make: handshakes.py PORT PROCESSES SECONDS

Each process connects, shakes hands, does one GET, sends close_notify and closes, again and again; sessions are never
resumed. pyOpenSSL, because the OpenSSL inside its `cryptography` package (3.5 or later) offers the group by default.
Prints one JSON line: requests, errors, seconds, rps, latency p50 and p99 in µs, and what was negotiated. An error is
also any other group. The certificate is not verified.
"""

import json
import multiprocessing
import re
import signal
import socket
import sys
import time

from OpenSSL import SSL

REQUEST = (
    b"GET /api/item?id=42 HTTP/1.1\r\nHost: bench.example\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.5\r\n"
    b"Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n")
GROUP = "X25519MLKEM768"
PROCESSES_LIMIT = 64
REPLY_LIMIT = 1 << 16


def exchange(context, port):
    """One connection; what it negotiated."""
    plain = socket.create_connection(("127.0.0.1", port), 10)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setblocking(True)
        tls = SSL.Connection(context, plain)
        tls.set_tlsext_host_name(b"bench.example")
        tls.set_connect_state()
        tls.do_handshake()
        tls.sendall(REQUEST)
        reply = b""
        while True:
            reply += tls.recv(REPLY_LIMIT)
            head, separator, body = reply.partition(b"\r\n\r\n")
            if not separator:
                continue
            length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])
            if not head.startswith(b"HTTP/1.1 200") or len(body) > length:
                raise ValueError(f"reply `{head[:40]!r}`")
            if len(body) == length:
                break
        facts = f"{tls.get_protocol_version_name()} {tls.get_cipher_name()} {tls.get_group_name()}"
        tls.shutdown()
        return facts
    finally:
        plain.close()


def work(port, end, results):
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    times, errors, facts, reason = [], 0, "", ""
    while (started := time.perf_counter()) < end:
        try:
            facts = exchange(context, port)
            if not facts.lower().endswith(" " + GROUP.lower()):
                raise ValueError(f"negotiated {facts}")
            times.append(int((time.perf_counter() - started) * 1e6))
        except (OSError, SSL.Error, ValueError, TypeError) as error:
            errors += 1
            reason = reason or f"{type(error).__name__}: {error}"
            if errors > 100:
                break
    results.put((times, errors, facts, reason))


def main():
    port, processes, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    if not 0 < processes <= PROCESSES_LIMIT or seconds <= 0:
        sys.exit(__doc__)
    started = time.perf_counter()
    results = multiprocessing.Queue()
    all_processes = [multiprocessing.Process(target=work, args=(port, started + seconds, results), daemon=True)
                     for _ in range(processes)]
    signal.alarm(int(seconds) + 20)
    for process in all_processes:
        process.start()
    parts = [results.get() for _ in all_processes]
    elapsed = time.perf_counter() - started
    for process in all_processes:
        process.join()
    times = sorted(micros for part in parts for micros in part[0])
    print(json.dumps({
        "requests": len(times), "errors": sum(part[1] for part in parts), "seconds": round(elapsed, 3),
        "rps": round(len(times) / elapsed, 1), "p50us": times[len(times) // 2] if times else 0,
        "p99us": times[len(times) * 99 // 100] if times else 0, "negotiated": parts[0][2],
        "reason": next((part[3] for part in parts if part[3]), "")}))


if __name__ == "__main__":
    main()
