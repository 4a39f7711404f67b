"""What the jobs of a repository install: one exact version of reconciler that nobody can replace.

A pin is a commit, an archive with its hash, or a release with hashes. The mere name of a package is never a pin: anyone
who uploads a package with that name would get the key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from reconciler.diagnostics import Diagnostic, Severity, listed, quoted
from reconciler.endpoint import is_loopback
from reconciler.errors import GitRefusedError, UsageError
from reconciler.frozen import dataclass
from reconciler.git.clones import Clone, read_clone
from reconciler.model.values import members

DISTRIBUTION: Final = "scale-reconciler"

PACKAGE_LOCK: Final = "reconciler.lock"
"""The file beside the action that holds a hashed pin."""

_COMMIT: Final = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_HASH: Final = r"sha256[:=][0-9a-f]{64}|sha384[:=][0-9a-f]{96}|sha512[:=][0-9a-f]{128}"
_URL: Final = re.compile(r"[A-Za-z0-9._~:/@%+=&\-\[\]]+")
"""The characters in a URL that neither a shell nor a GitHub expression changes."""

FORMS: Final = f"""\
--from takes one of these:
  git+https://HOST/REPOSITORY@COMMIT           the full commit hash, not a branch or tag
  https://HOST/FILE.whl --hash=sha256:HEX      a wheel or source archive, with its hash
  {DISTRIBUTION}==VERSION --hash=sha256:HEX  a release, with one --hash for each of its files"""


@dataclass(frozen=True, slots=True)
class Pin:
    """A requirement as pip and uv read it. If it is `hashed`, it goes into a file. A commit cannot have a hash."""

    requirement: str
    hashed: bool

    @property
    def lock(self) -> str:
        """The requirement as the content of a file."""
        return self.requirement.replace(" --hash=", " \\\n    --hash=") + "\n"

    @property
    def short(self) -> str:
        """The requirement without hashes, for people."""
        return self.requirement.split(" --hash=")[0]

    @property
    def is_local(self) -> bool:
        """Whether only a runner on this machine can reach it."""
        return "file://" in self.requirement


@dataclass(frozen=True, slots=True)
class Unpinned:
    """Why the running reconciler cannot be pinned, and what to do."""

    why: str
    remedy: str
    causes: tuple[Diagnostic, ...] = ()


def read_pin(text: str) -> Pin:
    """The pin that `--from` names.

    Raises:
        UsageError: it has no exact version, or it contains credentials.
    """
    words = text.split()
    hashes = tuple(word.removeprefix("--hash=") for word in words if word.startswith("--hash="))
    rest = " ".join(word for word in words if not word.startswith("--hash="))
    named, at, address = rest.partition(" @ ")
    if at and not _is_ours(named):
        raise _RefusedError(f"the requirement names a different package, {quoted(named)}")
    source = address if at else rest
    if "://" not in source:
        return _release(source, hashes)
    if source.startswith("git+"):
        if hashes:
            raise _RefusedError("a commit is already a hash, so remove --hash")
        return _commit(source.removeprefix("git+"))
    return _archive(source, hashes)


def own_pin() -> Pin | Unpinned:
    """The pin of the running reconciler, from pip's record of its installation or from the clone it was installed from.

    Raises:
        UsageError: no remote has the clone's changes, or the source contains credentials.
    """
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return _unpinned("the running reconciler is not an installed package")
    package = Path(__file__).parents[1]
    source = _direct_url(installed)
    if not _runs_from(installed, source, package):
        return _unpinned("the running reconciler is not the installed package")
    if source is None:
        return _unpinned(
            "the hash of the installed release is unknown",
            f"Version {installed.version} was installed from a package index, and the installer did not record a hash.",
        )
    try:
        return _of_source(source, package)
    except _RefusedError as problem:
        raise UsageError(
            f"the installed reconciler cannot be pinned: {problem.why}",
            f"Reconciler was installed from {_shown(str(source.get('url', '')))}.\nSpecify what the jobs install. "
            + FORMS,
        ) from None
    except GitRefusedError as problem:
        return _unpinned(
            "the clone of reconciler cannot be read",
            f"Reconciler was installed from {_folder(str(source.get('url', '')))}.",
            causes=(problem.diagnostic(Severity.WARNING),),
        )


def _of_source(source: Mapping[str, Any], package: Path) -> Pin | Unpinned:
    """The pin of what an installer recorded."""
    url = str(source.get("url", ""))
    if (commit := source.get("vcs_info")) is not None:
        below = f"#subdirectory={source['subdirectory']}" if source.get("subdirectory") else ""
        address = address_of(url, Path.cwd())
        if address is None:
            return _unpinned(
                "CI jobs cannot reach the source of this installation", f"Reconciler was installed from {_shown(url)}."
            )
        return _commit(f"{address}@{commit.get('commit_id')}{below}")
    if (archive := source.get("archive_info")) is not None:
        hashes = _hashes(archive)
        if not hashes:
            return _unpinned(
                "the hash of the installed archive is unknown",
                f"Reconciler was installed from {_shown(url)}, and the installer did not record a hash.",
            )
        return _archive(url, hashes)
    return _of_clone(_folder(url), package)


def _of_clone(folder: Path, package: Path) -> Pin | Unpinned:
    """The pin of an installation from a folder: its commit, if a remote has it and it contains the running code."""
    clone = read_clone(folder, package.name)
    if clone is None:
        return _unpinned(
            "reconciler was not installed from a commit",
            f"Reconciler was installed from {folder}, which is not a git repository with a commit.",
        )
    addresses = [(remote, address_of(url, folder)) for remote, url in clone.remotes]
    reached = [(remote, address) for remote, address in addresses if address is not None]
    reached.sort(key=lambda each: each[1].startswith("file://"))
    if not reached:
        return _unpinned(
            "the clone of reconciler has no remote that CI jobs can reach", f"Reconciler was installed from {folder}."
        )
    _check_committed(clone, folder, package)
    for remote, address in reached:
        if remote in clone.pushed_to:
            return _commit(f"{address}@{clone.commit}{f'#subdirectory={clone.inner}' if clone.inner else ''}")
    raise UsageError(
        "the commit of the installed reconciler is not pushed",
        f"Reconciler was installed from the clone {folder}. No remote branch known to this clone has its commit "
        f"{clone.commit[:12]}, so CI jobs cannot install the commit. Push it, then run init again. If a remote already "
        "has the commit:\n"
        f"  reconciler init --from 'git+{reached[0][1]}@{clone.commit}'",
    )


def _check_committed(clone: Clone, folder: Path, package: Path) -> None:
    if clone.changed:
        raise UsageError(
            "the clone of reconciler has uncommitted changes",
            f"Reconciler was installed from {folder}, and CI jobs cannot install its uncommitted changes: "
            f"{listed(clone.changed)}.\n"
            "Commit and push the changes, then run init again. To install something else, use --from.",
        )
    if not clone.holds(package):
        raise UsageError(
            "the clone of reconciler has changed since the installation",
            f"Reconciler was installed from {folder}, whose commit {clone.commit[:12]} does not contain the code that "
            "is running. Install reconciler again from the clone, then run init again. To install something else, use "
            "--from.",
        )


def address_of(url: str, folder: Path) -> str | None:
    """The address at which a job, which has no key for ssh, can fetch a remote of a clone in `folder`.

    A remote that is a folder has one for a runner on this machine. None if there is none.

    Raises:
        UsageError: the URL contains credentials.
    """
    if "://" not in url:
        found = re.fullmatch(r"(?:[\w.-]+@)?([\w-]+(?:\.[\w-]+)+):(?!/)(.+)", url)
        if found is not None:
            return f"https://{found[1]}/{found[2]}"
        place = folder / url
        return place.resolve().as_uri() if ":" not in url.split("/")[0] and place.is_dir() else None
    parts = urlsplit(url)
    if parts.scheme == "ssh" and parts.password is None and parts.hostname:
        return f"https://{parts.hostname}{parts.path}"
    if parts.scheme in ("https", "http", "ssh", "file"):
        _check_address(url, "https", "http", "file")
        return url
    return None


def _commit(address: str) -> Pin:
    found = re.fullmatch(rf"([^#]+)@({_COMMIT})(?:#(?:egg=[\w.-]+&)?(subdirectory=[\w./-]+)?)?", address)
    if found is None:
        raise _RefusedError("the URL has no full commit hash", "A branch or tag can be moved to a different commit.\n")
    _check_address(found[1], "https", "http", "ssh", "file")
    below = f"#{found[3]}" if found[3] else ""
    return Pin(f"{DISTRIBUTION} @ git+{found[1]}@{found[2]}{below}", hashed=False)


def _archive(address: str, hashes: tuple[str, ...]) -> Pin:
    url, _, fragment = address.partition("#")
    hashes += tuple(part for part in fragment.split("&") if re.fullmatch(_HASH, part))
    _check_address(url, "https", "http", "file")
    if not url.endswith((".whl", ".tar.gz", ".zip")):
        raise _RefusedError("the URL does not name a wheel, a source archive, or a commit")
    return Pin(f"{DISTRIBUTION} @ {url}{_spelled(hashes)}", hashed=True)


def _release(text: str, hashes: tuple[str, ...]) -> Pin:
    found = re.fullmatch(r"([\w.-]+?)\s*==\s*([\w.!+-]+)", text)
    if found is None:
        raise _RefusedError("the requirement has no exact version")
    if not _is_ours(found[1]):
        raise _RefusedError(f"the requirement names a different package, {quoted(found[1])}")
    return Pin(f"{DISTRIBUTION}=={found[2]}{_spelled(hashes)}", hashed=True)


def _spelled(hashes: tuple[str, ...]) -> str:
    if not hashes:
        raise _RefusedError(
            "the requirement has no hash", "Without a hash, anyone who can replace the file would get the API key.\n"
        )
    if any(not re.fullmatch(_HASH, one) for one in hashes):
        raise _RefusedError("a hash is not a valid sha256, sha384, or sha512 hash")
    return "".join(f" --hash={one.replace('=', ':')}" for one in dict.fromkeys(hashes))


def _check_address(url: str, *schemes: str) -> None:
    """Check a URL. No message shows its credentials.

    Raises:
        UsageError: it contains credentials, or its scheme is not in `schemes`.
    """
    try:
        parts = urlsplit(url)
        host, password = parts.hostname or "", parts.password
    except ValueError:
        raise _RefusedError("the URL is not valid") from None
    is_login = password is not None or (parts.username is not None and parts.scheme != "ssh")
    if is_login or parts.query:
        what, them = ("credentials", "them") if is_login else ("a query, which can hold credentials", "the query")
        raise UsageError(
            f"the URL on {host} contains {what}",
            f"The URL would be written to a file in the repository, so remove {them} from it. A job can pass "
            "credentials to git or to the package index in a variable, as docs/ci.md describes.",
        )
    if not _URL.fullmatch(url):
        raise _RefusedError("the URL contains a character that must be percent-encoded")
    if parts.scheme not in schemes or (parts.scheme == "http" and not is_loopback(url)):
        raise _RefusedError(f"a URL that starts with {parts.scheme}:// is not secure or not supported")


class _RefusedError(UsageError):
    """What `--from` names is not a pin, and `why`."""

    def __init__(self, why: str, consequence: str = "") -> None:
        super().__init__(f"--from cannot be used: {why}", consequence + FORMS)
        self.why = why


def _unpinned(why: str, detail: str = "", *, causes: tuple[Diagnostic, ...] = ()) -> Unpinned:
    return Unpinned(why, f"{detail}\nRun init again, and specify what the jobs install. {FORMS}".lstrip(), causes)


def _is_ours(name: str) -> bool:
    return re.sub(r"[-_.]+", "-", name).lower() == DISTRIBUTION


def _runs_from(installed: Distribution, source: Mapping[str, Any] | None, package: Path) -> bool:
    """Whether what is running is what is installed, and not a folder on the way that Python searches first."""
    if source is not None and members(source.get("dir_info")).get("editable"):
        return _folder(str(source.get("url", ""))).resolve() in package.resolve().parents
    return Path(str(installed.locate_file(package.name))).resolve() == package.resolve()


def _folder(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _direct_url(installed: Distribution) -> dict[str, Any] | None:
    """What the installer recorded according to PEP 610. None for an installation from an index."""
    text = installed.read_text("direct_url.json")
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _hashes(archive: dict[str, Any]) -> tuple[str, ...]:
    named = archive.get("hashes") or {}
    found = [f"{name}:{value}" for name, value in named.items()] or [str(archive.get("hash", ""))]
    return tuple(one for one in found if re.fullmatch(_HASH, one))


def _shown(url: str) -> str:
    """A URL without the parts that may contain credentials."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
