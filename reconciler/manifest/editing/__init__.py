"""Edits files by splicing: what is not edited stays byte for byte."""

from reconciler.manifest.editing.declaring import Declaring as Declaring
from reconciler.manifest.editing.splicing import NotEditableError as NotEditableError
from reconciler.manifest.editing.splicing import edited as edited
