"""When Python's cyclic garbage collector is paused."""

from __future__ import annotations

import gc
import subprocess
import sys
from contextlib import suppress

from reconciler.collection import collector_paused, collector_resumed


class _Cycle:
    """An object that only the collector frees. `freed` counts those."""

    freed = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        type(self).freed += 1


def test_a_resumed_collector_frees_cycles_and_is_paused_again() -> None:
    before = _Cycle.freed
    with collector_paused():
        with suppress(KeyError), collector_resumed():
            assert gc.isenabled()
            _Cycle()
            gc.collect()
            raise KeyError
        assert not gc.isenabled()
        assert gc.get_freeze_count() == 0
    assert gc.isenabled()
    assert _Cycle.freed == before + 1
    gc.freeze()  # as conftest.py left it


def test_a_collector_that_is_not_paused_is_left_alone() -> None:
    frozen = gc.get_freeze_count()
    with collector_resumed():
        assert gc.isenabled()
        assert gc.get_freeze_count() == frozen
    assert gc.isenabled()


def test_only_the_console_script_pauses_it_for_a_whole_command() -> None:
    script = "import gc\nimport reconciler.cli as cli\ncli.run = lambda arguments: int(gc.isenabled())\n{call}"
    for call, code in (("cli.main()", 0), ("raise SystemExit(cli.run([]))", 1)):
        done = subprocess.run([sys.executable, "-c", script.format(call=call)], check=False)
        assert done.returncode == code, call
