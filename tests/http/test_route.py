"""Proxy and certificate variables: each one that does not work is an error with its name."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from reconciler.errors import ConnectionSetupError, UnavailableError
from reconciler.http.route import Proxy, proxy_for
from tests.scale.loopback import FakeClock, answer, client_of, run, serving

FAR = "http://api.example/v1"
FAR_SECURE = "https://api.example/v1"
BROKEN = [
    ("ALL_PROXY", "socks5://127.0.0.1:9", FAR_SECURE, "SOCKS"),
    ("all_proxy", "socks5h://127.0.0.1:9", FAR, "SOCKS"),
    ("HTTP_PROXY", "socks5://me:s3cr3t@127.0.0.1:9", FAR, "SOCKS"),
    ("HTTPS_PROXY", "socks4://127.0.0.1:9", FAR_SECURE, "is not the URL of a proxy"),
    ("https_proxy", "http://me:s3cr3t@proxy:abc", FAR_SECURE, "is not the URL of a proxy"),
    ("HTTP_PROXY", "http://[::1", FAR, "is not the URL of a proxy"),
    ("HTTP_PROXY", "foo:bar:baz", FAR, "is not the URL of a proxy"),
    ("HTTPS_PROXY", " http://proxy:1", FAR_SECURE, "is not the URL of a proxy"),
    ("SSL_CERT_FILE", "none.pem", "https://127.0.0.1:9/v1", "names a file that cannot be used"),
    ("SSL_CERT_FILE", "/", FAR_SECURE, "names a file that cannot be used"),
    ("SSL_CERT_DIR", "nodir", FAR_SECURE, "not name a folder"),
    ("SSLKEYLOGFILE", "/nonexistent/folder/log", FAR_SECURE, "names a file that cannot be used"),
]


@pytest.mark.parametrize(("name", "value", "endpoint", "words"), BROKEN)
def test_a_variable_that_does_not_work_is_named(
    name: str, value: str, endpoint: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    if name.lower() != "all_proxy":
        monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    with pytest.raises(ConnectionSetupError) as caught:
        client_of(endpoint)
    assert f"variable {name} " in caught.value.summary
    assert words in caught.value.summary
    assert "s3cr3t" not in caught.value.summary + caught.value.detail
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("name", "value", "endpoint", "words"), BROKEN[:8])
def test_a_proxy_variable_that_holds_for_another_host_is_nothing_to_loopback(
    name: str, value: str, endpoint: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    async def steps() -> None:
        async with serving(answer([])) as server, client_of(server) as client:
            assert await client.list_projects() == []

    run(steps())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_loopback_is_never_reached_through_a_proxy(name: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps() -> None:
        async with serving(answer({}, status=407)) as proxy, serving(answer([])) as server:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            async with client_of(f"http://{host}:{server.port}/v1") as client:
                assert await client.list_projects() == []
            assert proxy.requests == []
            assert len(server.requests) == 1

    run(steps())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost", "LOCALHOST", "localhost:8080", "127.0.0.1:1"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_spelling_of_loopback(scheme: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy:1")
    assert proxy_for(httpx.URL(f"{scheme}://{host}/v1")) is None
    assert proxy_for(httpx.URL(f"{scheme}://128.0.0.1/v1")) == Proxy("ALL_PROXY", "http://proxy:1")


@pytest.mark.parametrize(
    ("value", "outside", "inside"),
    [
        ("*", ["http://a.example"], []),
        ("x, *", ["http://a.example"], []),
        ("", [], ["http://a.example"]),
        (",,", [], ["http://a.example"]),
        ("a.example", ["http://a.example", "http://b.a.example", "http://A.Example:8"], ["http://xa.example"]),
        (".a.example", ["http://a.example", "http://b.a.example"], ["http://xa.example"]),
        ("*.a.example", ["http://a.example", "http://b.a.example"], ["http://xa.example"]),
        ("a.example:8080", ["http://a.example:8080"], ["http://a.example", "https://a.example"]),
        ("a.example:443", ["https://a.example"], ["http://a.example"]),
        ("https://a.example", ["https://a.example"], ["http://a.example"]),
        ("all://a.example", ["https://a.example", "http://a.example"], ["http://b.example"]),
        ("xn--bcher-kva.example", ["http://bücher.example"], ["http://b.example"]),
        ("bücher.example", ["http://bücher.example"], ["http://b.example"]),
        ("10.0.0.1", ["http://10.0.0.1"], ["http://10.0.0.2", "http://a.example"]),
        ("10.0.0.0/8", ["http://10.1.2.3:9"], ["http://11.0.0.1"]),
        ("10.1.2.3/8", ["http://10.9.9.9"], ["http://11.0.0.1"]),
        ("::1/128,fd00::/8", ["http://[fd12::1]", "https://[fd12::1]:9"], ["http://[fe80::1]", "http://10.0.0.1"]),
        ("x,[fd12::1]", ["http://[fd12::1]"], ["http://[fd12::2]"]),
        ("[fd12::1]:80", ["http://[fd12::1]"], ["http://[fd12::1]:81"]),
        ("http://[::1", [], ["http://a.example"]),
        ("a b c/x", [], ["http://a.example"]),
        (".", [], ["http://a.example"]),
    ],
)
def test_what_no_proxy_says(value: str, outside: list[str], inside: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No entry ends a run: one that names nothing excludes nothing, as curl and Go have it."""
    monkeypatch.setenv("NO_PROXY", value)
    assert proxy_for(httpx.URL("http://a.example")) is None
    monkeypatch.setenv("ALL_PROXY", "proxy:1")
    for url in outside:
        assert proxy_for(httpx.URL(url)) is None, url
    for url in inside:
        assert proxy_for(httpx.URL(url)) == Proxy("ALL_PROXY", "http://proxy:1"), url
        client_of(f"{url}/v1")


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
            client_of(FAR)

    run(steps())


