"""The write of one part: what was sent, when it may be sent again, and how long to look for it in the history.

Promises: a write is not sent again while an earlier request may still land, or may have landed unseen. This module
sends and reads nothing.
"""

from __future__ import annotations

from dataclasses import field
from random import Random

from reconciler.applying.landing import PARTS
from reconciler.errors import ScaleError
from reconciler.frozen import dataclass
from reconciler.model.plan import Call, CallKind
from reconciler.model.project import LiveProject
from reconciler.scale.transport import FIRST_BACKOFF, LARGEST_BACKOFF, LONGEST_WAIT, PATIENCE

MOST_SENDS = 5
"""The maximum number of times that one write is sent. Requests answered with a 429 do not count."""

SEND_SECONDS = 90.0
"""A write is not sent again this many seconds after its first request. Waits that the server requests do not count."""

LAG_SECONDS = 5.0
"""How many seconds a read may lag behind the writes. This is an assumption."""

FAILURE_SECONDS = 2 * LAG_SECONDS
"""How long the history is read after a failure (5xx, 408, not JSON): reads may lag by 5 seconds, and so may writes.

After a success, the history is read until it shows the write, for at most this long."""

SILENCE_SECONDS = 30.0
"""How long the history is read after a request without an answer, counted from the request."""

REFUSAL_SECONDS = 300.0
"""How long a write is repeated while the API answers 429 without `Retry-After`."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to read the history after a request. Times are seconds of the clock.

    If no read has shown the write by `proof`, it did not land, unless `proven` is false. `again` is when it may be sent
    again, after one more read, or None if it is not sent again. `reads` is whether to look for it before `proof`.
    """

    proof: float
    again: float | None
    reads: bool
    proven: bool = True


@dataclass(slots=True)
class Attempt:
    """The requests of one write.

    `kind` is that of the first call. `before` is the project as read before the first request, and `fields` identify
    the part's differences at that time. `fence` is the project as read before the last request. `sent` are the calls
    that may have landed. `times` counts the requests, and `sends` all except the ones answered with a 429. `problem` is
    the last error.
    """

    kind: CallKind
    before: LiveProject | None
    fields: frozenset[str]
    begun: float
    fence: LiveProject | None = None
    sent: list[Call] = field(default_factory=list)
    times: int = 0
    sends: int = 0
    problem: ScaleError | None = None
    _refused_since: float | None = None
    _refusals: int = 0
    _asked: float = 0.0
    _excused: float = 0.0

    @property
    def part(self) -> str:
        return PARTS[self.kind]

    def note(self, call: Call, problem: ScaleError | None) -> None:
        """Note that the call was sent, or that sending it failed."""
        self.problem = problem
        too_many = problem is not None and problem.status == 429
        if problem is None or problem.may_have_landed or too_many:
            self.sent.append(call)
        if problem is None or not problem.held_back:
            self.times += 1
            self.sends += not too_many

    def excuse(self, seconds: float) -> None:
        """Do not count these seconds, which passed in a wait that the server requested."""
        self._excused += seconds

    def is_late(self, at: float) -> bool:
        return at - self.begun - self._excused > SEND_SECONDS

    def wait(self, now: float, random: Random) -> Wait:
        """The wait that the last error requires."""
        problem = self.problem
        assert problem is not None
        asked = problem.retry_after or 0.0
        if asked > LONGEST_WAIT:
            return Wait(now, None, reads=False, proven=not problem.may_have_landed)
        if problem.status == 429:
            return self._wait_for_turn(problem, now, random)
        self._refused_since, self._refusals = None, 0
        proof = now
        if problem.may_have_landed:
            answered = problem.status is not None
            proof += FAILURE_SECONDS if answered else max(0.0, SILENCE_SECONDS - problem.sent_ago)
        again = max(proof, now + asked) + _backoff(self.sends, random)
        self._asked += asked
        self._excused += asked
        over = self.sends >= MOST_SENDS or self.is_late(again) or self._asked > PATIENCE
        return Wait(proof, None if over else again, reads=problem.may_have_landed)

    def _wait_for_turn(self, problem: ScaleError, now: float, random: Random) -> Wait:
        """The wait after a 429. The API did nothing, so one read is enough, once reads no longer lag."""
        self._refusals += 1
        if problem.retry_after is not None:
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        proof = now + LAG_SECONDS
        again = max(proof, now + (problem.retry_after or 0.0) + _backoff(self._refusals, random))
        self._asked += again - now
        self._excused += again - now
        ended = self._refused_since is not None and again - self._refused_since > REFUSAL_SECONDS
        over = ended or self.is_late(again) or self._asked > PATIENCE
        return Wait(proof, None if over else again, reads=False)


def _backoff(number: int, random: Random) -> float:
    return random.uniform(0.0, min(LARGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (number - 1)))
