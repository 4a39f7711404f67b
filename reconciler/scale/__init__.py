"""The Projects API: client, retries, wire → LiveProject."""

from reconciler.scale.client import ScaleClient
from reconciler.scale.wire import read_project, read_projects

__all__ = ["ScaleClient", "read_project", "read_projects"]