def test_a_failure_that_no_variable_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> None:
        raise OSError("no certificates on this machine")

    monkeypatch.setattr(httpx, "AsyncHTTPTransport", refuse)
    with pytest.raises(ConnectionSetupError, match="cannot be set up"):
        client_of("http://127.0.0.1:9/v1")
    client_of(lambda request: httpx.Response(200))  # it opens no connection


def test_certificates_that_no_variable_explains(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse() -> None:
        raise OSError("no certificates on this machine")

    monkeypatch.setattr(httpx, "create_ssl_context", refuse)
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "log"))
    with pytest.raises(ConnectionSetupError, match=r"cannot be set up \(OSError\)"):
        client_of(FAR_SECURE)


@pytest.mark.parametrize(("name", "value", "endpoint", "words"), BROKEN)
def test_in_process_no_variable_is_read(
    name: str, value: str, endpoint: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        assert "Check that the proxy set in ALL_PROXY" in caught.value.detail
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
            assert "Check that the proxy set in HTTPS_PROXY" in caught.value.detail
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
            assert "Check that the proxy set in http_proxy" in getattr(caught.value, "detail", "")

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
        assert "Check that the proxy set in HTTP_PROXY" in caught.value.detail

    run(steps())


def test_which_variable_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    def variable() -> str | None:
        proxy = proxy_for(httpx.URL(FAR_SECURE))
        return proxy.variable if proxy is not None else None

    assert variable() is None
    monkeypatch.setenv("ALL_PROXY", "http://a")
    assert variable() == "ALL_PROXY"
    monkeypatch.setenv("HTTPS_PROXY", "http://b")
    assert variable() == "HTTPS_PROXY"
    monkeypatch.setenv("https_proxy", "http://c")
    assert variable() == "https_proxy"
    assert "http://c" not in repr(proxy_for(httpx.URL(FAR_SECURE)))
    monkeypatch.setenv("NO_PROXY", "api.example")
    assert variable() is None
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"all": "http://of-the-system"})
    for name in ("ALL_PROXY", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name)
    assert variable() == "all_proxy"


def test_a_certificate_that_is_not_trusted_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        raise httpx.ConnectError("x") from ssl.SSLCertVerificationError(1, "self-signed certificate")

    async def steps() -> None:
        async with client_of(handler) as client:
            with pytest.raises(UnavailableError, match="certificate is not trusted") as bare:
                await client.list_projects()
            assert "set SSL_CERT_FILE" in bare.value.detail
            monkeypatch.setenv("SSL_CERT_FILE", "x.pem")
            with pytest.raises(UnavailableError) as named:
                await client.list_projects()
            assert "Only the certificates in SSL_CERT_FILE" in named.value.detail

    run(steps())
    assert requests == 2


def test_httpx_is_imported_without_its_command_line() -> None:
    script = "import sys, reconciler.http, httpx; print({'rich', 'httpx._main'} & sys.modules.keys(), httpx.main)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("set() <function main")
