"""What a release knows and a checkout does not: the address of the repository, for links in the package's description.

Set RECONCILER_REPOSITORY (https://HOST/OWNER/REPOSITORY) and RECONCILER_REVISION (a tag or commit) to build a release.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)(\[[^\]]*\]\()(?!https?:|#)([^)]+\))")


class CustomMetadataHook(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        readme = (Path(self.root) / "README.md").read_text("utf-8")
        repository, revision = os.environ.get("RECONCILER_REPOSITORY"), os.environ.get("RECONCILER_REVISION")
        if repository and revision:
            metadata["urls"] = {
                "Homepage": repository,
                "Documentation": f"{repository}/blob/{revision}/docs/README.md",
                "Changelog": f"{repository}/blob/{revision}/CHANGELOG.md",
                "Source": repository,
                "Issues": f"{repository}/issues",
            }
            readme = _LINK.sub(
                lambda found: f"{found[1]}{found[2]}{repository}/{'raw' if found[1] else 'blob'}/{revision}/{found[3]}",
                readme,
            )
        metadata["readme"] = {"content-type": "text/markdown", "text": readme}
