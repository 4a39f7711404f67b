"""A client with the mistake that everything else here is made to avoid: it sends again what may have landed."""

from __future__ import annotations

from reconciler.errors import ScaleError
from reconciler.model.plan import Call, CallKind
from reconciler.model.values import Json
from reconciler.scale.client import ScaleClient


class BlindClient(ScaleClient):
    """Repeats a setParams without a clear answer, as Scale's own SDK does."""

    async def send(self, call: Call) -> Json:
        for _ in range(3):
            try:
                return await super().send(call)
            except ScaleError as problem:
                if call.kind is not CallKind.SET_PARAMS or not problem.may_have_landed:
                    raise
        return await super().send(call)
