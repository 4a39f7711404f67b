"""The Projects API: client, retries, and answers read into LiveProjects."""

from reconciler.scale.client import ScaleClient
from reconciler.scale.wire import read_project, read_projects

__all__ = ["ScaleClient", "read_project", "read_projects"]
