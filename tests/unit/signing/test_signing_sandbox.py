"""What holds a reading child in: each measure alone, so that none hides behind another."""

import json
import os
import resource
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from signing.evidence import landlock, sandbox

MACHINES = sandbox._MACHINES
REFUSED, ALLOWED = sandbox._REFUSE, sandbox._ALLOW
READ_ONLY = {"x86_64": (0, 1, 3, 9, 12, 231), "aarch64": (57, 63, 64, 93, 94, 222)}
"""read write close mmap brk exit_group: what a child does all the time."""


def outcome(program, number, architecture, flags=0):
    """What the kernel would answer: classic BPF, as far as these programs use it."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, 0, 0, flags, 0, 0, 0)
    steps = list(struct.iter_unpack("@HBBI", program))
    accumulator = place = 0
    while True:
        code, yes, no, value = steps[place]
        place += 1
        match code:
            case sandbox._LOAD:
                accumulator = struct.unpack_from("<I", data, value)[0]
            case sandbox._RETURN:
                return value
            case sandbox._JUMP_EQUAL:
                place += yes if accumulator == value else no
            case sandbox._JUMP_AT_LEAST:
                place += yes if accumulator >= value else no
            case sandbox._JUMP_ANY_BIT:
                place += yes if accumulator & value else no


@pytest.mark.parametrize("name", MACHINES)
def test_every_call_of_the_list_is_refused_and_others_are_not(name):
    machine = MACHINES[name]
    program = sandbox._program(machine)
    for call in machine.refused:
        assert outcome(program, call, machine.architecture) == REFUSED
    for call in READ_ONLY[name]:
        assert outcome(program, call, machine.architecture) == ALLOWED


@pytest.mark.parametrize("name", MACHINES)
def test_opening_is_allowed_for_reading_alone(name):
    machine = MACHINES[name]
    program = sandbox._program(machine)
    for flags in (os.O_RDONLY, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY):
        assert outcome(program, machine.openat, machine.architecture, flags) == ALLOWED
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_RDWR | os.O_CLOEXEC):
        assert outcome(program, machine.openat, machine.architecture, flags) == REFUSED


@pytest.mark.parametrize("name", MACHINES)
def test_no_other_way_of_calling_is_a_way_round(name):
    """Of another machine's numbers, or of x32, which has a second number for each."""
    machine = MACHINES[name]
    program = sandbox._program(machine)
    first = READ_ONLY[name][0]
    others = {other.architecture for other in MACHINES.values()} - {machine.architecture}
    for architecture in (*others, 0, 0x40000003):
        assert outcome(program, first, architecture) == REFUSED
    for number in (0x40000000, 0x40000000 | first, 0xFFFFFFFF):
        assert outcome(program, number, machine.architecture) == REFUSED


_INSIDE = """
import json, resource, socket, sys
from signing.evidence import sandbox
before = sandbox._address_space()
sandbox._filter_calls = lambda: False
sandbox.landlock.restrict = lambda folders: False
measures = sandbox.enter(64 << 20)
def said(act):
    try:
        act()
    except PermissionError as error:
        return error.strerror
hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
sandbox.limit_processor_time(7)
kinds = {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
         for name in ("AS", "FSIZE", "CORE", "NOFILE", "NPROC", "CPU")}
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "measures": measures,
    "limits": kinds,
    "before": before,
    "hard": hard,
    "socket": said(socket.socket),
    "connection": said(lambda: socket.create_connection(("127.0.0.1", 9))),
    "used": used.ru_utime + used.ru_stime,
}))
"""


@pytest.fixture(scope="module")
def inside():
    done = subprocess.run([sys.executable, "-c", _INSIDE], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_limits_hold_without_the_kernels_other_help(inside):
    """No file grows, no core, no process; handles and memory as far as reading needs them."""
    limits = inside["limits"]
    assert {name: limits[name] for name in ("FSIZE", "CORE", "NOFILE", "NPROC")} == {
        "FSIZE": [0, 0],
        "CORE": [0, 0],
        "NOFILE": [64, 64],
        "NPROC": [0, 0],
    }
    least, most = inside["before"] + (64 << 20), inside["before"] + (96 << 20)
    assert least <= limits["AS"][0] <= most
    assert limits["AS"][0] == limits["AS"][1]
    soft, hard = limits["CPU"]
    assert int(inside["used"]) + 7 <= soft <= int(inside["used"]) + 9
    assert hard == inside["hard"], "each file has its own seconds"


def test_there_is_no_network_for_python_itself(inside):
    assert (inside["socket"], inside["connection"]) == ("no network in here",) * 2


def test_measures_are_told_as_far_as_they_hold(inside):
    assert inside["measures"] == ["limits", "sockets"]


def test_a_limit_of_the_machine_is_never_raised(monkeypatch):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10, 50))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, pair: asked.append(pair))
    sandbox._limit(resource.RLIMIT_NOFILE, 64)
    sandbox._limit(resource.RLIMIT_NOFILE, 20)
    assert asked == [(50, 50), (20, 20)]


