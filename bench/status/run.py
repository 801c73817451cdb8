"""Public status over HTTP against nginx serving a static file of the same size, in one run.

One worker each, SQLite, 300 demo certificates asked for in turn; the generator is wrk on the other
core. The limit that counts: at least one quarter of nginx. Needs Debian's nginx-light and wrk.
Usage: python bench/status/run.py [--seconds 8] [--rounds 3] [--json]
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.node_process import NodeProcess, free_port

CONNECTIONS = 32
LIMIT = 0.25

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/json;
    open_file_cache max=10;
    keepalive_requests 10000000;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""

PATHS = """
local paths = {{}}
for line in io.lines("{file}") do table.insert(paths, line) end
local place = 0
request = function()
    place = place % #paths + 1
    return wrk.format("GET", paths[place])
end
"""


@contextmanager
def nginx(folder, body):
    (folder / "www").mkdir()
    (folder / "www" / "status.json").write_bytes(body)
    for public in (folder.parent, folder, folder / "www"):
        public.chmod(0o755)  # nginx gives up root's rights, and must still reach the file
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([binary, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/status.json"
    finally:
        process.terminate()
        process.wait(timeout=10)


def paths_script(folder, identifiers):
    """A script for wrk that asks for each of them in turn."""
    paths = folder / "paths.txt"
    paths.write_text("\n".join(f"/v1/status/{name}" for name in identifiers) + "\n")
    script = folder / "paths.lua"
    script.write_text(PATHS.format(file=paths))
    return script


def wrk(url, seconds, script=None, connections=CONNECTIONS):
    """Requests per second, and whether every answer was a good one."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script is not None:
        command += ["-s", str(script)]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"bad answers while measuring {url}:\n{done.stdout}")
    rate = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+\w+)", done.stdout)
    return float(rate.group(1)), p99.group(1)


def measure(seconds, rounds):
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # Every look-up takes a token, as in service; only the share is larger.
        node = NodeProcess(folder / "var", stores={"CERTLIB_RATE_PUBLIC": "10000000"})
        node.run("init")
        node.run("demo")
        node.start()
        try:
            return _compare(node, folder, seconds, rounds)
        finally:
            node.stop()


def _compare(node, folder, seconds, rounds):
    identifiers = [name for found in node.demo()["identifiers"].values() for name in found]
    script = paths_script(folder, identifiers)
    with urllib.request.urlopen(f"{node.url}/v1/status/{identifiers[0]}") as answer:
        body = answer.read()
    ours, theirs = [], []
    (folder / "nginx").mkdir()
    with nginx(folder / "nginx", body) as static:
        wrk(node.url, 2, script)
        for _ in range(rounds):
            ours.append(wrk(node.url, seconds, script))
            theirs.append(wrk(static, seconds))
    status, static = (statistics.median(rate for rate, _ in side) for side in (ours, theirs))
    return {
        "body_bytes": len(body),
        "status_per_second": status,
        "status_p99": ours[-1][1],
        "nginx_per_second": static,
        "nginx_p99": theirs[-1][1],
        "ratio": status / static,
        "resident_mb": _resident(node.pid),
    }


def _resident(pid):
    line = next(
        row
        for row in Path(f"/proc/{pid}/status").read_text().splitlines()
        if row.startswith("VmRSS")
    )
    return int(line.split()[1]) // 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.seconds, options.rounds)
    if options.json:
        print(json.dumps(result, indent=2))
        return
    verdict = "ok" if result["ratio"] >= LIMIT else "UNDER THE LIMIT"
    print(
        f"status, SQLite, one worker: {result['status_per_second']:,.0f}/s "
        f"(p99 {result['status_p99']}, {result['body_bytes']} bytes, "
        f"{result['resident_mb']} MB resident)"
    )
    print(
        f"nginx, static file, one worker: {result['nginx_per_second']:,.0f}/s "
        f"(p99 {result['nginx_p99']})"
    )
    print(f"ratio {result['ratio']:.2f} (limit {LIMIT}: {verdict})")


if __name__ == "__main__":
    main()
