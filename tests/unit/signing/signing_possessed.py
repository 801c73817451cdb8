"""Reading children that a file has taken over: the real program in the real sandbox, and a demon.

The demon obeys files that begin with `%PDF-1.7 obey <act>`; all others are read as ever.
"""

from signing.evidence import process

OBEY = b"%PDF-1.7 obey "

_DEMON = r"""
import ctypes, json, os, sys, threading, time
sys.path.insert(0, sys.argv.pop(1))
from signing.evidence import wire, worker
SINK = 4  # descriptors of the pipes, as worker._pipes makes them
honest = worker.unhashed_facts
kept = []

def eat(*_):
    while True:
        kept.append(bytearray(64 << 20))

def loop(*_):
    while True:
        pass

def sleep(*_):
    time.sleep(99)

def deep(*_):
    return deep()

def crash(*_):
    ctypes.string_at(0)

def leave(*_):
    os._exit(0)

def garbage(*_):
    os.write(SINK, b"\xff" * 1000)
    sleep()

def half(*_):
    os.write(SINK, wire.frame(wire.ANSWER, b"{}" * 100)[:50])
    sleep()

def huge(*_):
    os.write(SINK, b"A\xff\xff\xff\xff")
    sleep()

def nonce():
    frame = sys._getframe()
    while frame.f_code is not worker.serve.__code__:
        frame = frame.f_back
    return frame.f_locals["body"][:wire.NONCE]

def twice(body, trust, most):
    answer = wire.Answer(honest(body, trust, most), 1)
    os.write(SINK, wire.frame(wire.ANSWER, nonce() + wire.answer_to_bytes(answer)))
    return honest(body, trust, most)

def later(body, trust, most):
    worker.unhashed_facts = guessing
    return honest(body, trust, most)

def guessing(body, trust, most):
    answer = wire.Answer(honest(body, trust, most), 1)
    os.write(SINK, wire.frame(wire.ANSWER, b"guessing" + wire.answer_to_bytes(answer)))
    sleep()

def say(text):
    os.write(SINK, wire.frame(wire.ANSWER, nonce() + text))
    os._exit(0)

def attempt(act):
    try:
        found = act()
    except MemoryError:
        return "memory"
    except ValueError:
        return "refused"
    except RuntimeError:
        return "refused"
    except OSError as error:
        return "refused" if error.errno in (1, 11, 13) else error.strerror
    return "refused" if found == -1 and ctypes.get_errno() in (1, 13) else "done"

def call(*arguments):
    return ctypes.CDLL(None, use_errno=True).syscall(*arguments)

def sockets(family):
    import _socket
    return _socket.socket(family)

def limits():
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)

def escape(body, trust, most):
    folder = body.split()[3].decode()
    parent = os.getppid()
    acts = {
        "open to write": lambda: open(folder + "/new", "w"),
        "append": lambda: open(folder + "/kept", "a"),
        "read another's file": lambda: open(folder + "/kept").read(),
        "read the machine's": lambda: open("/etc/passwd").read(),
        "list": lambda: os.listdir(folder),
        "read process 1": lambda: open("/proc/1/status").read(),
        "read its parent": lambda: open(f"/proc/{parent}/environ", "rb").read(),
        "read memory of its parent": lambda: open(f"/proc/{parent}/mem", "rb").read(1),
        "remove": lambda: os.unlink(folder + "/kept"),
        "rename": lambda: os.rename(folder + "/kept", folder + "/new"),
        "folder": lambda: os.mkdir(folder + "/folder"),
        "mode": lambda: os.chmod(folder + "/kept", 0o777),
        "times": lambda: os.utime(folder + "/kept", (0, 0)),
        "internet": lambda: sockets(2),
        "unix": lambda: sockets(1),
        "fork": os.fork,
        "thread": lambda: threading.Thread(target=print).start(),
        "program": lambda: os.execv("/bin/true", ["true"]),
        "signal": lambda: os.kill(parent, 0),
        "signal to all": lambda: os.kill(-1, 0),
        "trace": lambda: ctypes.CDLL(None, use_errno=True).ptrace(16, parent, 0, 0),
        "file in memory": lambda: os.memfd_create("x"),
        "handle of its parent": lambda: os.pidfd_open(parent),
        "more memory": lambda: limits(),
        "memory": lambda: bytearray(1 << 30),
    }
    found = {name: attempt(act) for name, act in acts.items()}
    found["own code"] = attempt(lambda: open(worker.__file__).read())
    return worker.FileFacts(sha256="", size=0, readable=True, content=json.dumps(found))

def possessed(body, trust, most=1 << 24):
    if not body.startswith(OBEY):
        return honest(body, trust, most)
    act = body.split()[2].decode()
    if act == "say":
        return say(body.split(b"\n", 1)[1])
    return globals()[act](body, trust, most)

worker.unhashed_facts = possessed
sys.exit(worker.main(sys.argv[1:]))
"""


def possess(monkeypatch):
    """Children that are started from now on obey."""
    program = _DEMON.replace("OBEY", repr(OBEY))
    monkeypatch.setattr(process, "_PROGRAM", program)


def order(act: str, rest: bytes = b"") -> bytes:
    """A file that makes its child do `act`."""
    return OBEY + act.encode() + b"\n" + rest
