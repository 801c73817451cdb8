"""Signers in processes of their own, beside a server that has no keys at all."""

import signal
import socket
import subprocess
import sys
import time


class SignerProcess:
    """`certlib signer` at a socket; killed and started again."""

    def __init__(self, path, environment, log):
        self.path, self.environment, self.log = path, environment, log
        self._process = None

    def start(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "signer", "--socket", str(self.path)],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        for _ in range(600):
            assert self._process.poll() is None, self.log.read_text()[-2000:]
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(str(self.path))
                except OSError:
                    time.sleep(0.1)
                else:
                    return self
        raise AssertionError("the signer did not start")

    def kill(self):
        """kill -9: its socket stays behind."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=30)

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            assert self._process.wait(timeout=60) == 0, self.log.read_text()[-2000:]


def apart(node, folder, numbers=2):
    """Takes the keys of a founded node away, to signers; answers them, not started yet.

    The signers' data folder holds the keys and nothing else; the server keeps its own without
    them, and secrets that lead to no key.
    """
    given, kept = folder / "server-secrets", folder / "signer-secrets"
    node.run("signer", "--prepare", str(given))
    secrets = node.data_dir.with_name(node.data_dir.name + "-secrets")
    secrets.rename(kept)
    theirs = folder / "signer-var"
    theirs.mkdir(mode=0o700)
    (node.data_dir / "keys").rename(theirs / "keys")
    environment = {
        name: value
        for name, value in node.environment.items()
        if not name.startswith(("CERTLIB_S3", "CERTLIB_OBJECTS", "CERTLIB_MIGRATION"))
        and not name.startswith(("CERTLIB_STATUS", "CERTLIB_WORKERS"))
    }
    environment |= {"DATA_DIR": str(theirs), "CERTLIB_SECRETS_DIR": str(kept)}
    if "CERTLIB_DATABASE_URL_FILE" not in environment:
        environment["CERTLIB_DATABASE_URL"] = f"sqlite:///{node.data_dir / 'certlib.sqlite'}"
    paths = [folder / f"signer-{number}.sock" for number in range(numbers)]
    node.environment |= {
        "CERTLIB_SECRETS_DIR": str(given),
        "CERTLIB_SIGNERS": ",".join(map(str, paths)),
    }
    return [SignerProcess(path, environment, folder / f"{path.stem}.log") for path in paths]
