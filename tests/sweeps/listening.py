"""Where a sweep and its workers listen, and what answers there."""

import asyncio
from typing import Any

import psutil
from distributed import Security
from distributed.core import rpc

SECONDS_TO_ANSWER = 5.0


def listening(pid: int) -> list[tuple[str, int]]:
    """The addresses on which a process and its children take connections."""
    found: set[tuple[str, int]] = set()
    try:
        sweep = psutil.Process(pid)
        processes = [sweep, *sweep.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
    for process in processes:
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            continue
        found |= {one.laddr[:2] for one in connections if one.status == psutil.CONN_LISTEN}
    return sorted(found)


async def dask_answers(protocol: str, address: tuple[str, int], security: Security) -> bool:
    """Whether a server of Dask's says there who it is, to somebody with these certificates."""
    host, port = address
    arguments: dict[str, Any] = security.get_connection_args("client")
    server = rpc(f"{protocol}://{host}:{port}", connection_args=arguments, timeout=2)
    try:
        return bool(await asyncio.wait_for(server.identity(), SECONDS_TO_ANSWER))
    except (OSError, TimeoutError):
        return False
    finally:
        await server.close_rpc()


async def http_status(address: tuple[str, int], path: str) -> int:
    """What is answered to a browser that asks for a page; 0 where no browser understands it."""
    try:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(f"GET {path} HTTP/1.0\r\nHost: here\r\n\r\n".encode())
        line = await asyncio.wait_for(reader.readline(), SECONDS_TO_ANSWER)
        writer.close()
    except (OSError, TimeoutError):
        return 0
    words = line.split()
    return int(words[1]) if line.startswith(b"HTTP/") and len(words) > 1 else 0
