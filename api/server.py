"""`serve`: one process, HTTP on IPv6 and IPv4, the worker beside it, an orderly end on SIGTERM."""

import gc
import logging
import signal
import socket
from contextlib import closing
from typing import Final

import uvicorn

from api import logs
from api.app import create_app
from api.bootstrap import open_node
from api.failures import PortTaken
from api.protocol import GuardedProtocol
from api.settings import Settings
from api.worker import Worker

_log = logs.logger("server")
_BACKLOG: Final = 2048
_GRACE_SECONDS: Final = 20
_KEEP_ALIVE_SECONDS: Final = 15


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; prints nothing but log lines, on standard error.

    Raises:
        DataFolderBusy, KeyUnusable, StoreUnavailable: as `open_node`.
        PortTaken: something else listens there.
    """
    logs.configure(settings.log_level)
    listening = listen(settings.host, settings.port)
    with closing(listening), closing(open_node(settings)) as node:
        site = create_app(node)
        worker = Worker(node, site.metrics)
        worker.take_over()
        worker.start()
        try:
            _run(uvicorn.Server(_config(site)), listening, settings)
        finally:
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
