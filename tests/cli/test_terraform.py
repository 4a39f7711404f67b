"""What people who know Terraform type: each option and command is answered with what to use instead."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("plan -out=a.plan", "did you mean '--out=a.plan'?"),
        ("plan -out a.plan", "did you mean '--out'?"),
        ("apply -auto-approve", "did you mean '--auto-approve'?"),
        ("apply --auto-aprove", "Did you mean '--auto-approve'?"),
        ("apply -auto-approve=true", "did you mean '--auto-approve'?"),
        ("apply -parallelism=3", "did you mean '--parallelism=3'?"),
        ("plan -detailed-exitcode", "did you mean '--detailed-exitcode'?"),
        ("plan -detailed-exit-code", "did you mean '--detailed-exitcode'?"),
        ("plan -target=project.p", "did you mean 'reconciler plan p'?"),
        ("plan -target p", "did you mean 'reconciler plan p'?"),
        ("plan -target=p*", "did you mean 'reconciler plan 'p*''?"),
        ("plan -target", "Terraform's -target selects resources."),
        ("plan -target -out=x", "Terraform's -target selects resources."),
        ("plan -chdir=x", "did you mean '-C x'?"),
        ("plan -chdir", "-C comes before the command."),
        ("-chdir=x plan", "did you mean '-C x'?"),
        ("plan -no-color", "did you mean 'NO_COLOR=1'?"),
        ("plan --no-color", "did you mean 'NO_COLOR=1'?"),
        ("plan -json", "did you mean '--format json'?"),
        ("plan --json", "did you mean '--format json'?"),
        ("plan -refresh-only", "did you mean 'reconciler drift'?"),
        ("plan -refresh=false", "--live"),
        ("plan -destroy", "cannot be deleted"),
        ("plan -replace=p", "cannot be deleted"),
        ("plan -var a=b", "no variables"),
        ("plan -var-file=x", "no variables"),
        ("plan -lock=false", "no state to lock"),
        ("apply -input=false", "--auto-approve"),
        ("init -upgrade", "no state file"),
        ("fmt -check", "did you mean '--check'?"),
        ("fmt -recursive", "reconciler fmt --check"),
        ("-help", "did you mean '--help'?"),
        ("-version", "did you mean '--version'?"),
        ("destroy", "cannot be deleted"),
        ("workspace list", "--target"),
    ],
)
def test_terraform_is_answered_with_what_to_use_here(cli: Cli, typed: str, said: str) -> None:
    wrong = cli(*typed.split())
    assert (wrong.code, wrong.out) == (1, "")
    assert said in wrong.err
    option = next((word for word in typed.split() if word.startswith("-")), typed.split()[0])
    assert option.partition("=")[0] in wrong.err


@pytest.mark.parametrize("typed", ["plan -x", "plan -zzzzzz", "plan --zzzzzz", "import --diff", "-Cnowhere plan -z"])
def test_other_options_are_answered_by_name(cli: Cli, typed: str) -> None:
    wrong = cli(*typed.split())
    assert wrong.code == 1
    assert wrong.err.startswith("error[usage]: ")
    assert "did you mean '-" not in wrong.err
