"""A cluster on machines by SSH, which nobody else can join.

Scheduler and workers speak TLS with a key that is made for the sweep. It reaches each machine by
SFTP, as a file that only its owner may read: the command that starts a worker, environment
included, is for all users of that machine to see.
"""

import asyncio
import ipaddress
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rnn_tui.sweeps.places import require_package

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection
    from distributed.deploy.spec import SpecCluster

ROLES = ("client", "scheduler", "worker")
OWNER_ONLY = 0o600
logger = logging.getLogger(__name__)


@asynccontextmanager
async def ssh_cluster(hosts: Sequence[str]) -> AsyncIterator["SpecCluster"]:
    """A scheduler on the first host, and on each a worker as often as it stands here."""
    require_package("asyncssh", "cluster")
    import asyncssh  # noqa: PLC0415 - of the extra `cluster`
    from distributed import Security  # noqa: PLC0415
    from distributed.deploy.spec import SpecCluster  # noqa: PLC0415
    from distributed.deploy.ssh import Scheduler, Worker  # noqa: PLC0415

    security = Security.temporary()
    name = f".rnn-tui-{uuid4().hex}.pem"  # in the folder where SSH begins, as do commands
    async with AsyncExitStack() as stack:

        async def prepare(host: str) -> str:
            connection = await stack.enter_async_context(asyncssh.connect(host))
            await stack.enter_async_context(_key_file(connection, name, security))
            return await _own_address(connection)

        distinct = list(dict.fromkeys(hosts))
        addresses = await asyncio.gather(*map(prepare, distinct))
        listen_on = dict(zip(distinct, _reachable(addresses), strict=True))
        paths = {"tls_ca_file": name} | {f"tls_{role}_cert": name for role in ROLES}

        def options(host: str, more: Mapping[str, Any]) -> dict[str, Any]:
            common = {
                "host": listen_on[host],
                "security": {"require_encryption": True, **paths},
                "dashboard": False,
                "dashboard_address": "127.0.0.1:0",
            }
            return {"address": host, "connect_options": {}, "kwargs": {**common, **more}}

        yield await stack.enter_async_context(
            SpecCluster(
                workers={
                    number: {"cls": Worker, "options": options(host, {"nthreads": 1})}
                    for number, host in enumerate(hosts)
                },
                scheduler={"cls": Scheduler, "options": options(hosts[0], {})},
                security=security,
                asynchronous=True,
                name="rnn-tui",
            )
        )


@asynccontextmanager
async def _key_file(
    connection: "SSHClientConnection", name: str, security: Any
) -> AsyncIterator[None]:
    """The sweep's key and certificate on a machine, as long as the sweep goes on."""
    import asyncssh  # noqa: PLC0415

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


async def _own_address(connection: "SSHClientConnection") -> str:
    """The address of a machine, as it is known there; empty where it does not tell."""
    told = await connection.run('echo "$SSH_CONNECTION"')
    words = str(told.stdout).split()
    try:
        return str(ipaddress.ip_address(words[2]))
    except (IndexError, ValueError):
        return ""


def _reachable(addresses: Sequence[str]) -> list[str | None]:
    """The address that each machine listens on; None for all that it has.

    Loopback addresses do where all machines are this one. Beside others, nobody could reach them.
    """
    loopback = [bool(one) and ipaddress.ip_address(one).is_loopback for one in addresses]
    if all(loopback):
        return list(addresses)
    return [
        None if local or not address else address
        for address, local in zip(addresses, loopback, strict=True)
    ]
