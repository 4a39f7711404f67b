"""`reconciler completion`."""

from __future__ import annotations

import click

from reconciler.cli import console

_EPILOG = """\b
To complete commands in every new shell:
  bash   echo 'source <(reconciler completion bash)' >> ~/.bashrc
  zsh    echo 'source <(reconciler completion zsh)' >> ~/.zshrc      below compinit
  fish   reconciler completion fish > ~/.config/fish/completions/reconciler.fish
"""


@click.command("completion", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script for a shell.

    Project names and paths are completed from the manifests, without network access.
    """
    from reconciler.cli.shells import script

    console.say(script(shell))
    return 0
