"""Turns what went wrong into an error that explains it and says what to do. It sends nothing.

No text contains the API key, even if the server echoes it. Otherwise, the server's words are quoted as they are, up to
MOST_WORDS; renderers escape them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from pydantic_core import from_json

from reconciler.errors import (
    CredentialsError,
    NameTakenError,
    NotEnabledError,
    NotFoundError,
    RejectedError,
    ScaleError,
    UnavailableError,
    UnreadableAnswerError,
)
from reconciler.frozen import dataclass
from reconciler.http.answer import Answer, Lost
from reconciler.http.mask import Mask
from reconciler.scale.transport import LONGEST_WAIT, Outcome, is_failure

MOST_WORDS = 500
"""The most characters of a server's words that are shown."""

_LONGEST_DATE = 40
"""Characters. A date in HTTP has 29."""

WRONG_ENDPOINT = "Check the endpoint. The URL of Scale's Projects API ends in /v1."


_GATEWAY = frozenset({407, 502, 503, 504})
"""The statuses of answers that come from a proxy itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, for messages. `what` is a noun phrase ("the request to list projects"), `request` its method and path.

    `key_variable` is the variable that held the key, and `proxy` the variable that names a proxy. Both may be None.
    """

    what: str
    request: str
    write: bool
    key_variable: str | None
    mask: Mask
    proxy: str | None = None

    @property
    def is_list(self) -> bool:
        return self.request == "GET /projects"

    @property
    def is_create(self) -> bool:
        return self.request == "POST /projects"


def error_of(outcome: Outcome, asked: Asked) -> ScaleError | None:
    """The error for the result of the last try. None for a 2xx ([S]: success is 200; any 2xx counts as success)."""
    result = outcome.result
    if isinstance(result, Lost):
        return _lost(result, outcome, asked)
    if 200 <= result.status < 300:
        return None
    if result.status == 429 or is_failure(result.status):
        return _unavailable(result, outcome, asked)
    return _rejected(result, asked)


def unreadable(answer: Answer, problem: UnreadableAnswerError, asked: Asked) -> UnreadableAnswerError:
    """The error for a `problem` in the body of a 2xx, with the facts about the answer. A write may have landed."""
    content_type = answer.headers.get("content-type", "")
    lines = [problem.detail, f"{asked.request} returned status {answer.status} and {_named(content_type)}."]
    if "json" not in content_type.lower():
        lines.append(WRONG_ENDPOINT)
    return UnreadableAnswerError(
        asked.mask(f"{asked.what} failed: {problem.summary}"),
        asked.mask(_joined(lines)),
        landing=_landing(asked.write, asked),
        status=answer.status,
        may_have_landed=asked.write,
    )


def is_documented_error(answer: Answer) -> bool:
    """Whether the body has the form of the API's own errors ([D]): an object with `error` or `status_code`."""
    body = _json_object(answer)
    return body is not None and ("error" in body or "status_code" in body)


