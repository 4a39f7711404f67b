"""What lies between a run and the server: it delays, loses, cuts and answers by itself, as a seed says.

Promises: a request takes effect at most once, and at the latest LANDS_WITHIN after it was sent, or, if a failure
answered it, LATE_AFTER_FAILURE after that answer. A read shows a state that is at most MOST_LAG old. These are the
bounds within which a write is promised to make one version. What is on its way when its sender dies may still arrive.
Must not judge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import httpx

from reconciler.scale.client import WRITE_SECONDS
from tests.simulation.server import Read, Server
from tests.simulation.virtual import VirtualClock, VirtualLoop


class Fault(StrEnum):
    NO_CONNECTION = "no connection"
    LOST_BEFORE = "lost before it landed, cut"
    SILENT_BEFORE = "lost before it landed, no answer"
    LOST_AFTER = "lost after it landed, cut"
    SILENT_AFTER = "lost after it landed, no answer"
    LATE = "cut, and lands later"
    FAILED_BEFORE = "5xx or 408, did not land"
    FAILED_AFTER = "5xx or 408, landed"
    FAILED_LATE = "5xx or 408, and lands later"
    BUSY_BEFORE = "503 with Retry-After, did not land"
    BUSY_AFTER = "503 with Retry-After, landed"
    BUSY_LATE = "503 with Retry-After, and lands later"
    TOO_MANY_BEFORE = "429, did not land"
    TOO_MANY_AFTER = "429, landed"
    GARBAGE_BEFORE = "garbage, did not land"
    GARBAGE_AFTER = "garbage, landed"
    GARBAGE_LATE = "garbage, and lands later"
    SLOW = "slow"


_FAULTS = tuple(Fault)

_LATE_AFTER_FAILURE = frozenset({Fault.FAILED_LATE, Fault.BUSY_LATE, Fault.GARBAGE_LATE})
_LANDING = _LATE_AFTER_FAILURE | {
    Fault.LOST_AFTER,
    Fault.SILENT_AFTER,
    Fault.LATE,
    Fault.FAILED_AFTER,
    Fault.BUSY_AFTER,
    Fault.TOO_MANY_AFTER,
    Fault.GARBAGE_AFTER,
    Fault.SLOW,
}

LANDS_WITHIN = 25.0
"""Seconds after which a request whose connection broke no longer takes effect."""

LATE_AFTER_FAILURE = 5.0
"""Seconds after a failure's answer in which the request may still take effect."""

MOST_LAG = 5.0
"""Seconds. How old the state that a read shows may be."""


@dataclass(slots=True)
class Parcel:
    """A request on its way. `answer` is the server's, once it has landed."""

    request: httpx.Request
    actor: str
    sent_at: float
    answer: httpx.Response | None = None
    read: Read | None = None


