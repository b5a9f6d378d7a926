"""The embedded server: starts again whatever happened to the last one, and says why when it cannot."""

import os
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.infra.postgres import EmbeddedPostgres
from app.infra.postgres_programs import PostgresFailed

pytestmark = pytest.mark.db


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not `tmp_path`: that one is closed to `nobody`, as whom the server runs when we are root."""
    directory = Path(tempfile.mkdtemp(prefix="tierline-test-"))
    directory.chmod(0o711)
    yield directory / "postgres"
    shutil.rmtree(directory)


def server(data_dir: Path, port: int | None = None) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, port=port, durable=False)


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_rows_survive_a_restart_and_roles_are_what_they_should_be(data_dir: Path) -> None:
    async with server(data_dir) as postgres:
        await ask(postgres.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        roles = (
            "SELECT array_agg(rolname::text) FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND rolcanlogin"
        )
        assert await ask(postgres.app_url, roles) == ["postgres"]
        assert await ask(postgres.app_url, "SHOW listen_addresses") == "127.0.0.1"
        process = psutil.Process(postgres.pid)
        assert process.uids().real != 0
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(postgres.app_url.replace("tierline_app:", "tierline_app:x"), "SELECT 1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(postgres.app_url, "CREATE TABLE mine (a int)")
    assert not process.is_running()
    assert stat.S_IMODE((data_dir / "secrets.json").stat().st_mode) == 0o600
    async with server(data_dir) as postgres:
        assert await ask(postgres.app_url, "SELECT answer FROM kept") == 42


async def test_starts_after_the_server_was_killed(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir)
    first.start()
    await ask(first.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    first.stop()
    async with server(data_dir) as second:
        assert await ask(second.app_url, "SELECT answer FROM kept") == 42


async def test_a_stale_pid_file_that_names_a_strangers_process_is_no_obstacle(data_dir: Path) -> None:
    server_once = server(data_dir)
    server_once.start()
    pid_file = data_dir / "pgdata" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server_once.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    async with server(data_dir) as postgres:
        assert await ask(postgres.app_url, "SELECT 1") == 1


async def test_a_second_starter_shares_the_server_and_leaves_it_running(data_dir: Path) -> None:
    async with server(data_dir) as first:
        async with server(data_dir) as second:
            assert second.port == first.port
        assert await ask(first.app_url, "SELECT 1") == 1


async def test_a_port_that_is_taken_is_named(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PostgresFailed, match="Address already in use"):
            server(data_dir, port=taken.getsockname()[1]).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to nobody")
def test_a_directory_closed_to_nobody_is_named(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    with pytest.raises(PostgresFailed, match=f"cannot enter {data_dir.parent}"):
        server(data_dir).start()
