"""`serve`: HTTP on IPv6 and IPv4, the worker beside it, an orderly end on SIGTERM.

One process on SQLite; as many as asked for on PostgreSQL, each with a worker of its own.
"""

import asyncio
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
from api.app import Site, create_app
from api.bootstrap import open_node
from api.failures import PortTaken, ProcessesFailed
from api.metrics_shared import Shared
from api.middleware.limits import LAST_SECONDS
from api.processes import Processes
from api.protocol import GuardedProtocol
from api.secret_files import open_to
from api.settings import Settings
from api.watch import Watch
from api.worker import Worker

_log = logs.logger("server")
_BACKLOG: Final = 2048
_SPARE_SECONDS: Final = 5
_KEEP_ALIVE_SECONDS: Final = 15


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; prints nothing but log lines, on standard error.

    Raises:
        DataFolderBusy, KeyUnusable, StoreUnavailable, StoreUnfit: as `open_node`.
        PortTaken: something else listens there.
        ProcessesFailed: processes died as soon as they were started, again and again.
    """
    logs.configure(settings.log_level)
    _look_at_secrets(settings)
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
                # As long as anybody holds it open, the kernel takes connections that nobody serves.
                listening.close,
            )
            if not children.run():
                raise ProcessesFailed


def _look_at_secrets(settings: Settings) -> None:
    """A secret that others can read is told at every start; `certlib doctor` says what to do."""
    for name, path in settings.secret_paths.items():
        if path.exists() and open_to(path):
            logs.event(_log, logging.WARNING, "secret open", setting=name, readers=open_to(path))


def _serve(settings: Settings, listening: socket.socket, shared: Shared | None = None) -> None:
    with closing(open_node(settings)) as node:
        site = create_app(node)
        site.metrics.shared = shared
        worker = Worker(node, site.metrics)
        worker.take_over()
        worker.start()
        node.reader.keep_warm()
        watch = Watch(site.health)
        watch.start()
        try:
            _run(_Server(site, settings), listening, settings)
        finally:
            watch.stop()
            worker.stop()
    logs.event(_log, logging.INFO, "stopped")


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


class _Server(uvicorn.Server):
    """Stops in good order: says so, waits for the balancer, shuts the door, answers the rest."""

    def __init__(self, site: Site, settings: Settings) -> None:
        super().__init__(_config(site, settings))
        self._site = site
        self._drain = settings.drain_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Returns when every connection has had its answer, or the time for it is over."""
        self._site.leave()
        if self._drain:
            await asyncio.sleep(self._drain)
        self._site.shut = True
        await super().shutdown(sockets)


def _config(site: Site, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        site,
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
        # Longer than the slowest request, so that none is cut off in the middle.
        timeout_graceful_shutdown=int(settings.request_seconds + LAST_SECONDS) + _SPARE_SECONDS,
    )


def _run(server: uvicorn.Server, listening: socket.socket, settings: Settings) -> None:
    # uvicorn listens to signals a moment later, and raises them again when it has stopped: one that
    # comes in between must not be lost, and one that comes again must not kill what follows.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: setattr(server, "should_exit", True))
    # What the start has built stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    logs.event(_log, logging.INFO, "serving", port=listening.getsockname()[1], url=settings.url)
    server.run(sockets=[listening])
