"""Lists the commands without importing them, so that `tierline --help` answers at once."""

import importlib
import sys
from typing import Annotated, NamedTuple

import typer

from app.errors import TierlineError


class Entry(NamedTuple):
    name: str
    module: str
    summary: str


COMMANDS = (
    Entry("demo", "app.cli.demo", "Show everything on this machine with real calls."),
    Entry("serve", "app.cli.serve", "Serve routing, live screens and pages."),
    Entry("doctor", "app.cli.doctor", "Check database and PBXs, and say what to do."),
    Entry("replay", "app.cli.replay", "Tell the stories of the calls in a raw AMI capture."),
    Entry("reconcile", "app.cli.reconcile", "Compare our calls with Asterisk's queue_log."),
    Entry("policy", "app.cli.policy", "Show, check, publish and roll back the routing policy."),
    Entry("rehearse", "app.cli.rehearse", "Try routing policies on a virtual clock."),
    Entry("export", "app.cli.export", "Write stored calls into a file."),
    Entry("import", "app.cli.import_", "Load clients, or lines and agents, from a file."),
    Entry("user", "app.cli.user", "Add users, list and disable them, set passwords."),
    Entry("token", "app.cli.token", "Create, list and revoke service tokens of other programs."),
    Entry("contracts", "app.cli.contracts", "Write the generated references and the pages' types."),
)


def load(entry: Entry) -> typer.Typer:
    app: typer.Typer = importlib.import_module(entry.module).app
    return app


def version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata  # costs 40 ms, which only this option needs

        try:
            typer.echo(f"tierline {metadata.version('tierline')}")
        except metadata.PackageNotFoundError:
            typer.echo("tierline (a checkout that is not installed: run `make setup`)")
        raise typer.Exit


# Without markup the list needs no rich, which takes longer to import than the rest to run.
root = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@root.callback()
def tierline(
    version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """A contact-centre backend for Asterisk. Settings are environment variables TIERLINE_*."""


def _passes_on(entry: Entry) -> None:
    """The words after the command's name go to its own parser, help and errors too."""

    def run(context: typer.Context) -> None:
        load(entry)(args=context.args, prog_name=f"tierline {entry.name}")

    untouched = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
    root.command(entry.name, help=entry.summary, add_help_option=False, context_settings=untouched)(run)


for one in COMMANDS:
    _passes_on(one)


def main() -> None:
    """Expected errors are a line on stderr and exit status 2; others are defects and show their traceback."""
    try:
        root(prog_name="tierline")
    except TierlineError as error:
        for line in error.message.splitlines():
            print(f"tierline: {line}", file=sys.stderr)
        sys.exit(2)