class Network:
    """`intensity` is the share of requests that meet a fault. `heard` is called after each request that landed.

    In every second story, reads lag while there are faults: always alike, or each by one of three times, as if from
    several replicas, so that a read may show less than the one before it.
    """

    def __init__(
        self, loop: VirtualLoop, server: Server, random: Random, intensity: float, tell: Callable[[str, str], None]
    ) -> None:
        self._loop = loop
        self._clock = VirtualClock(loop)
        self._server = server
        self._random = random
        self._tell = tell
        self.intensity = intensity
        self._lags = [random.uniform(0.5, MOST_LAG) for _ in range(random.choice((0, 0, 1, 3)))]
        self.faults = 0
        self.requests = 0
        self.heard: Callable[[Parcel], None] = lambda parcel: None

    async def carry(self, request: httpx.Request, actor: str) -> httpx.Response:
        await request.aread()
        self.requests += 1
        draw = self._random
        limit = _limit(request)
        parcel = Parcel(request, actor, self._loop.time())
        fault = draw.choice(_FAULTS) if draw.random() < self.intensity else None
        lands, ends = self._times(fault, limit)
        what = f"{request.method} {request.url.raw_path.decode('ascii').removeprefix('/v1')}"
        if fault is not None:
            self.faults += 1
        self._tell(actor, f"sends {what}" + (f"    !! {fault}" if fault else ""))
        if (fault is None or fault in _LANDING) and (lands < limit or fault is Fault.LATE):
            self._loop.call_later(lands, self._land, parcel, what)
        await asyncio.sleep(min(ends, limit))
        if ends >= limit:
            raise httpx.ReadTimeout("")
        return self._ending(fault, parcel)

    def _times(self, fault: Fault | None, limit: float) -> tuple[float, float]:
        """When it lands, if it does, and when its sender hears something: seconds from now."""
        draw = self._random
        there, back = 0.01 + draw.expovariate(10.0), 0.01 + draw.expovariate(10.0)
        if fault is Fault.SLOW:
            there, back = draw.uniform(0.0, limit * 0.8), draw.uniform(0.01, limit * 0.8)
        if fault is Fault.LATE:
            return draw.uniform(there, LANDS_WITHIN), there
        if fault in _LATE_AFTER_FAILURE:
            return there + back + draw.uniform(0.0, LATE_AFTER_FAILURE), there + back
        if fault in (Fault.SILENT_BEFORE, Fault.SILENT_AFTER):
            return there, limit
        return there, there + back

    def _land(self, parcel: Parcel, what: str) -> None:
        lag = self._random.choice(self._lags) if self._lags and self.intensity else 0.0
        answer, event = self._server.handle(
            parcel.request, parcel.actor, parcel.sent_at, self._loop.time(), self._clock.now(), lag=lag
        )
        parcel.answer = answer
        parcel.read = event if isinstance(event, Read) else None
        version = "" if event is None or isinstance(event, Read) else f", version {event.version}"
        self._tell(parcel.actor, f"  lands {what}: {answer.status_code}{version}")
        self.heard(parcel)

    def _ending(self, fault: Fault | None, parcel: Parcel) -> httpx.Response:
        draw = self._random
        match fault:
            case Fault.NO_CONNECTION:
                raise httpx.ConnectError("refused")
            case Fault.LOST_BEFORE | Fault.LOST_AFTER | Fault.LATE:
                raise draw.choice((httpx.ReadError, httpx.RemoteProtocolError))("cut")
            case Fault.FAILED_BEFORE | Fault.FAILED_AFTER | Fault.FAILED_LATE:
                return httpx.Response(draw.choice((408, 500, 502, 503, 504)), content=b"failed")
            case Fault.BUSY_BEFORE | Fault.BUSY_AFTER | Fault.BUSY_LATE:
                return httpx.Response(503, headers={"retry-after": str(draw.randint(0, 5))})
            case Fault.TOO_MANY_BEFORE | Fault.TOO_MANY_AFTER:
                headers = draw.choice(({}, {"retry-after": str(draw.randint(0, 5))}))
                return httpx.Response(429, headers=headers, json={"status_code": 429, "error": "too many"})
            case Fault.GARBAGE_BEFORE | Fault.GARBAGE_AFTER | Fault.GARBAGE_LATE:
                return httpx.Response(200, headers={"content-type": "text/html"}, content=b"<html>hello")
        assert parcel.answer is not None
        if parcel.read is not None:
            parcel.read.delivered_at = self._loop.time()
        return parcel.answer


def _limit(request: httpx.Request) -> float:
    """How long the client waits for this request's answer, in seconds."""
    return min(float(request.extensions["timeout"]["read"]), WRITE_SECONDS)


class Line(httpx.AsyncBaseTransport):
    """One run's own way into the network, so that the server knows who sent what. Cut, it carries nothing more."""

    def __init__(self, network: Network, actor: str) -> None:
        self._network = network
        self._actor = actor
        self.is_cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("the sender is dead")
        return await self._network.carry(request, self._actor)
