"""The command line: `python -m core …`. docs/commands.md has every command."""
