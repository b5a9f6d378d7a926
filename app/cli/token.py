"""`tierline token`: what other programs (the PBX's dialplan, a metrics collector) prove themselves with."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.identity import with_identity
from app.identity.rules import SCOPES

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Create, list and revoke service tokens of other programs.",
)

Name = Annotated[str, typer.Argument(help="The program's name, for example the PBX's.")]


@app.command()
def create(
    name: Name,
    scope: Annotated[
        list[str], typer.Option(help=f"What it may do: {', '.join(SCOPES)}. May be given several times.")
    ],
) -> None:
    """Create a token and print it, this once: only its hash is kept."""
    token = with_identity(lambda identity: identity.create_token(name, scope))
    typer.echo(f"Token {name!r} for {', '.join(scope)}. It is sent in the header X-Tierline-Token:", err=True)
    typer.echo(token)


@app.command("list")
def list_tokens() -> None:
    """Show all tokens, revoked ones too."""
    table = Table("name", "scopes", "created", "last used", "state", box=None)
    for token in with_identity(lambda identity: identity.tokens()):
        used, scopes = token["last_used_at"], token["scopes"]
        table.add_row(
            str(token["name"]),
            ", ".join(scopes) if isinstance(scopes, list) else "",
            f"{token['created_at']:%Y-%m-%d %H:%M} UTC",
            f"{used:%Y-%m-%d %H:%M} UTC" if used else "–",
            f"revoked {token['revoked_at']:%Y-%m-%d %H:%M} UTC" if token["revoked_at"] else "valid",
        )
    Console().print(table)


@app.command()
def revoke(name: Name) -> None:
    """Make a token worthless, within seconds and for good."""
    with_identity(lambda identity: identity.revoke_token(name))
    typer.echo(f"Token {name!r} revoked.", err=True)
