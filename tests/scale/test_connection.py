"""Proxy and certificate variables: each one that does not work is an error with its name."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from reconciler.errors import ConnectionSetupError, UnavailableError
from reconciler.scale.connection import build_client, proxy_variable
from tests.scale.loopback import FakeClock, answer, client_of, run, serving

BROKEN = [
    ("ALL_PROXY", "socks5://127.0.0.1:9", "SOCKS"),
    ("all_proxy", "socks5h://127.0.0.1:9", "SOCKS"),
    ("HTTP_PROXY", "socks5://me:s3cr3t@127.0.0.1:9", "SOCKS"),
    ("HTTPS_PROXY", "socks4://127.0.0.1:9", "cannot be used"),
    ("https_proxy", "http://me:s3cr3t@proxy:abc", "cannot be used"),
    ("HTTP_PROXY", "http://[::1", "cannot be used"),
    ("HTTP_PROXY", "foo:bar:baz", "cannot be used"),
    ("HTTPS_PROXY", " http://proxy:1", "cannot be used"),
    ("NO_PROXY", "x,[::1]", "cannot be used"),
    ("no_proxy", "192.168.0.0/16,[::1]", "cannot be used"),
    ("SSL_CERT_FILE", "none.pem", "cannot be used"),
    ("SSL_CERT_FILE", "/", "cannot be used"),
    ("SSL_CERT_DIR", "nodir", "no folder"),
    ("SSLKEYLOGFILE", "/nonexistent/folder/log", "cannot be used"),
]


@pytest.mark.parametrize(("name", "value", "words"), BROKEN)
def test_a_variable_that_does_not_work_is_named(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("http_proxy" if name.lower() == "all_proxy" else "all_proxy", "http://127.0.0.1:9")
    with pytest.raises(ConnectionSetupError) as caught:
        client_of("https://127.0.0.1:9/v1")
    assert f"variable {name} " in caught.value.summary
    assert words in caught.value.summary
    assert "s3cr3t" not in caught.value.summary + caught.value.detail
    assert caught.value.__context__ is None


def test_a_certificate_file_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.pem").write_text("garbage")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "x.pem"))
    with pytest.raises(ConnectionSetupError, match="variable SSL_CERT_FILE "):
        client_of("https://127.0.0.1:9/v1")


def test_a_certificate_folder_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    async def steps() -> None:
        async with client_of("https://127.0.0.1:9/v1"):
            pass

    run(steps())


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_are_not_looked_for_without_need(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "none")

    async def steps() -> None:
        async with serving(answer([])) as server, client_of(server) as client:
            assert await client.list_projects() == []
        monkeypatch.setenv("HTTP_PROXY", "https://proxy")
        with pytest.raises(ConnectionSetupError, match=name):
            client_of(server)

    run(steps())


def test_a_failure_that_no_variable_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise OSError("no certificates on this machine")

    monkeypatch.setattr(httpx, "AsyncClient", refuse)
    with pytest.raises(ConnectionSetupError, match="cannot be set up"):
        client_of("http://127.0.0.1:9/v1")
    with pytest.raises(OSError, match="no certificates"):
        build_client(
            secure=True, headers={}, parallelism=1, transport=httpx.MockTransport(lambda request: httpx.Response(200))
        )


@pytest.mark.parametrize(("name", "value", "words"), BROKEN)
def test_in_process_no_variable_is_read(name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    async def steps() -> None:
        async with client_of(lambda request: httpx.Response(200, json=[])) as client:
            assert await client.list_projects() == []

    run(steps())


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps() -> None:
        async with serving() as proxy:
            pass
        monkeypatch.setenv("ALL_PROXY", f"http://me:s3cr3t@127.0.0.1:{proxy.port}")
        async with client_of("https://api.example/v1") as client:
            with pytest.raises(UnavailableError) as caught:
                await client.list_projects()
        assert "A proxy is set in ALL_PROXY" in caught.value.detail
        assert "s3cr3t" not in caught.value.summary + caught.value.detail

    run(steps())


@pytest.mark.parametrize(("status", "again"), [(407, False), (403, False), (503, True)])
def test_a_proxy_that_refuses_is_named(status: int, again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps() -> None:
        async with serving(answer({}, status=status)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            clock = FakeClock()
            async with client_of("https://api.example/v1", clock=clock) as client:
                with pytest.raises(UnavailableError) as caught:
                    await client.list_projects()
            assert "A proxy is set in HTTPS_PROXY" in caught.value.detail
            assert str(status) in caught.value.summary
            assert len(proxy.requests) == len(clock.slept) + 1
            assert (len(proxy.requests) > 1) == again
            assert proxy.lines[0] == "CONNECT api.example:443 HTTP/1.1"

    run(steps())


def test_plain_requests_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps() -> None:
        async with serving(answer({}, status=407)) as proxy:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
            async with client_of("http://api.example/v1") as client:
                with pytest.raises(Exception, match="status 407") as caught:
                    await client.list_projects()
            assert "A proxy is set in http_proxy" in getattr(caught.value, "detail", "")

    run(steps())


@pytest.mark.parametrize(
    "value", ["http://", "http://h:99999", "http:// bad host", "http://a..b:1", "https://" + "a" * 70]
)
def test_a_proxy_whose_address_cannot_be(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)

    async def steps() -> None:
        async with client_of("http://api.example/v1") as client:
            with pytest.raises(UnavailableError) as caught:
                await client.list_projects()
        assert "A proxy is set in HTTP_PROXY" in caught.value.detail

    run(steps())


def test_which_variable_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    url = httpx.URL("https://api.example/v1")
    assert proxy_variable(url) is None
    monkeypatch.setenv("ALL_PROXY", "http://a")
    assert proxy_variable(url) == "ALL_PROXY"
    monkeypatch.setenv("HTTPS_PROXY", "http://b")
    assert proxy_variable(url) == "HTTPS_PROXY"
    monkeypatch.setenv("https_proxy", "http://c")
    assert proxy_variable(url) == "https_proxy"
    monkeypatch.setenv("NO_PROXY", "api.example")
    assert proxy_variable(url) is None


def test_a_certificate_that_is_not_trusted_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        raise httpx.ConnectError("x") from ssl.SSLCertVerificationError(1, "self-signed certificate")

    async def steps() -> None:
        async with client_of(handler) as client:
            with pytest.raises(UnavailableError, match=r"not trusted .*set SSL_CERT_FILE"):
                await client.list_projects()
            monkeypatch.setenv("SSL_CERT_FILE", "x.pem")
            with pytest.raises(UnavailableError, match="by the certificates in SSL_CERT_FILE"):
                await client.list_projects()

    run(steps())
    assert requests == 2
