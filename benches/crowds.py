#!/usr/bin/env python3
"""Runs a crowd against a server on this machine, bounded in count and time, and prints what became of it.

crowds.py close ADDRESS CLIENTS REQUESTS
    Requests on a connection each, so many clients at a time: "answered of all, p99 in ms".
crowds.py flood ADDRESS KIND SECONDS [CA]
    While 127.0.0.2 opens 2000 connections a second (KIND silent: sends nothing; partial: half a head; readers:
    asks for /overview over and over and reads nothing), clients of 127.0.0.3 ask for /health over a way of 120 ms
    there and back; over TLS, if a CA is named. "answered of all, p99 in ms, opened a second".
crowds.py readers ADDRESS PATH PID
    64 clients ask for the path and read nothing: "KiB that the process has grown by".
"""

import asyncio
import socket
import ssl
import struct
import sys
import threading
import time

REQUEST = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ROUND_TRIP = 0.120
RATE = 2000


def percentile(times):
    times = sorted(times)
    return times[min(len(times) - 1, len(times) * 99 // 100)] * 1000 if times else float("nan")


async def ask(address, context=None, local=None, patience=10):
    """Seconds until the answer, or None if there is none; any answer is one."""
    begin = time.perf_counter()
    writer = None
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(
                *address, ssl=context, server_hostname="localhost" if context else None, local_addr=local
            )
            writer.write(REQUEST)
            answer = await reader.read()
            return time.perf_counter() - begin if answer.startswith(b"HTTP/1.1 200") else None
    except (OSError, ssl.SSLError, TimeoutError, asyncio.IncompleteReadError):
        return None
    finally:
        if writer:
            writer.close()


async def close(address, clients, requests):
    times, left = [], requests

    async def client():
        nonlocal left
        while left > 0:
            left -= 1
            times.append(await ask(address))

    await asyncio.gather(*(client() for _ in range(clients)))
    answered = [took for took in times if took is not None]
    print(f"{len(answered)} of {len(times)}, {percentile(answered):.0f} ms")


async def carry(reader, writer):
    """Carries bytes one way, each half a round trip later."""
    try:
        while data := await reader.read(65536):
            await asyncio.sleep(ROUND_TRIP / 2)
            writer.write(data)
            await writer.drain()
        await asyncio.sleep(ROUND_TRIP / 2)
        writer.write_eof()
    except OSError:
        pass


async def far_away(address):
    """A port that is a long way from the server."""

    async def serve(reader, writer):
        try:
            theirs = await asyncio.open_connection(*address, local_addr=("127.0.0.3", 0))
            await asyncio.gather(carry(reader, theirs[1]), carry(theirs[0], writer))
            theirs[1].close()
        except (OSError, asyncio.CancelledError):
            # The server has closed it, or all is over.
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    return server.sockets[0].getsockname()


class Flood(threading.Thread):
    SENDS = {
        "silent": b"",
        "partial": b"GET /health HTTP/1.1\r\nHost",
        "readers": b"GET /overview HTTP/1.1\r\nHost: a\r\n\r\n" * 100,
    }

    def __init__(self, address, kind, seconds):
        super().__init__(daemon=True)
        self.address, self.sends, self.seconds = address, self.SENDS[kind], seconds
        self.opened = 0

    def run(self):
        held, begin = [None] * 600, time.perf_counter()
        while (now := time.perf_counter() - begin) < self.seconds:
            if self.opened >= now * RATE:
                time.sleep(0.001)
                continue
            stream = socket.socket()
            stream.setblocking(False)
            # A port is looked for when it connects, and not kept in TIME_WAIT: so many a second soon use up all.
            stream.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            stream.bind(("127.0.0.2", 0))
            try:
                stream.connect_ex(self.address)
                if self.sends:
                    stream.send(self.sends)
            except OSError:
                pass
            self.opened += 1
            if old := held[self.opened % len(held)]:
                old.close()
            held[self.opened % len(held)] = stream


async def flood(address, kind, seconds, ca=None):
    context = ssl.create_default_context(cafile=ca) if ca else None
    near = await far_away(address)
    crowd = Flood(address, kind, seconds + 1)
    crowd.start()
    await asyncio.sleep(1)
    tasks, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        tasks.append(asyncio.create_task(ask(near, context)))
        await asyncio.sleep(0.05)
    times = await asyncio.gather(*tasks)
    answered = [took for took in times if took is not None]
    crowd.join()
    share = 100 * len(answered) / len(times)
    print(f"{share:.1f} % of {len(times)}, p99 {percentile(answered):.0f} ms, {crowd.opened / (seconds + 1):.0f} opened a second")


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def readers(address, path, pid):
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()

    def reader():
        stream = socket.socket()
        # So that the answer waits in the server, and not here.
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.connect(address)
        stream.sendall(request)
        return stream

    with reader() as warm:
        while warm.recv(65536):
            pass
    before = resident(pid)
    crowd = [reader() for _ in range(64)]
    begun = sum(stream.recv(8) == b"HTTP/1.1" for stream in crowd)
    print(f"{resident(pid) - before} KiB with {begun} of 64")


def main():
    what, where, *rest = sys.argv[1:]
    host, port = where.rsplit("/", 1)[-1].rsplit(":", 1)
    address = (host, int(port))
    if what == "close":
        asyncio.run(close(address, int(rest[0]), int(rest[1])))
    elif what == "flood":
        asyncio.run(flood(address, rest[0], float(rest[1]), *rest[2:]))
    else:
        readers(address, *rest)


main()
