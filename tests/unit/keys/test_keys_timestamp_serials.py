"""No serial number repeats: not in several processes, not in a forked one, not after a crash."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clock_world import SetMachine, stamp_clock
from keys_world import CountedEntropy, found

from certlib.clock_errors import ClockNotTrusted
from keys.timestamps import TimestampAuthority

ROOT = Path(__file__).parents[3]
STAMPING = """
import hashlib, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from asn1crypto import cms, tsp
from keys_world import KEK, PUBLIC_URL
from api.clock import SystemClock, SystemEntropy
from api.machine_clock import MachineClock
from keys.authority import AuthorityOptions, open_or_create
from keys.clock_mark import MarkFile
from keys.stamp_clock import StampClock
from keys.timestamps import TimestampAuthority

folder, number = Path(sys.argv[1]), int(sys.argv[2])
options = AuthorityOptions(PUBLIC_URL)
authority = open_or_create(folder / "keys", KEK, SystemClock(), SystemEntropy(), options)
clock = StampClock(MachineClock(), MarkFile(folder / "clock"))
stamper = TimestampAuthority(authority.timestamp_key, clock, SystemEntropy())
for _ in range(number):
    token = stamper.token(hashlib.sha256(b"data").digest())
    signed = cms.ContentInfo.load(token)["content"]
    info = tsp.TSTInfo.load(signed["encap_content_info"]["content"].contents)
    print(f"{info['serial_number'].native:x} {info['gen_time'].native:%s}", flush=True)
"""


def start(folder, number):
    command = [sys.executable, "-c", STAMPING, str(folder), str(number), str(Path(__file__).parent)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "TZ": "UTC"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def test_no_number_repeats_over_processes_and_crashes(tmp_path):
    """Four at once on one key and one clock; two of them are killed, and start again."""
    lines = []
    running = [start(tmp_path, 10**9) for _ in range(4)]
    for process in running:
        lines += [process.stdout.readline() for _ in range(50)]
    for process in running:
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines()[:-1]  # the last may be cut off
        process.wait()
        process.stdout.close()
    for again in [start(tmp_path, 50) for _ in range(2)]:
        said, _ = again.communicate()
        assert again.returncode == 0
        lines += said.splitlines()
    numbers = [int(line.split()[0], 16) for line in lines]
    assert len(numbers) >= 300
    assert len(set(numbers)) == len(numbers)
    assert all(number.bit_length() == 127 for number in numbers)
    assert not list((tmp_path / "clock").glob(".tmp*"))


def test_a_forked_process_goes_its_own_way(settled):
    """The state of a generator in memory would be the same in both."""
    from api.clock import SystemClock, SystemEntropy

    stamper = TimestampAuthority(settled.timestamp_key(), SystemClock(), SystemEntropy())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, stamper._serial())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 16)
    os.close(reading), os.close(writing)
    assert len({theirs, stamper._serial()}) == 2


def test_a_killed_process_leaves_its_last_token_on_record(tmp_path):
    """So a clock that was set back meanwhile is found out by the next one."""
    running = start(tmp_path, 10**9)
    running.stdout.readline()
    running.kill()
    running.wait()
    running.stdout.close()
    machine = SetMachine()  # its year is long past
    stamps = stamp_clock(tmp_path, machine)
    authority = found(tmp_path / "keys")
    with pytest.raises(ClockNotTrusted, match="last token"):
        TimestampAuthority(authority.timestamp_key, stamps, CountedEntropy()).token(bytes(32))
