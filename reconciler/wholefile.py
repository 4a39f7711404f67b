"""A file that is there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(data: bytes, file: Path, *, mode: int = 0o600) -> None:
    """Write a file that its owner alone may read, unless `mode` says more. It takes an existing one's place at once.

    Raises:
        OSError: as the file system says; no part of the data is then left behind.
    """
    if file.exists() and not file.is_file():
        with file.open("wb") as stream:
            stream.write(data)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name[:100]}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if mode != 0o600:
                os.fchmod(descriptor, mode)
            os.fsync(stream.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
