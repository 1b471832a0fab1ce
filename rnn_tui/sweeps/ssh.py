"""A cluster on machines by SSH, which nobody else can join.

Scheduler and workers speak TLS with a key that is made for the sweep. It reaches each machine by
SFTP, as a file that only its owner may read: the command that starts a worker, environment
included, is for all users of that machine to see.

The libraries are of an extra: whoever imports this module asks `places.require_package` first.
"""

import asyncio
import ipaddress
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import asyncssh
from asyncssh import SSHClientConnection
from distributed import Security
from distributed.deploy.spec import SpecCluster
from distributed.deploy.ssh import Scheduler, Worker

from rnn_tui.engine.awaits import awaiting

ROLES = ("client", "scheduler", "worker")
OWNER_ONLY = 0o600
logger = logging.getLogger(__name__)


@asynccontextmanager
async def ssh_cluster(hosts: Sequence[str]) -> AsyncIterator[SpecCluster]:
    """Start a scheduler on the first host, and a worker on each as often as it stands here."""
    security = Security.temporary()
    name = f".rnn-tui-{uuid4().hex}.pem"  # in the folder where SSH begins, as do commands
    async with AsyncExitStack() as stack:

        async def prepare(host: str) -> str:
            connection = await stack.enter_async_context(asyncssh.connect(host))
            await stack.enter_async_context(_key_file(connection, name, security))
            return await _own_address(connection)

        distinct = list(dict.fromkeys(hosts))
        with awaiting(f"{len(distinct)} machines by SSH"):
            addresses = await asyncio.gather(*map(prepare, distinct))
        listen_on = dict(zip(distinct, _addresses_to_listen_on(addresses), strict=True))
        paths = {"tls_ca_file": name} | {f"tls_{role}_cert": name for role in ROLES}

        def options(host: str, **more: Any) -> dict[str, Any]:
            arguments = {
                "host": listen_on[host],
                "security": {"require_encryption": True, **paths},
                "dashboard": False,
                "dashboard_address": "127.0.0.1:0",
                **more,
            }
            return {"address": host, "connect_options": {}, "kwargs": arguments}

        scheduler = {"cls": Scheduler, "options": options(hosts[0])}
        workers = {
            number: {"cls": Worker, "options": options(host, nthreads=1)}
            for number, host in enumerate(hosts)
        }
        cluster = SpecCluster(
            workers=workers,
            scheduler=scheduler,
            security=security,
            asynchronous=True,
            name="rnn-tui",
        )
        yield await stack.enter_async_context(cluster)


@asynccontextmanager
async def _key_file(
    connection: SSHClientConnection, name: str, security: Any
) -> AsyncIterator[None]:
    """Keep the sweep's key and certificate on a machine, as long as the sweep goes on."""
    text = f"{security.tls_client_key}\n{security.tls_client_cert}"
    async with connection.start_sftp_client() as files:
        attributes = asyncssh.SFTPAttrs(permissions=OWNER_ONLY)
        async with files.open(name, "x", attributes) as file:
            await file.write(text)
        try:
            yield
        finally:
            with suppress(OSError, asyncssh.Error):
                await files.remove(name)


async def _own_address(connection: SSHClientConnection) -> str:
    """Return the address of a machine, as it is known there; empty if it does not tell."""
    answer = await connection.run('echo "$SSH_CONNECTION"')
    words = str(answer.stdout).split()  # client's address and port, then its own
    try:
        return str(ipaddress.ip_address(words[2]))
    except (IndexError, ValueError):
        return ""


def _addresses_to_listen_on(addresses: Sequence[str]) -> list[str | None]:
    """Return the address that each machine listens on; None for all that it has.

    Loopback addresses will do if all machines are this one. Otherwise others could not reach them.

    Args:
        addresses: of each machine, as it knows itself; empty if that is not known.
    """
    if all(map(_is_loopback, addresses)):
        return list(addresses)
    return [None if not address or _is_loopback(address) else address for address in addresses]


def _is_loopback(address: str) -> bool:
    return bool(address) and ipaddress.ip_address(address).is_loopback
