"""`tierline user`: who may sign in."""

import secrets
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.identity import with_identity
from app.errors import BadInput

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Add users, list and disable them, set passwords.",
)


class Role(StrEnum):
    agent = "agent"
    supervisor = "supervisor"
    admin = "admin"


class Language(StrEnum):
    ru = "ru"
    en = "en"


Login = Annotated[str, typer.Argument(help="What the user signs in with; upper and lower case are the same.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make up a password and print it once.")]


@app.command()
def add(
    login: Login,
    name: Annotated[str | None, typer.Option(help="As others see him; the login when left out.")] = None,
    role: Annotated[Role, typer.Option(help="What he may see and do.")] = Role.agent,
    language: Annotated[Language, typer.Option(help="Of his pages.")] = Language.ru,
    agent: Annotated[str | None, typer.Option(help="Code of the agent he is.")] = None,
    password_stdin: FromStdin = False,
    generate: Generate = False,
) -> None:
    """Add a user. Asks for the password unless told otherwise."""
    password = _password(password_stdin, generate)
    with_identity(
        lambda identity: identity.add_user(
            login, password, name=name or login, role=role, language=language, agent_code=agent
        )
    )
    _done(f"User {login.lower()} ({role}) added.", password if generate else None)


@app.command("list")
def list_users() -> None:
    """Show all users."""
    table = Table("login", "name", "role", "agent", "device", "last seen", "state", box=None)
    for user in with_identity(lambda identity: identity.users()):
        seen = user["last_seen_at"]
        table.add_row(
            *(str(user[key]) for key in ("login", "name", "role")),
            *(str(user[key] or "–") for key in ("agent", "interface")),
            f"{seen:%Y-%m-%d %H:%M} UTC" if seen else "–",
            "disabled" if user["disabled"] else "active",
        )
    Console().print(table)


@app.command()
def disable(login: Login) -> None:
    """End his sessions and let him sign in no more. His history stays."""
    with_identity(lambda identity: identity.set_disabled(login, True))
    _done(f"User {login.lower()} disabled.")


@app.command()
def enable(login: Login) -> None:
    """Let a disabled user sign in again."""
    with_identity(lambda identity: identity.set_disabled(login, False))
    _done(f"User {login.lower()} enabled.")


@app.command()
def password(login: Login, password_stdin: FromStdin = False, generate: Generate = False) -> None:
    """Set a new password and end his sessions."""
    chosen = _password(password_stdin, generate)
    with_identity(lambda identity: identity.set_password(login, chosen))
    _done(f"Password of {login.lower()} set.", chosen if generate else None)


def _password(from_stdin: bool, generate: bool) -> str:
    if from_stdin and generate:
        raise BadInput("Take --password-stdin or --generate, not both.")
    if generate:
        return secrets.token_urlsafe(12)
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise BadInput("There is no terminal to ask for the password: use --password-stdin or --generate.")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _done(message: str, generated: str | None = None) -> None:
    """The password alone goes to standard output, for scripts."""
    typer.echo(message, err=True)
    if generated is not None:
        typer.echo(generated)
