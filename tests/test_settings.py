"""Configuration files: every key, every mistake with its line; and which target a run gets."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from reconciler.diagnostics import limited
from reconciler.endpoint import check_endpoint
from reconciler.errors import DiagnosedError, UsageError
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.settings import Settings, Target, choose_target, read_settings


def settings_of(folder: Path, text: str | None = None, *, file: str = "reconciler.toml") -> Settings:
    if text is not None:
        (folder / file).write_text(text)
    return read_settings(folder)


def target_of(settings: Settings, name: str | None = None, **environment: str) -> Target:
    return choose_target(settings, name=name, endpoint=None, environment=environment)


def test_without_a_file_all_is_built_in(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert (settings.repo_root, settings.git_root, settings.manifests) == (tmp_path, tmp_path, tmp_path / "projects")
    assert target_of(settings) == Target("sandbox", ".reconciler/sandbox.db", tmp_path / ".reconciler" / "sandbox.db")
    assert (settings.guards, settings.waivers) == (GuardSettings(20, 0.5, 5, "warn", "hold"), ())
    production = target_of(settings, "production")
    assert production == Target("production", "https://api.scale.com/v1", key_variable="SCALE_API_KEY")


def test_every_key(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        """
        manifests = "labels"
        target = "staging"
        sensitive = ["params.callback_url", "params.**.token"]
        [targets.staging]
        endpoint = "https://api.scale.com/v1/"
        api_key_env = "SCALE_STAGING_KEY"
        parallelism = 3
        writes = false
        record = "local"
        [targets.local]
        sandbox = "x/y.db"
        record = "up/stream-2"
        [targets.production]
        parallelism = 2
        record = "origin"
        [guards]
        max_creates = 0
        max_change_ratio = 1
        max_forgets = 7
        choice_removal = "hold"
        near_name = "warn"
        [[waivers]]
        guard = "choice-removal"
        project = "kitten_*"
        reason = "retired breed, agreed with ops"
        until = 2027-01-31
        [[waivers]]
        guard = "near-name"
        project = "b"
        reason = "meant"
        until = "2027-03-01"
        """,
    )
    assert settings.guards == GuardSettings(0, 1, 7, "hold", "warn")
    assert settings.waivers == (
        Waiver("choice-removal", "kitten_*", "retired breed, agreed with ops", date(2027, 1, 31)),
        Waiver("near-name", "b", "meant", date(2027, 3, 1)),
    )
    assert target_of(settings, "local").record == "up/stream-2"
    assert target_of(settings, "production").record == "origin"
    assert settings.manifests == tmp_path / "labels"
    assert [pattern.text for pattern in settings.sensitive] == ["params.callback_url", "params.**.token"]
    assert target_of(settings) == Target(
        "staging", "https://api.scale.com/v1", key_variable="SCALE_STAGING_KEY", parallelism=3, writes=False
    )
    assert target_of(settings, "local").sandbox == tmp_path / "x" / "y.db"
    assert target_of(settings, "production").parallelism == 2
    assert target_of(settings, "production").endpoint == "https://api.scale.com/v1"
    assert target_of(settings, RECONCILER_TARGET="sandbox").name == "sandbox"
    assert target_of(settings, "local", RECONCILER_TARGET="sandbox").name == "local"


def test_a_built_in_target_of_another_kind(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, '[targets.sandbox]\nendpoint = "http://localhost:1/v1"\n[targets.production]\nsandbox = "p.db"\n'
    )
    assert target_of(settings, "sandbox").endpoint == "http://localhost:1/v1"
    assert target_of(settings, "production").sandbox == tmp_path / "p.db"


def test_the_file_is_found_in_parents_up_to_the_top_level(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    inner = top / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "reconciler.toml").write_text('manifests = "outside"\n')
    assert read_settings(inner).repo_root == inner  # outside git parents are not looked at
    (top / ".git").mkdir()
    assert read_settings(inner).repo_root == top
    (top / "pyproject.toml").write_text('[tool.reconciler]\nmanifests = "here"\n')
    found = read_settings(inner)
    assert (found.repo_root, found.manifests, found.cwd) == (top, top / "here", inner)
    (top / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (top / "a" / "reconciler.toml").write_text("")
    found = read_settings(inner)
    assert (found.repo_root, found.git_root) == (top / "a", top)


def waiver(**changed: str) -> str:
    lines = {"guard": '"vanished"', "project": '"*"', "reason": '"meant"', "until": "2027-01-31"} | changed
    return "[[waivers]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items() if value)


BRANCHES = '[targets.production]\nrecord = "origin"\nrecord_branches'

MISTAKES = [
    ('manifest = "x"', "unknown-key", 1, 'did you mean "manifests"?'),
    ("manifests = 1", "wrong-type", 1, ""),
    ('a = 1\nmanifests = "../x"', "unknown-key", 1, ""),
    ('manifests = "../x"', "path-outside", 1, ""),
    ('manifests = ""', "path-outside", 1, ""),
    ('manifests = "a\\u0000b"', "path-outside", 1, ""),
    ('sensitive = "params.x"', "wrong-type", 1, ""),
    ("sensitive = [1]", "wrong-type", 1, ""),
    ('sensitive = ["params..x"]', "bad-pattern", 1, ""),
    ('target = "sandbx"', "unknown-target", 1, 'did you mean "sandbox"?'),
    ("targets = 1", "wrong-type", 1, ""),
    ("[targets]\nx = 1", "wrong-type", 2, ""),
    ("\n[targets.x]\nparallelism = 2", "missing-key", 2, ""),
    ('[targets.x]\nsandbox = "a"\nendpoint = "https://x"', "two-kinds", 2, ""),
    ('[targets.x]\nsandbox = "/etc/x"', "path-outside", 2, ""),
    ('[targets.x]\nendpoint = "ftp://x"', "bad-endpoint", 2, ""),
    ('[targets.production]\napi_key_env = "live_123"', "bad-variable", 2, ""),
    ("[targets.production]\nparallelism = 0", "out-of-range", 2, ""),
    ("[targets.production]\nparallelism = true", "wrong-type", 2, ""),
    ("[targets.production]\nwrites = 1", "wrong-type", 2, ""),
    *(
        (f"[targets.production]\nrecord = {record}", "bad-remote", 2, "")
        for record in (
            '""',
            '"-x"',
            '"a b"',
            '"a\\tb"',
            '"ext::sh"',
            '"../x"',
            '"/x"',
            '"a//b"',
            '"x/"',
            '"a\\u0000"',
        )
    ),
    ("[targets.production]\nrecord = 1", "wrong-type", 2, ""),
    *(
        (f'[targets.production]\nrecord = "origin"\nrecord_branches = {name}', "bad-branch", 3, "")
        for name in ('""', '"-x"', '"a b"', '"refs/heads/x"', '"HEAD"', '"a/.b"', '"a.lock/b"', '"a/"')
    ),
    ('[targets.production]\nrecord_branches = "reconciler"', "missing-key", 2, ""),
    ("[targets.production]\nrecord_branches = 1", "wrong-type", 2, ""),
    ("[targets.production]\noverlay = 1", "wrong-type", 2, ""),
    ('[targets.production]\noverlay = "../x"', "path-outside", 2, ""),
    ('[targets.production]\noverlay = "projects/overlays"', "overlay-among-manifests", 2, ""),
    ('[targets.production]\noverlay = "projects"', "overlay-among-manifests", 2, ""),
    ("[guards]\nmax_create = 1", "unknown-key", 2, 'did you mean "max_creates"?'),
    ("guards = 1", "wrong-type", 1, ""),
    ("[guards]\nmax_creates = 1.0", "wrong-type", 2, ""),
    ("[guards]\nmax_creates = true", "wrong-type", 2, ""),
    ("[guards]\nmax_forgets = -1", "out-of-range", 2, ""),
    ("[guards]\nmax_change_ratio = 1.01", "out-of-range", 2, ""),
    ("[guards]\nmax_change_ratio = -1", "out-of-range", 2, ""),
    ("[guards]\nmax_change_ratio = nan", "out-of-range", 2, ""),
    ("[guards]\nmax_change_ratio = true", "wrong-type", 2, ""),
    ('[guards]\nnear_name = "wran"', "bad-choice", 2, 'did you mean "warn"?'),
    ("[guards]\nchoice_removal = false", "wrong-type", 2, ""),
    ("guards.max_creates = -1", "out-of-range", 1, ""),
    ("\nguards = {max_creates = -1}", "out-of-range", 2, ""),
    ("waivers = 1", "wrong-type", 1, ""),
    ("waivers = ['x']", "wrong-type", 1, ""),
    ("[waivers]\nguard = 'vanished'", "wrong-type", 1, ""),
    ("\nwaivers = [{guard = 'x', project = 'x', reason = 'x', until = 2027-01-31}]", "unknown-guard", 2, ""),
    (waiver(guard='"vanish"'), "unknown-guard", 2, 'did you mean "vanished"?'),
    (waiver(guard='"no-manifests"'), "unknown-guard", 2, ""),
    (waiver(guard="1"), "wrong-type", 2, ""),
    (waiver(projects='"x"'), "unknown-key", 6, 'did you mean "project"?'),
    (waiver(reason='" "'), "empty", 4, ""),
    (waiver(project='""'), "empty", 3, ""),
    (waiver(until=""), "missing-key", 1, ""),
    (waiver() + waiver(reason=""), "missing-key", 6, ""),
    (waiver() + waiver(until='"2027-3-1"'), "bad-date", 10, ""),
    (waiver(until='"2027-02-30"'), "bad-date", 5, ""),
    (waiver(until='"٢027-02-20"'), "bad-date", 5, ""),
    (waiver(until="2027-03-01T00:00:00Z"), "bad-date", 5, ""),
    (waiver(until="20270301"), "bad-date", 5, ""),
    (waiver(until='"never"'), "bad-date", 5, ""),
    ('manifests = "x', "syntax", 1, ""),
]


@pytest.mark.parametrize(("text", "code", "line", "label"), MISTAKES)
def test_a_mistake_has_its_line(tmp_path: Path, text: str, code: str, line: int, label: str) -> None:
    with pytest.raises(DiagnosedError) as raised:
        settings_of(tmp_path, text)
    first = raised.value.diagnostics[0]
    assert first.location is not None
    assert (first.code, first.location.line, first.location.file) == (
        code,
        line,
        (tmp_path / "reconciler.toml").as_posix(),
    )
    assert label in first.label


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('manifests = ""', "manifests cannot be empty"),
        ('manifests = "a\\u0000"', "manifests cannot contain a NUL character"),
        ('[targets.x]\nsandbox = ".git/x"', "Use a path outside .git."),
        (
            '[targets.production]\napi_key_env = "SCALE_key"',
            "can contain only capital letters, digits, and underscores",
        ),
        ('[targets.production]\noverlay = "projects"', "is the manifest folder itself"),
        (f"{BRANCHES} = 'my branch'", "no spaces, no .., and no part that"),
        (f"{BRANCHES} = 'refs/heads/x'", 'Leave out "refs/heads/". With'),
        (f"{BRANCHES} = 'refs/x'", 'Leave out "refs/". With'),
        (f"{BRANCHES} = 'HEAD'", '"HEAD" is not a prefix for branch names'),
        ('[targets.production]\nwrites = "true"', "Text in quotes is a string."),
        ("[guards]\nmax_creates = 1\nmax-creates = 1", "in two spellings Remove one of them."),
        (waiver(reason='" "'), "waivers[0].reason must contain text"),
    ],
)
def test_the_words_are_true_for_each_mistake(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DiagnosedError) as raised:
        settings_of(tmp_path, text)
    first = raised.value.diagnostics[0]
    assert words in f"{first.summary} {first.detail}"


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(DiagnosedError) as raised:
        settings_of(tmp_path, 'manifests = 1\nsensitiv = 2\n[targets.x]\nwrites = "no"\n')
    assert len(raised.value.diagnostics) == 4


def test_waivers_of_a_pyproject_have_their_lines(tmp_path: Path) -> None:
    text = (waiver() + waiver(guard='"no-manifests"')).replace("[[waivers", "[[tool.reconciler.waivers")
    with pytest.raises(DiagnosedError) as raised:
        settings_of(tmp_path, "[project]\nguard = 1\n" + text, file="pyproject.toml")
    (only,) = raised.value.diagnostics
    assert only.location is not None
    assert (only.location.line, only.summary) == (9, "no-manifests can be waived only with --allow")


def test_two_configurations_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n\n[tool.reconciler]\n")
    assert settings_of(tmp_path).config_file == tmp_path / "pyproject.toml"
    with pytest.raises(DiagnosedError) as raised:
        settings_of(tmp_path, "")
    location = raised.value.diagnostics[0].location
    assert location is not None
    assert (location.line, location.column) == (4, 1)


def test_a_table_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DiagnosedError):
        settings_of(tmp_path, "[tool]\nreconciler = 1\n", file="pyproject.toml")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_bytes(b'manifests = "\xff"')
    with pytest.raises(UsageError, match="not UTF-8"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.scale.com/v1",
        "https://API.scale.com:443/v1",
        "http://127.0.0.1:8080/v1",
        "http://127.9.9.9/v1",
        "http://[::1]:80/v1",
        "http://localhost/v1/",
    ],
)
def test_endpoints_that_a_file_may_name(tmp_path: Path, url: str) -> None:
    settings = settings_of(tmp_path, f'[targets.x]\nendpoint = "{url}"\n')
    assert target_of(settings, "x").endpoint == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.scale.com.evil.example/v1",
        "https://api.scale.com:444/v1",
        "https://evil.example/api.scale.com/v1",
        "https://localhost.evil.example/v1",
    ],
)
def test_endpoints_that_must_stand_in_a_flag_or_variable(tmp_path: Path, url: str) -> None:
    settings = settings_of(tmp_path, f'[targets.x]\nendpoint = "{url}"\napi_key_env = "SCALE_X"\n')
    with pytest.raises(UsageError, match=r"is set only in reconciler\.toml"):
        target_of(settings, "x")
    assert target_of(settings, "x", RECONCILER_ENDPOINT=url).key_variable == "SCALE_X"
    assert target_of(settings, "sandbox", RECONCILER_ENDPOINT=url).key_variable == "SCALE_API_KEY"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.scale.com/v1",
        "http://api.scale.com/v1",
        "http://10.0.0.1/v1",
        "https://user:password@api.scale.com/v1",
        "https://api.scale.com/v1?x=1",
        "https://api.scale.com/v1#x",
        "https://[::1",
        "https://x:port/v1",
        "https://a b/v1",
        "file:///etc/passwd",
    ],
)
def test_endpoints_that_get_no_key(url: str) -> None:
    with pytest.raises(UsageError):
        check_endpoint(url)


@pytest.mark.parametrize(
    ("text", "place", "caret"),
    [
        ('manifst = "projects"', "1:1", "manifst"),
        ('target = "prodution"  # ours', "1:10", '"prodution"'),
        ("[guards]\n  max_creates = true # c", "2:17", "true"),
        ("sensitive = [\"params.a\", 'params..x']", "1:26", "'params..x'"),
        ("sensitive = [\n1]", "2:1", "1"),
        ('[checks]\nlike-choices = "quiet"', "2:16", '"quiet"'),
        ('[checks]\nrenamed-choice = "note"', "2:18", '"note"'),
        ('[checks]\nlike-choise = "off"', "2:1", "like-choise"),
        ("[targets]\nx.endpoint = 5", "2:14", "5"),
    ],
)
def test_a_caret_stands_under_what_is_wrong(tmp_path: Path, text: str, place: str, caret: str) -> None:
    with pytest.raises(DiagnosedError) as caught:
        settings_of(tmp_path, text)
    (diagnostic,) = caught.value.diagnostics
    location = diagnostic.location
    assert location is not None
    assert location.text is not None or location.line == 1
    assert f"{location.line}:{location.column}" == place
    assert (location.text or "[")[location.column - 1 : location.end_column - 1] == caret


def test_one_mistake_in_a_target_is_reported_once(tmp_path: Path) -> None:
    with pytest.raises(DiagnosedError) as caught:
        settings_of(tmp_path, '[targets.x]\nendpont = "https://api.scale.com/v1"')
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["unknown-key"]


def test_a_word_like_none_is_told_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(DiagnosedError) as caught:
        settings_of(tmp_path, "zzz = 1")
    assert caught.value.diagnostics[0].detail.startswith("Known keys: manifests, target, ")


def test_a_bare_word_is_to_be_quoted(tmp_path: Path) -> None:
    with pytest.raises(DiagnosedError) as caught:
        settings_of(tmp_path, "manifests = projects")
    assert caught.value.diagnostics[0].label == "quote it"


@pytest.mark.parametrize(
    ("text", "code", "line", "summary"),
    [
        ("x = 1\ny = " + "9" * 990_000, "too-large", 2, "a number has more than 4,300 digits"),
        ("x = 1\ny = 1" + "_9" * 4_300, "too-large", 2, "a number has more than 4,300 digits"),
        ("x = " + "[" * 400_000 + "]" * 400_000, "too-deep", 1, "reconciler.toml is nested too deeply"),
        ("x = " + "{a = " * 190_000, "too-deep", 1, "reconciler.toml is nested too deeply"),
        ("# c\n" + "a." * 450_000 + "a = 1", "too-deep", 2, "a key has more than 30 parts"),
        ('# c\n[["a". ' + "'a' . " * 100_000 + "a]]", "too-deep", 2, "a key has more than 30 parts"),
        ("x = {b = 1, " + "a." * 30 + "a = 1}", "too-deep", 1, "a key has more than 30 parts"),
        ("# " + "x" * 1_000_000, "file", 1, "reconciler.toml cannot be read: it is larger than 1 MB"),
    ],
)  # fmt: skip
def test_small_configurations_that_would_cost_much(
    tmp_path: Path, text: str, code: str, line: int, summary: str
) -> None:
    """Reading a number takes time with the square of its digits, a dotted key with that of its parts."""
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with pytest.raises(DiagnosedError) as caught:
            settings_of(tmp_path, text)
        assert sys.get_int_max_str_digits() == 0
    finally:
        sys.set_int_max_str_digits(digits)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.location is not None
    assert (diagnostic.code, diagnostic.location.line, diagnostic.summary) == (code, line, summary)


def test_long_numbers_and_keys_that_are_fine(tmp_path: Path) -> None:
    text = f'[tool.x]\nn = {"9" * 4_300}\nb = "{"a." * 100}"\n{"a." * 29}a = 1\n[tool.reconciler]\n'
    assert settings_of(tmp_path, text, file="pyproject.toml").manifests == tmp_path / "projects"


@pytest.mark.untraced
def test_of_many_mistakes_the_first_are_reported_and_the_rest_counted(tmp_path: Path) -> None:
    with pytest.raises(DiagnosedError) as caught:
        settings_of(tmp_path, "".join(f"k{number} = 1\n" for number in range(5_000)))
    found = caught.value.diagnostics
    assert limited(found) == [*found]
    assert len(found) == 1_001
    assert found[-1].summary == "4,000 errors in this file are not shown"
    assert found[999].location is not None
    assert found[999].location.line == 1_000
    with pytest.raises(DiagnosedError) as caught:
        settings_of(tmp_path, "".join(f"k{number} = 1\n" for number in range(1_001)))
    assert caught.value.diagnostics[-1].summary == "1 error in this file is not shown"


@pytest.mark.parametrize(
    "key", ["manifests = {}\n", "[targets.x]\nsandbox = {}\n", "[targets.sandbox]\noverlay = {}\n"]
)
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("../out", "path-outside"), ("/etc", "path-outside"), ("", "path-outside"), ("link/x", "path-outside"),
        ("a\\u0000b", "path-outside"), (".git/x", "path-in-git"), ("a/../.GIT/x", "path-in-git"),
    ],
)  # fmt: skip
def test_paths_that_leave_the_repository(tmp_path: Path, key: str, value: str, code: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to("..")
    (tmp_path / "root" / "ring").symlink_to("ring")
    with pytest.raises(DiagnosedError) as caught:
        settings_of(tmp_path / "root", key.format(f'"{value}"'))
    assert caught.value.diagnostics[0].code == code
    settings_of(tmp_path / "root", 'manifests = "ring"\n')  # it is reported when it is read


def test_the_beginning_of_a_target_s_name_is_near_enough(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='did you mean "production"'):
        target_of(settings_of(tmp_path, ""), "prod")
