"""Questions to git about the repository. None of them writes anything.

"Outside git" is an answer (None, or False). A git that is missing, refuses or fails is an error.
"""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.git.discovery import find_git, is_inside
from reconciler.git.process import output, run


def version(folder: Path) -> str | None:
    """git's version, such as "2.39.5"; None if there is no git.

    Raises:
        GitRefusedError: git exists and cannot be run.
    """
    return output(folder, "--version").strip().removeprefix("git version ") if find_git() else None


def is_repository(root: Path) -> bool:
    """Whether the folder `root` is in a git repository.

    Raises:
        GitRefusedError: it does, and git is missing, fails, or refuses the repository.
    """
    return is_inside(root) and bool(output(root, "rev-parse", "--git-dir"))


def common_folder(root: Path) -> Path | None:
    """The folder that holds the repository's refs, which all its work trees share; None outside git.

    Raises:
        GitRefusedError: git refuses the repository.
    """
    return root / output(root, "rev-parse", "--git-common-dir").removesuffix("\n") if is_inside(root) else None


def is_shallow(root: Path) -> bool:
    """Whether the clone lacks older commits."""
    return output(root, "rev-parse", "--is-shallow-repository").strip() == "true"


def remotes(root: Path) -> tuple[str, ...]:
    """The names of the remotes, sorted."""
    return tuple(sorted(output(root, "remote").split("\n")[:-1]))


def ref_part(name: str) -> str:
    """A name as one part of the name of a ref or a file. Different names stay different.

    What `git check-ref-format` forbids is percent-encoded as UTF-8, and so are `%`, `/`, and everything beyond ASCII.
    """
    dots = r"^\.|(?<=\.)\.|\.$|\.(?=lock$)"
    return re.sub(
        rf"[^!-~]|[%/~^:?*\[\\]|(?<=@)\{{|{dots}",
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass")),
        name,
    )


def first_parents(root: Path, since: str, until: str, *, most: int) -> tuple[str, ...] | None:
    """The commits on the first-parent line of `until` that `since` does not have, newest first, at most `most`.

    None if one of the two is not in this clone, which may be shallow, or if `root` is not in a repository.
    """
    if not _has_commits(root, since, until):
        return None
    return tuple(output(root, "rev-list", "--first-parent", f"--max-count={most}", f"{since}..{until}", "--").split())


def changed_files(root: Path, before: str, after: str) -> tuple[str, ...] | None:
    """The names, from the top of the repository, of the files in which two commits differ; both names of a renamed one.

    None if one of the commits is not in this clone, as in a shallow one, or `root` is not in a repository.
    """
    if not _has_commits(root, before, after):
        return None
    said = output(root, "diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after, "--")
    return tuple(said.split("\0")[:-1])


def _has_commits(root: Path, *commits: str) -> bool:
    """Whether `root` is in a repository that has all of these commits."""
    arguments = (("cat-file", "-e", f"{commit}^{{commit}}") for commit in commits)
    return is_repository(root) and all(run(root, *each).returncode == 0 for each in arguments)