def _json_object(answer: Answer) -> dict[str, object] | None:
    try:
        body = from_json(answer.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _words(answer: Answer, asked: Asked) -> str:
    """The server's own words as one line of detail, or a description of the answer if it has none."""
    body = _json_object(answer)
    if body is None:
        content_type = answer.headers.get("content-type", "")
        advice = f" {WRONG_ENDPOINT}" if answer.status < 500 else ""
        return f"The API returns JSON objects, but this response has {_named(content_type)}.{advice}"
    error = body.get("error") or body.get("message")
    if not error:
        return "The server gave no reason."
    text = asked.mask(error if isinstance(error, str) else json.dumps(error, ensure_ascii=False))
    return f"The server reports: {_cut(text)}"


def _rejected(answer: Answer, asked: Asked) -> ScaleError:
    kinds: dict[int, tuple[type[ScaleError], str, str]] = {
        400: (RejectedError, "was refused as a bad request", ""),
        401: (CredentialsError, "was refused: the API key is not valid", _key_advice(asked)),
        402: (
            NotEnabledError,
            f"was refused: {'the task type' if asked.is_create else 'the call'} is not enabled for the account",
            f"Ask Scale to enable {'the task type' if asked.is_create else 'the call'}, or use the API key of an "
            "account for which it is enabled.",
        ),
        403: (
            RejectedError,
            "was refused with status 403",
            f"The API key does not have permission for this request. {_key_advice(asked)}",
        ),
        404: (
            NotFoundError,
            "failed with status 404 (not found)",
            WRONG_ENDPOINT
            if asked.is_list or asked.is_create
            else "The project might have been renamed in Scale's dashboard. Plan again to see what is live.",
        ),
        409: (
            RejectedError,
            "was refused with status 409 (conflict)",
            "Another writer might have changed the project. Plan again to see what is live.",
        ),
    }
    if asked.is_create:
        kinds[409] = (
            NameTakenError,
            "was refused: the name is already taken",
            "An archived project might have this name. Plan again to see which project has the name, or choose another "
            "name.",
        )
    default = (
        RejectedError,
        f"was refused with status {answer.status}",
        "If you cannot fix the cause, contact Scale support.",
    )
    if 300 <= answer.status < 400:
        target = _cut(asked.mask(answer.headers.get("location", "")))
        default = (
            RejectedError,
            f"returned a redirect (status {answer.status})",
            "Reconciler does not follow redirects. Set the endpoint to the API's final URL."
            + (f" This redirect points to {target}." if target else ""),
        )
    kind, problem, advice = kinds.get(answer.status, default)
    proxy = _proxy_advice(asked) if answer.status in _GATEWAY else ""
    lines = [_words(answer, asked) if answer.status >= 400 else "", advice, proxy]
    return kind(
        asked.mask(f"{asked.what} {problem}"),
        asked.mask(_joined(lines)),
        status=answer.status,
        in_doubt=asked.write and not is_documented_error(answer),
    )


def _key_advice(asked: Asked) -> str:
    if asked.key_variable is None:
        return "Check that the API key is complete, valid, and meant for this endpoint."
    return f"Check that the API key in {asked.key_variable} is complete, valid, and meant for this endpoint."


def _unavailable(answer: Answer, outcome: Outcome, asked: Asked) -> UnavailableError:
    landed = asked.write and is_failure(answer.status)
    problem = "too many requests" if answer.status == 429 else f"the server returned status {answer.status}"
    lines = [_words(answer, asked), _effort(outcome, asked), _proxy_advice(asked) if answer.status in _GATEWAY else ""]
    if outcome.wait is not None and outcome.wait > LONGEST_WAIT:
        asks = answer.headers.get("retry-after", "")
        asks = asks if len(asks) <= _LONGEST_DATE else f"{asks[:_LONGEST_DATE]}…"
        lines.append(
            f"The server requires a wait of more than {LONGEST_WAIT:.0f} seconds (Retry-After: {asks}). Run the "
            "command again after that time."
        )
    elif answer.status == 429:
        lines.append("Run the command again later. If that fails too, lower parallelism in reconciler.toml.")
    elif not asked.write:
        lines.append("Run the command again later.")
    return UnavailableError(
        asked.mask(f"{asked.what} failed: {problem}"),
        asked.mask(_joined(lines)),
        landing=_landing(landed, asked),
        status=answer.status,
        may_have_landed=landed,
        worth_repeating=True,
        retry_after=outcome.wait,
        sent_ago=outcome.seconds,
    )


def _lost(lost: Lost, outcome: Outcome, asked: Asked) -> UnavailableError:
    landed = asked.write and lost.sent
    lines = [lost.advice, _effort(outcome, asked)]
    if not lost.sent:
        lines.append(_proxy_advice(asked))
    return UnavailableError(
        asked.mask(f"{asked.what} failed: {lost.reason}"),
        asked.mask(_joined(lines)),
        landing=_landing(landed, asked),
        may_have_landed=landed,
        worth_repeating=not lost.final,
        sent_ago=outcome.seconds,
        held_back=outcome.tries == 0,
    )


def _proxy_advice(asked: Asked) -> str:
    if asked.proxy is None:
        return ""
    return f"Check that the proxy set in {asked.proxy} is reachable and allows this request."


def _effort(outcome: Outcome, asked: Asked) -> str:
    """How often a read was tried. Empty for a write, whose tries are counted by the code that repeats it."""
    if asked.write:
        return ""
    return f"Tried {outcome.tries} times in {outcome.seconds:.0f} s." if outcome.tries > 1 else "Tried once."


def _landing(landed: bool, asked: Asked) -> str:
    if landed:
        return "The write might have landed. Check the project before you repeat the write."
    return "Nothing was written." if asked.write else ""


def _named(content_type: str) -> str:
    return f"content of type {_cut(content_type)}" if content_type else "content without a type"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_WORDS else text[:MOST_WORDS] + "…"


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(line for line in lines if line)
