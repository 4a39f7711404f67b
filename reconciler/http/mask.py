"""Removes a secret from every text that a person may see."""

from __future__ import annotations

import base64
import json


class Mask:
    """Replaces a secret with `***`, also in its JSON spelling and, for a `user`, in its HTTP Basic encoding."""

    def __init__(self, secret: str, *, user: bool = False) -> None:
        forms = {secret, json.dumps(secret)[1:-1]}
        if user:
            for text in (f"{secret}:", secret):
                encoded = base64.b64encode(text.encode("latin-1")).decode("ascii")
                forms |= {encoded, encoded.rstrip("=")}
        self._forms = sorted((form for form in forms if form), key=len, reverse=True)

    def __repr__(self) -> str:
        return "Mask(***)"

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, "***")
        return text
