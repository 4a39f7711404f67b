"""What lies between a run and the server: it delays, loses, cuts and answers by itself, as a seed says.

Promises: a request takes effect at most once, and never later than its own time limit after it was sent; what is on its
way when its sender dies may still arrive. Must not judge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import httpx

from reconciler.scale.connection import WRITE_SECONDS
from tests.simulation.server import Read, Server
from tests.simulation.virtual import VirtualClock, VirtualLoop


class Fault(StrEnum):
    NO_CONNECTION = "no connection"
    LOST_BEFORE = "lost before it landed, cut"
    SILENT_BEFORE = "lost before it landed, no answer"
    LOST_AFTER = "lost after it landed, cut"
    SILENT_AFTER = "lost after it landed, no answer"
    LATE = "cut, and lands later"
    LATE_BEHIND_GATEWAY = "502 or 504, and lands later"
    FAILED_BEFORE = "5xx, did not land"
    FAILED_AFTER = "5xx, landed"
    BUSY = "503 with Retry-After"
    TOO_MANY = "429"
    TOO_MANY_UNTIL = "429 with Retry-After"
    GARBAGE_BEFORE = "garbage, did not land"
    GARBAGE_AFTER = "garbage, landed"
    SLOW = "slow"


_FAULTS = tuple(Fault)

_LATE = frozenset({Fault.LATE, Fault.LATE_BEHIND_GATEWAY})
_LANDING = _LATE | {Fault.LOST_AFTER, Fault.SILENT_AFTER, Fault.FAILED_AFTER, Fault.GARBAGE_AFTER, Fault.SLOW}

LANDS_WITHIN = WRITE_SECONDS
"""Seconds after which a request that was sent no longer takes effect: the time limit that its sender gives it."""


@dataclass(slots=True)
class Parcel:
    """A request on its way. `answer` is the server's, once it has landed."""

    request: httpx.Request
    actor: str
    sent_at: float
    answer: httpx.Response | None = None
    read: Read | None = None


class Network:
    """`intensity` is the share of requests that meet a fault. `heard` is called after each request that landed."""

    def __init__(
        self, loop: VirtualLoop, server: Server, random: Random, intensity: float, tell: Callable[[str, str], None]
    ) -> None:
        self._loop = loop
        self._clock = VirtualClock(loop)
        self._server = server
        self._random = random
        self._tell = tell
        self.intensity = intensity
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
        if (fault is None or fault in _LANDING) and lands < limit:
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
        if fault in _LATE:
            return there + draw.uniform(0.0, 1.0) * (limit - there), there
        if fault in (Fault.SILENT_BEFORE, Fault.SILENT_AFTER):
            return there, limit
        return there, there + back

    def _land(self, parcel: Parcel, what: str) -> None:
        answer, event = self._server.handle(
            parcel.request, parcel.actor, parcel.sent_at, self._loop.time(), self._clock.now()
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
            case Fault.FAILED_BEFORE | Fault.FAILED_AFTER:
                return httpx.Response(draw.choice((500, 502, 503, 504)), content=b"failed")
            case Fault.LATE_BEHIND_GATEWAY:
                return httpx.Response(draw.choice((502, 504)), content=b"failed")
            case Fault.BUSY:
                return httpx.Response(503, headers={"retry-after": str(draw.randint(0, 5))})
            case Fault.TOO_MANY:
                return httpx.Response(429, json={"status_code": 429, "error": "too many"})
            case Fault.TOO_MANY_UNTIL:
                return httpx.Response(429, headers={"retry-after": str(draw.randint(0, 5))})
            case Fault.GARBAGE_BEFORE | Fault.GARBAGE_AFTER:
                return httpx.Response(200, headers={"content-type": "text/html"}, content=b"<html>hello")
        assert parcel.answer is not None
        if parcel.read is not None:
            parcel.read.delivered_at = self._loop.time()
        return parcel.answer


def _limit(request: httpx.Request) -> float:
    """How long the client waits for this request's answer, in seconds; never longer than a write may take to land."""
    return min(float(request.extensions["timeout"]["read"]), LANDS_WITHIN)


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
