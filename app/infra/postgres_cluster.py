"""A new cluster of the embedded PostgreSQL: its files, its three roles and what each may do."""

import json
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from app.infra.postgres_programs import UNPRIVILEGED, PostgresFailed, as_unprivileged, program

DATABASE = "tierline"
OWNER = "tierline"
APP_ROLE = "tierline_app"


def create_cluster(data_dir: Path, *, durable: bool) -> None:
    """`pgdata/` and `secrets.json`. Raises `PostgresFailed`.

    Built beside its final place and renamed when complete: a half-made cluster is never used.
    """
    new = data_dir / "pgdata.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(UNPRIVILEGED)
        os.chown(new, nobody.pw_uid, nobody.pw_gid)
    sync = [] if durable else ["--no-sync"]
    choices = ["--username=postgres", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    _run("initdb", "-D", str(new), *choices, "--auth=reject", "--no-instructions", *sync)
    (new / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    passwords = {role: secrets.token_urlsafe(24) for role in ("postgres", OWNER, APP_ROLE)}
    single = ("--single", "-D", str(new), "-c", "exit_on_error=on", "-c", "log_min_messages=warning")
    _run("postgres", *single, "postgres", feed=_roles_sql(passwords))
    _run("postgres", *single, DATABASE, feed=_GRANTS_SQL)
    secret_file = data_dir / "secrets.json"
    secret_file.unlink(missing_ok=True)
    with os.fdopen(os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(passwords, file)
    new.rename(data_dir / "pgdata")


_GRANTS_SQL = f"""\
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE ON SEQUENCES TO {APP_ROLE};
GRANT SET ON PARAMETER session_replication_role TO {OWNER};
"""
"""The app gets rows, never tables. An outside database needs the same lines (docs/how-to); the last one halves the time
of a first import and gives an owner, who may drop his foreign keys anyway, nothing new."""


def _roles_sql(passwords: Mapping[str, str]) -> str:
    """Single-user mode takes one command a line. The passwords are URL-safe base64: nothing to escape."""
    return (
        f"ALTER ROLE postgres PASSWORD '{passwords['postgres']}';\n"
        f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{passwords[OWNER]}';\n"
        f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{passwords[APP_ROLE]}';\n"
        f"CREATE DATABASE {DATABASE} OWNER {OWNER};\n"
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;\n"
        f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP_ROLE};\n"
    )


def _run(name: str, *arguments: str, feed: str = "") -> None:
    done = subprocess.run(  # noqa: S603 -- our own binary and options
        [str(program(name)), *arguments],
        input=feed.encode(),
        capture_output=True,
        timeout=120,
        check=False,
        **as_unprivileged(),
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise PostgresFailed(f"{name} failed (exit status {done.returncode}):\n{said[-2000:]}")
