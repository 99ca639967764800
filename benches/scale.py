#!/usr/bin/env python3
"""What a Prometheus that scrapes many servers costs.

scale.py BINARY [SERVERS [SECONDS]]: starts that many `serve --demo --metrics` on loopback (1000) and, where they are
installed, a node_exporter with its systemd collector and a Prometheus that scrapes all of them every 15 s, for that
long (90). Prints scrape durations, memory and processor time per scrape. Servers of the demo start no program.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

FIRST = 20000


def figure(name, value):
    print(f"{name:<58} {value}")


def memory(pid):
    """Proportional memory in KiB: shared pages count once for all."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def processor(pid):
    """Seconds of processor time so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_answering(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def ask(port, query):
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    with urllib.request.urlopen(url) as answer:
        return [float(one["value"][1]) for one in json.load(answer)["data"]["result"]]


def main():
    binary, *numbers = sys.argv[1:]
    count, seconds = [int(number) for number in numbers + ["1000", "90"][len(numbers):]]
    prometheus, node = shutil.which("prometheus"), shutil.which("prometheus-node-exporter")
    if not prometheus:
        sys.exit("scale.py: prometheus is not installed")
    started = []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as folder:
        try:
            begin = time.perf_counter()
            servers = [
                subprocess.Popen([binary, "serve", "--demo", "--metrics", "--listen", f"127.0.0.1:{FIRST + place}"], **quiet)
                for place in range(count)
            ]
            started += servers
            while not all(is_answering(FIRST + place, "/health") for place in range(count)):
                time.sleep(0.1)
            figure(f"{count} servers answer after", f"{time.perf_counter() - begin:.1f} s")
            jobs = [("sek8s-status", [f"127.0.0.1:{FIRST + place}" for place in range(count)])]
            exporter = None
            if node:
                exporter = subprocess.Popen([node, "--collector.systemd", "--web.listen-address=127.0.0.1:19100"], **quiet)
                started.append(exporter)
                jobs.append(("node", ["127.0.0.1:19100"]))
            scrapes = [{"job_name": job, "static_configs": [{"targets": targets}]} for job, targets in jobs]
            with open(f"{folder}/prometheus.yml", "w", encoding="ascii") as config:
                json.dump({"global": {"scrape_interval": "15s"}, "scrape_configs": scrapes}, config)
            scraper = subprocess.Popen(
                [prometheus, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 "--web.listen-address=127.0.0.1:19090"], **quiet)
            started.append(scraper)
            before = sum(processor(server.pid) for server in servers)
            node_before = processor(exporter.pid) if exporter else 0
            time.sleep(seconds)
            used = sum(processor(server.pid) for server in servers) - before
            node_used = processor(exporter.pid) - node_before if exporter else 0
            up = sum(ask(19090, 'up{job="sek8s-status"}'))
            figure("servers that Prometheus has scraped", f"{up:.0f} of {count}")
            durations = ask(19090, 'scrape_duration_seconds{job="sek8s-status"}')
            cuts = statistics.quantiles(durations, n=100)
            figure("scrape duration, p50 / p99", f"{cuts[49] * 1000:.1f} / {cuts[98] * 1000:.1f} ms")
            total = sum(ask(19090, 'count_over_time(up{job="sek8s-status"}[1h])'))
            figure("processor time of a server per scrape", f"{used / total * 1000:.2f} ms")
            figure(f"memory of {count} servers", f"{sum(memory(server.pid) for server in servers) / 1024:.0f} MiB")
            figure("memory of Prometheus", f"{memory(scraper.pid) / 1024:.0f} MiB")
            if exporter:
                node_total = sum(ask(19090, 'count_over_time(up{job="node"}[1h])'))
                duration = ask(19090, 'scrape_duration_seconds{job="node"}')[0]
                figure("node_exporter with --collector.systemd: scrape", f"{duration * 1000:.1f} ms")
                figure("processor time of node_exporter per scrape", f"{node_used / max(node_total, 1) * 1000:.2f} ms")
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait()


main()
