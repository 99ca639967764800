#!/usr/bin/env python3
"""scrapes.py URL [COUNT]: the median time in milliseconds of so many requests (200) on one connection, and the bytes of
an answer."""

import http.client
import statistics
import sys
import time
import urllib.parse


def main():
    url = urllib.parse.urlsplit(sys.argv[1])
    connection = http.client.HTTPConnection(url.netloc)
    times = []
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 200):
        begin = time.perf_counter()
        connection.request("GET", url.path)
        body = connection.getresponse().read()
        times.append(time.perf_counter() - begin)
    print(f"{statistics.median(times) * 1000:.2f} {len(body)}")


main()
