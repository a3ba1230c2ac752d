"""A running dashboard under attack: /health beside a crowd of sign-ins, and its memory under huge bodies.

    python -m benchmarks.flood [--seconds 20] [--rate 50] [--megabytes 400]

A `pixelfleet up` of its own is started. Every sign-in has an unknown user and comes from an address of its own within
127.0.0.0/8 (Linux), so that neither the lock-out nor the limit of strangers spares the server a hash. /health is asked
20 times a second from another process. Bodies are sent without credentials, as JSON, as a form, and as a form with a
file, once with a Content-Length and once in chunks.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from benchmarks.processes import pids_below
from tests.process_memory import memory_of

LOOPBACK: Final = "127.0.0.1"
_PIECE: Final = b"a" * 1_000_000
_HEALTH_EVERY: Final = 0.05
_FORM: Final = b'--B\r\nContent-Disposition: form-data; name="user"; filename="x"\r\n\r\n'
BODIES: Final = {
    "JSON": ("/api/v1/uploads", "application/json", b'{"a":"'),
    "form": ("/sign-in", "application/x-www-form-urlencoded", b"user="),
    "form with a file": ("/sign-in", "multipart/form-data; boundary=B", _FORM),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=50, help="sign-ins a second")
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--crowd", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.crowd:
        asyncio.run(_crowd(asked.crowd, asked.rate, asked.seconds))
        return
    with _dashboard() as (url, pid):
        port = urlsplit(url).port or 0
        print(f"/health alone: {_in_words(_health(port, 3.0))}")
        command = [sys.executable, "-m", "benchmarks.flood", "--crowd", url, "--rate", str(asked.rate)]
        crowd = subprocess.Popen([*command, "--seconds", str(asked.seconds)], stdout=subprocess.PIPE, text=True)
        latencies = _health(port, float(asked.seconds))
        answers, _ = crowd.communicate()
        print(f"/health beside {asked.rate} sign-ins a second for {asked.seconds} s: {_in_words(latencies)}")
        print(f"answers to the sign-ins: {answers.strip()}\n")
        print(f"| body of {asked.megabytes} MB | answer | RSS before | peak |")
        print("| --- | --- | ---: | ---: |")
        for name, (path, content_type, head) in BODIES.items():
            for chunked in (False, True):
                before = memory_of(pid, "VmRSS")
                length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {asked.megabytes * len(_PIECE)}"
                request = f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nContent-Type: {content_type}\r\n{length}"
                answer, peak = _post(port, pid, request, [head, *[_PIECE] * asked.megabytes], chunked=chunked)
                what = f"{name}, {'in chunks' if chunked else 'its length named'}"
                print(f"| {what} | {answer} | {before / 1e6:.0f} MB | {peak / 1e6:.0f} MB |", flush=True)


@contextmanager
def _dashboard() -> Iterator[tuple[str, int]]:
    """The address and the process of a dashboard."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pixelfleet", "up", "--json", "--workers", "1", "--data", f"{folder}/data"]
        environment = dict(os.environ) | {"TMPDIR": folder}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as up:
            try:
                line = up.stdout.readline() if up.stdout else ""
                [pid] = [pid for pid, kind in pids_below(up.pid).items() if kind == "dashboard"]
                yield json.loads(line)["dashboard"], pid
            finally:
                up.send_signal(signal.SIGINT)
                up.wait()


def _health(port: int, seconds: float) -> list[float]:
    """Seconds that each answer took, or has taken until it was given up."""
    latencies, end = [], time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        with suppress(OSError):
            urlopen(f"http://{LOOPBACK}:{port}/health", timeout=30).read()
        latencies.append(time.monotonic() - began)
        time.sleep(max(0.0, _HEALTH_EVERY - latencies[-1]))
    return sorted(latencies)


def _in_words(latencies: list[float]) -> str:
    p99 = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]
    return (
        f"p50 {statistics.median(latencies) * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, "
        f"longest {latencies[-1] * 1e3:.0f} ms of {len(latencies)}"
    )


async def _crowd(url: str, rate: int, seconds: int) -> None:
    """Begin `rate` sign-ins a second, however many wait for their answer; print how many got which answer."""
    with urlopen(Request(f"{url}/sign-in")) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        token = re.search(r'name="csrf_token" value="(\w+)"', answer.read().decode())
    if token is None:
        raise SystemExit("the sign-in page has no token")
    answers: Counter[str] = Counter()
    began, tasks = time.monotonic(), []
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(_sign_in(url, number, cookie, token[1], answers)))
    took = time.monotonic() - began
    await asyncio.wait(tasks, timeout=60)
    waiting = sum(not task.done() for task in tasks)
    print(f"{len(tasks)} begun in {took:.0f} s; {dict(answers)}, {waiting} without an answer a minute later")


async def _sign_in(url: str, number: int, cookie: str, token: str, answers: Counter[str]) -> None:
    address = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
    form = urlencode({"user": f"nobody{number}", "password": "x" * 20, "csrf_token": token})
    head = f"POST /sign-in HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nCookie: {cookie}\r\nConnection: close\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, urlsplit(url).port, local_addr=(address, 0))
        writer.write((head + form).encode())
        answers[(await reader.readline()).split()[1].decode()] += 1
        writer.close()
    except (OSError, IndexError) as error:
        answers[type(error).__name__] += 1


def _post(port: int, pid: int, head: str, pieces: list[bytes], *, chunked: bool) -> tuple[str, int]:
    """Send the pieces, or as many as the server takes; its answer, and the most memory that it had meanwhile."""
    peak = 0
    with socket.create_connection((LOOPBACK, port), timeout=60) as connection:
        connection.sendall(f"{head}\r\n\r\n".encode())
        with suppress(OSError):
            for piece in pieces:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                peak = max(peak, memory_of(pid, "VmRSS"))
        try:
            answer = connection.recv(100).split(b"\r\n")[0].decode()
        except OSError as error:
            answer = f"the connection was closed ({type(error).__name__})"
    return answer, max(peak, memory_of(pid, "VmRSS"))


if __name__ == "__main__":
    main()
