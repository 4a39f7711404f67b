"""Locks on open files that end with the process. Windows has none of this kind."""

from __future__ import annotations


def lock(descriptor: int) -> None:
    """Wait until this process alone has the lock of an open file."""
    from fcntl import LOCK_EX, flock

    flock(descriptor, LOCK_EX)


def share(descriptor: int) -> None:
    """Take the lock of an open file together with others. BlockingIOError if a process has it alone."""
    from fcntl import LOCK_NB, LOCK_SH, flock

    flock(descriptor, LOCK_SH | LOCK_NB)
