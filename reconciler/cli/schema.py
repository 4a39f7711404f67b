"""`reconciler schema`."""

from __future__ import annotations

import click

from reconciler.cli import console

_EPILOG = """\b
Examples:
  reconciler schema > projects/_schema.json
  reconciler schema --for defaults

An editor that speaks YAML takes it from a manifest's first line:
  # yaml-language-server: $schema=_schema.json
"""


@click.command("schema", epilog=_EPILOG)
@click.option(
    "--for",
    "kind",
    type=click.Choice(["manifest", "defaults", "overlay"]),
    default="manifest",
    show_default=True,
    help="What the schema is for: a manifest, a _defaults.yaml, or a file of a target's overlay.",
)
def command(kind: str) -> int:
    """Print the JSON Schema of manifests, for editors."""
    from reconciler.manifest.editorschema import schema_text

    console.say(schema_text(kind))
    return 0
