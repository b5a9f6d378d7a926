"""The console command `tierline`. A command is one line in `COMMANDS` and one module with a typer `app`."""
