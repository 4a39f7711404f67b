"""A YAML language server, spoken to as an editor does: JSON-RPC over its standard input and output."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.npm import module

_CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
        "hover": {"contentFormat": ["plaintext"]},
        "publishDiagnostics": {},
    }
}
_SETTINGS = {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}


class Server:
    """One language server, which looks up no schema except those that a modeline or a setting names."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, more: Mapping[str, Any]) -> None:
        self._process = process
        self._asked = 0
        self._settings = {"yaml": {**_SETTINGS["yaml"], **more}}
        self._diagnostics: dict[str, list[str]] = {}
        self._ask("initialize", {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": _CAPABILITIES})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": self._settings}})

    def open(self, file: Path) -> None:
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": file.read_text()}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def diagnostics(self, file: Path) -> list[str]:
        """What the server says of a file that was opened; waits until it has said something."""
        while file.as_uri() not in self._diagnostics:
            self._take(self._read())
        return self._diagnostics[file.as_uri()]

    def completion(self, file: Path, line: int, column: int) -> dict[str, str]:
        """The proposals at a place (from 0), with their explanations."""
        return {label: words for label, _, words in self.proposals(file, line, column)}

    def proposals(self, file: Path, line: int, column: int) -> list[tuple[str, str, str]]:
        """The proposals at a place (from 0): label, the text that is inserted, and explanation."""
        found = self._at("completion", file, line, column)
        items = found["items"] if isinstance(found, dict) else found or []
        return [
            (item["label"], item.get("textEdit", {}).get("newText", ""), _plain(item.get("documentation")))
            for item in items
        ]

    def hover(self, file: Path, line: int, column: int) -> str:
        found = self._at("hover", file, line, column)
        return _plain(found["contents"]) if found else ""

    def _at(self, what: str, file: Path, line: int, column: int) -> Any:
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": column}}
        return self._ask(f"textDocument/{what}", place)

    def _ask(self, method: str, params: Any) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._asked and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message["method"] == "textDocument/publishDiagnostics":
            params = message["params"]
            self._diagnostics[params["uri"]] = [each["message"] for each in params["diagnostics"]]
        elif message["method"] == "workspace/configuration":
            sections = [item.get("section") for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": [self._settings.get(section) for section in sections]})
        elif "id" in message:
            self._send({"id": message["id"], "result": None})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message = json.loads(self._process.stdout.read(length))
        assert isinstance(message, dict)
        return message


@contextmanager
def language_server(folder: Path, **more: Any) -> Iterator[Server]:
    """A server of a workspace; `more` are settings of the section `yaml`."""
    command = [str(module(".bin", "yaml-language-server")), "--stdio"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
    ) as process:
        try:
            yield Server(process, folder, more)
        finally:
            process.kill()


def _plain(contents: Any) -> str:
    return contents["value"] if isinstance(contents, dict) else contents or ""
