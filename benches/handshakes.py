#!/usr/bin/env python3
"""Times TLS 1.3 handshakes with two servers in turn, A B A B …, each on a connection of its own.

handshakes.py CA PORT OTHER_PORT RUNS: prints the medians in milliseconds, connecting included.
"""

import socket
import ssl
import statistics
import sys
import time

ca, *ports = sys.argv[1:4]
runs = int(sys.argv[4])
context = ssl.create_default_context(cafile=ca)
context.minimum_version = ssl.TLSVersion.TLSv1_3


def handshake(port):
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", int(port))) as plain:
        with context.wrap_socket(plain, server_hostname="localhost"):
            return time.perf_counter() - begin


for port in ports:
    handshake(port)
times = [[handshake(port) for port in ports] for _ in range(runs)]
print(*(f"{statistics.median(column) * 1000:.2f}" for column in zip(*times)))