class Kernel:
    """Answers system calls as it is told, and keeps what it was asked."""

    def __init__(self, *answers, prctl=0):
        self.answers, self.asked, self.privileges = list(answers), [], []
        self._prctl = prctl

    def syscall(self, number, *arguments):
        self.asked.append((number, *arguments))
        return self.answers.pop(0) if self.answers else 0

    def prctl(self, *arguments):
        self.privileges.append(arguments)
        return self._prctl


@pytest.fixture
def rules():
    """A handle that may be closed."""
    return os.open(os.devnull, os.O_RDONLY)


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (1, [(1 << 13) - 1]),
        (2, [(1 << 14) - 1]),
        (3, [(1 << 15) - 1]),
        (4, [(1 << 15) - 1, 3]),
        (5, [(1 << 16) - 1, 3]),
        (6, [(1 << 16) - 1, 3, 3]),
        (9, [(1 << 16) - 1, 3, 3]),
    ],
)
def test_all_that_the_kernel_knows_is_given_up(monkeypatch, rules, version, words):
    kernel = Kernel(version, rules)
    monkeypatch.setattr(landlock.ctypes, "CDLL", lambda *_, **__: kernel)
    assert landlock.restrict([]) is True
    _, made, enforced = kernel.asked
    assert made[1] == struct.pack(f"@{len(words)}Q", *words)
    assert enforced[1] == rules
    assert kernel.privileges == [(38, 1, 0, 0, 0)]
    with pytest.raises(OSError, match=r"."):
        os.fstat(rules)


@pytest.mark.parametrize("case", ["old", "none", "refused", "privileges", "enforcing"])
def test_where_a_step_fails_it_is_not_said_to_hold(monkeypatch, rules, case):
    kernel = {
        "old": Kernel(0),
        "none": Kernel(-1),
        "refused": Kernel(6, -1),
        "privileges": Kernel(6, rules, prctl=-1),
        "enforcing": Kernel(6, rules, -1),
    }[case]
    monkeypatch.setattr(landlock.ctypes, "CDLL", lambda *_, **__: kernel)
    assert landlock.restrict([]) is False
    if case not in {"privileges", "enforcing"}:
        os.close(rules)


def test_what_may_be_read_is_named_one_by_one(monkeypatch, rules, tmp_path):
    """Folders with what lies in them, single files without; what is not there stays forbidden."""
    kernel = Kernel(6, rules)
    monkeypatch.setattr(landlock.ctypes, "CDLL", lambda *_, **__: kernel)
    assert landlock.restrict([tmp_path, Path(os.devnull), tmp_path / "absent"])
    added = [item for item in kernel.asked if item[0] == 445]
    rights = [struct.unpack("=Qi", item[3])[0] for item in added]
    assert rights == [0b1101, 0b101]


def test_a_source_tree_is_not_given_whole(monkeypatch, tmp_path):
    """The data of a node may lie in it; a folder of libraries holds libraries alone."""
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(tmp_path / "absent"), *sys.path])
    (tmp_path / "signing").mkdir()
    found = landlock.code_folders(tmp_path)
    assert tmp_path not in found
    assert Path() not in found
    assert tmp_path / "absent" not in found
    assert tmp_path / "signing" in found
    for name in ("site-packages", "dist-packages"):
        (tmp_path / name).mkdir()
        assert tmp_path / name in landlock.code_folders(tmp_path / name)


def test_a_child_has_no_client_of_http():
    """Neither TLS nor parsers of HTTP within a hostile file's reach."""
    program = (
        "import sys; from signing.evidence.offline import do_without; do_without();"
        "import signing.evidence.worker;"
        "print([name for name in sys.modules if name.startswith('aiohttp.')],"
        " sys.modules['aiohttp'].ClientSession.__name__, hasattr(sys.modules['aiohttp'], '__x__'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[] ClientSession False"
