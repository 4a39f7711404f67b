"""The tree of errors that a user can run into.

The message of each says what to do. Each ends the command with exit code 1, never with a traceback.

ReconcilerError
├── UsageError                   the command line requests something impossible
├── DiagnosedError               one or more located diagnostics (manifests, configuration)
├── FileRefusedError             a file of the repository that must not, or cannot, be read or written
│   └── FileMissingError         it does not exist
├── PlanFileError                a saved plan that is not accepted
├── GitRefusedError              git refuses or fails
├── RecordError                  a record that cannot be read, fetched, written, or pushed
├── SnapshotError                a snapshot that cannot be read, fetched, saved, or published
├── ResultFileError              a saved apply result or drift document that is not accepted
├── GithubError                  GitHub's API: every refusal without a class below
│   ├── GithubSetupError         a variable or the event file of GitHub Actions is missing or unusable
│   ├── GithubForbiddenError     403 that is not a rate limit: the token may not do this
│   │   └── GithubLockedError    the conversation is locked
│   └── GithubUnavailableError   no answer, 5xx, or a rate limit that lasts too long
└── ScaleError                   the Projects API
    ├── CredentialsError         no key, a key that HTTP cannot carry, or 401
    ├── ConnectionSetupError     a proxy or certificate variable that does not work
    ├── RejectedError            400 and every other final refusal
    │   ├── NotEnabledError      402: the task type is not enabled for the account
    │   ├── NotFoundError        404
    │   └── NameTakenError       409
    ├── UnavailableError         no answer, 5xx, or too many 429s; the request itself may be fine
    └── UnreadableAnswerError    an answer that does not have a known form
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic, Remedy, Severity


class ReconcilerError(Exception):
    """Anything that ends a command with exit code 1.

    `summary` is one sentence without a final period; `detail` says why and what to do, and may have several lines.
    `remedies` are the commands to run. If other errors caused this one, it names only the consequence, and `causes` are
    shown whole after it, with their own remedies.
    """

    code = "error"

    def __init__(
        self, summary: str, detail: str = "", *, remedies: Sequence[Remedy] = (), causes: Sequence[Diagnostic] = ()
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.remedies = tuple(remedies)
        self.causes = tuple(causes)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The error as diagnostics, and its causes."""
        return (self.diagnostic(), *self.causes)

    def diagnostic(self, severity: Severity = Severity.ERROR) -> Diagnostic:
        return Diagnostic(severity, self.code, self.summary, self.detail, remedies=self.remedies)


class UsageError(ReconcilerError):
    code = "usage"


class DiagnosedError(ReconcilerError):
    """Carries located diagnostics; at least one of them is an error."""

    code = "invalid"

    def __init__(self, summary: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(summary)
        self._diagnostics = tuple(diagnostics)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self._diagnostics


class FileRefusedError(ReconcilerError):
    """`reason` is one of `files.Refusal`. `why` is the reason as a clause, which the caller can use in a sentence."""

    code = "file"

    def __init__(self, summary: str, detail: str = "", *, reason: str, why: str) -> None:
        super().__init__(summary, detail)
        self.reason = reason
        self.why = why


class FileMissingError(FileRefusedError):
    """The file does not exist, or its path is not one."""


class PlanFileError(ReconcilerError):
    code = "plan-file"


class GitRefusedError(ReconcilerError):
    """`reason` is one of `git.login.Reason` if a remote refused and said why."""

    code = "git-refused"

    def __init__(self, summary: str, detail: str = "", *, reason: str | None = None) -> None:
        super().__init__(summary, detail)
        self.reason = reason


class RecordError(ReconcilerError):
    code = "record"


class SnapshotError(ReconcilerError):
    code = "snapshot"


class ResultFileError(ReconcilerError):
    code = "result-file"


class GithubError(ReconcilerError):
    code = "github"


class GithubSetupError(GithubError):
    code = "github-setup"


class GithubForbiddenError(GithubError):
    code = "github-forbidden"


class GithubLockedError(GithubForbiddenError):
    code = "github-locked"


class GithubUnprocessableError(GithubError):
    """GitHub understood the request and does not carry it out, as things are."""


class GithubUnavailableError(GithubError):
    """`may_have_landed` is true if a request was sent and no answer says whether it took effect."""

    code = "github-unavailable"

    def __init__(self, summary: str, detail: str = "", *, may_have_landed: bool = False) -> None:
        super().__init__(summary, detail)
        self.may_have_landed = may_have_landed


class ScaleError(ReconcilerError):
    """`status` is the HTTP status if there was an answer, else None.

    The rest is about a write. `landing` is what to know about whether it took effect; it ends `detail`, and
    `explanation` is the rest of that. `may_have_landed`: it was sent, and no answer says whether it took effect.
    `worth_repeating`: it was refused for now (429, no connection), and the same request may succeed later.
    `retry_after` is how long (seconds) the answer asked to wait, None if it did not ask. `sent_ago` is how long before
    this error the request was sent, in seconds. `held_back`: it was not sent, because it had to wait too long for its
    turn. `in_doubt`: it was refused, but not in the form of the API, so something in between may have answered.
    """

    code = "scale"

    def __init__(
        self,
        summary: str,
        detail: str = "",
        *,
        landing: str = "",
        status: int | None = None,
        may_have_landed: bool = False,
        worth_repeating: bool = False,
        retry_after: float | None = None,
        sent_ago: float = 0.0,
        held_back: bool = False,
        in_doubt: bool = False,
        remedies: Sequence[Remedy] = (),
    ) -> None:
        super().__init__(summary, "\n".join(filter(None, (detail, landing))), remedies=remedies)
        self.explanation = detail
        self.status = status
        self.may_have_landed = may_have_landed
        self.worth_repeating = worth_repeating
        self.retry_after = retry_after
        self.sent_ago = sent_ago
        self.held_back = held_back
        self.in_doubt = in_doubt


class CredentialsError(ScaleError):
    code = "credentials"


class ConnectionSetupError(ScaleError):
    code = "connection-setup"


class RejectedError(ScaleError):
    code = "rejected"


class NotEnabledError(RejectedError):
    code = "not-enabled"


class NotFoundError(RejectedError):
    code = "not-found"


class NameTakenError(RejectedError):
    code = "name-taken"


class UnavailableError(ScaleError):
    code = "unavailable"


class UnreadableAnswerError(ScaleError):
    code = "unreadable-answer"
