"""Images and links in an instruction that labelers cannot open.

An instruction is Markdown or HTML [D]. Labelers see only its text: not the repository, its neighbors on the author's
machine, or the author's network.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from reconciler.diagnostics import quoted
from reconciler.keys.faults import Excerpt, Fault
from reconciler.manifest.checks.subject import Subject

_PRIVATE_NAMES: Final = (".local", ".internal", ".lan", ".corp", ".home.arpa", ".localhost")
_OPEN_SCHEMES: Final = frozenset({"http", "https", "data", "mailto", "tel", "sms"})
_CODE: Final = re.compile(
    r"^ {0,3}(```+|~~~+).*?(?:^ {0,3}\1|\Z)|(?<!`)(`+)(?!`).{1,1000}?(?<!`)\2(?!`)|<!--.*?(?:-->|\Z)",
    re.DOTALL | re.MULTILINE,
)
_TARGETS: Final = re.compile(
    r"""
    (?P<image>!)?\[(?:[^\[\]\\]++|\\.|\[[^\[\]]{0,100}\]){0,50}+\]\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<inline>(?:[^\s()]|\([^\s()]*\))+))
    | ^[ ]{0,3}\[[^\]^\n][^\]\n]*\]:[ \t]*(?P<defined>\S*[/\\]\S*|\S+\.\w{1,5})[ \t]*(?:["'(][^\n]*)?$
    | <(?P<tag>img|source|video|audio|iframe|a|link)\b[^<>]*?\b(?:src|href)\s*=\s*
      (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'>]+))
    | \b(?P<scheme>(?:https?|file|ftps?|sftp|s3[an]?|gs|gcs|smb|wasbs?|abfss?|hdfs|dbfs)://[^\s<>"'`)}|]+)
    | (?<![\w\\])(?P<windows>[A-Za-z]:\\[^\s<>"'`)|]+|\\\\\w[^\s<>"'`)|]*\\[^\s<>"'`)|]+)
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_GROUPS: Final = ("angled", "inline", "defined", "double", "single", "bare", "scheme", "windows")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_PAGE_OF_A_FILE: Final = re.compile(
    r"https?://(?:www\.)?(?:github\.com/[^/]+/[^/]+/blob/|gitlab\.com/.+/-/blob/|bitbucket\.org/[^/]+/[^/]+/src/)", re.I
)
_MOST: Final = 1_000
"""The most targets in one text that are reported, as many as are shown for one file."""
_RELATIVE: Final = (
    "A link without https:// points to a file, and labelers do not have the files around the instruction. Put the file "
    "on a public server, and link to it with https://."
)
_ON_A_DISK: Final = (
    "Labelers cannot open files on your disk or network. Put the file on a public server, and link to it there."
)
_NOT_PUBLIC: Final = "Use a public URL that starts with https:// instead."


def private_link(subject: Subject) -> Iterator[Fault]:
    """A link or an image in an instruction that labelers cannot open."""
    for where in ("instruction", "dependents.defs.[].instruction"):
        for path, text in subject.at(where):
            if isinstance(text, str):
                for summary, detail, excerpt in subject.once(text, _closed):
                    yield Fault(path, summary, detail, excerpt=excerpt)


def _closed(text: str) -> list[tuple[str, str, Excerpt]]:
    """The targets in a text that labelers cannot open: what is wrong, what to do, and where."""
    if "/" not in text and "\\" not in text and "](" not in text and "]:" not in text and "=" not in text:
        return []
    seen = text
    if "`" in text or "~~~" in text or "<!--" in text:
        seen = _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
    found: list[tuple[str, str, Excerpt]] = []
    starts: list[int] = []
    for match in _TARGETS.finditer(seen):
        group = next((name for name in _GROUPS if match[name] is not None), None)
        if group is None:
            continue
        is_image = match["image"] is not None or (match["tag"] or "").lower() == "img"
        target = match[group].strip()
        if group in ("scheme", "windows"):
            target = target.rstrip(".,;:!?")
        problem = _problem(target, is_image=is_image)
        if problem is not None:
            starts = starts or [0, *(end.end() for end in re.finditer("\n", text))]
            start = seen.index(target, match.start(group))
            end = start + len(target)
            line = bisect_right(starts, start)
            shown = text[starts[line - 1] : starts[line] - 1 if line < len(starts) else None]
            found.append((*problem, Excerpt(start, end, line, start - starts[line - 1] + 1, shown)))
            if len(found) == _MOST:
                break
    return found


def _problem(target: str, *, is_image: bool) -> tuple[str, str] | None:
    """Why labelers cannot open a target, and what to do; None if they can, or if that cannot be determined."""
    if not target or target.startswith("#") or "{{" in target:
        return None
    verb = "shows" if is_image else "links to"
    summary = f"the instruction {verb} {quoted(target)}, which labelers cannot open"
    if target.startswith("//"):
        target = f"https:{target}"
    if _DRIVE.match(target):
        return summary, _ON_A_DISK
    scheme = _SCHEME.match(target)
    if scheme is None:
        return summary, _RELATIVE
    if scheme[1].lower() not in _OPEN_SCHEMES:
        return summary, _NOT_PUBLIC
    host = _private_host(target)
    if host is not None:
        return f"the instruction {verb} {host}, which labelers cannot open", _NOT_PUBLIC
    if is_image and _PAGE_OF_A_FILE.match(target) and "raw=" not in target:
        return (
            f"the instruction shows {quoted(target)} as an image, but it is a web page",
            "Labelers see a broken image. Use the URL of the image itself.",
        )
    return None


def _private_host(link: str) -> str | None:
    """The host of a URL that only a private network has; None for any other URL."""
    if not link.lower().startswith(("http://", "https://")):
        return None
    if "[" not in link:
        link = link.partition("]")[0]
    try:
        host = urlsplit(link).hostname
    except ValueError:
        return None
    if not host:
        return None
    if host[-1].isdecimal() or ":" in host:
        with suppress(ValueError):
            return None if ipaddress.ip_address(host).is_global else host
    plain = host.rstrip(".").lower()
    return host if "." not in plain or plain.endswith(_PRIVATE_NAMES) else None
