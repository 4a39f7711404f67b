"""`reconciler schema`."""

from __future__ import annotations

import click

from reconciler.cli import console

_EPILOG = """\b
Examples:
  reconciler schema > projects/_schema.json
  reconciler schema --for defaults

An editor with YAML support finds the schema through the first line of a manifest:
  # yaml-language-server: $schema=_schema.json
"""


@click.command("schema", epilog=_EPILOG)
@click.option(
    "--for",
    "kind",
    type=click.Choice(["manifest", "defaults", "overlay", "configuration"]),
    default="manifest",
    show_default=True,
    help="What the schema is for: a manifest, a _defaults.yaml, a file of a target's overlay, or reconciler.toml.",
)
def command(kind: str) -> int:
    """Print the JSON Schema of manifests or of the configuration."""
    from reconciler.configuration.keys import configuration_schema
    from reconciler.manifest.editorschema import editor_schema, schema_text

    console.say(schema_text(configuration_schema() if kind == "configuration" else editor_schema(kind)))
    return 0
