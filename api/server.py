"""`serve`: HTTP on IPv6 and IPv4, the worker beside it, an orderly end on SIGTERM.

One process on SQLite; as many as asked for on PostgreSQL, each with a worker of its own.
"""

import gc
import logging
import signal
import socket
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvicorn

from api import logs
from api.app import create_app
from api.bootstrap import open_node
from api.failures import PortTaken, ProcessesFailed
from api.metrics_shared import Shared
from api.processes import Processes
from api.protocol import GuardedProtocol
from api.settings import Settings
from api.watch import Watch
from api.worker import Worker

_log = logs.logger("server")
_BACKLOG: Final = 2048
_GRACE_SECONDS: Final = 20
_KEEP_ALIVE_SECONDS: Final = 15


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; prints nothing but log lines, on standard error.

    Raises:
        DataFolderBusy, KeyUnusable, StoreUnavailable, StoreUnfit: as `open_node`.
        PortTaken: something else listens there.
        ProcessesFailed: processes died as soon as they were started, again and again.
    """
    logs.configure(settings.log_level)
    with closing(listen(settings.host, settings.port)) as listening:
        if settings.workers == 1:
            _serve(settings, listening)
            return
        # Whatever is wrong with the settings is told here, in one sentence, and by one process.
        open_node(settings).close()
        with TemporaryDirectory(prefix="certlib-run-") as folder:
            figures = Path(folder)
            children = Processes(
                settings.workers,
                lambda number: _serve(settings, listening, Shared(figures, number)),
            )
            if not children.run():
                raise ProcessesFailed


def _serve(settings: Settings, listening: socket.socket, shared: Shared | None = None) -> None:
    with closing(open_node(settings)) as node:
        site = create_app(node)
        site.metrics.shared = shared
        worker = Worker(node, site.metrics)
        worker.take_over()
        worker.start()
        watch = Watch(site.health)
        watch.start()
        try:
            _run(uvicorn.Server(_config(site)), listening, settings)
        finally:
            watch.stop()
            worker.stop()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; `::` takes IPv4 too, and is IPv4 alone where there is no IPv6.

    Raises:
        PortTaken: the address cannot be had.
    """
    try:
        if host == "::" and socket.has_dualstack_ipv6():
            return socket.create_server(
                (host, port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG
            )
        family = socket.AF_INET6 if ":" in host and host != "::" else socket.AF_INET
        address = "0.0.0.0" if host == "::" else host  # noqa: S104 - what `::` asks for
        return socket.create_server((address, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise PortTaken(port=port) from error


def _config(site: object) -> uvicorn.Config:
    return uvicorn.Config(
        site,  # type: ignore[arg-type] # uvicorn's own types of ASGI are narrower
        loop="uvloop",
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _run(server: uvicorn.Server, listening: socket.socket, settings: Settings) -> None:
    # uvicorn raises the signal again when it has stopped: by then it must not kill what follows.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    # What the start has built stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    logs.event(_log, logging.INFO, "serving", port=listening.getsockname()[1], url=settings.url)
    server.run(sockets=[listening])
    logs.event(_log, logging.INFO, "stopped")
