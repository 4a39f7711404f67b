"""The completion scripts of the shells, and what these ask for while a command line is typed.

A script calls reconciler with the line up to the cursor in COMP_LINE. The answer is one candidate per line. The first
line `:file` or `:dir` leaves the rest to the shell. The scripts and the format are ours, because click's insert a name
with a space as two words, cannot complete a name with a colon in bash, and ask bash for its version each time.
"""

from __future__ import annotations

import os
import re
from typing import Final

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

_BASH: Final = """\
_reconciler_completion() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            '') ;;
            :file) compopt -o default ;;
            :dir) compopt -o dirnames ;;
            */) compopt -o nospace; COMPREPLY+=("$line") ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \\
        _RECONCILER_COMPLETE=bash_complete "$1" 2>/dev/null </dev/null)
}
complete -F _reconciler_completion reconciler
"""

_ZSH: Final = """\
#compdef reconciler
_reconciler() {
    local line
    local -a values folders
    [[ $PREFIX == --*=* ]] && compset -P '*='
    for line in "${(@f)$(COMP_LINE="${(j: :)words[1,CURRENT]}" _RECONCILER_COMPLETE=zsh_complete \\
        "${words[1]}" 2>/dev/null </dev/null)}"; do
        case $line in
            '') ;;
            :file) _files ;;
            :dir) _files -/ ;;
            */) folders+=("$line") ;;
            *) values+=("$line") ;;
        esac
    done
    (( $#values )) && compadd -a values
    (( $#folders )) && compadd -S '' -a folders
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _reconciler "$@"
else
    compdef _reconciler reconciler
fi
"""

_FISH: Final = """\
function __reconciler_complete
    set -l words (commandline -opc)
    set -l line (commandline -cp | string collect)
    for line in (env COMP_LINE=$line _RECONCILER_COMPLETE=fish_complete $words[1] 2>/dev/null </dev/null)
        switch $line
            case ''
            case ':file'
                __fish_complete_path (commandline -ct)
            case ':dir'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete --command reconciler --no-files --arguments '(__reconciler_complete)'
"""


class _Shell(ShellComplete):
    """`typed` is the last word as it is typed, with its quotes."""

    typed = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ.get("COMP_LINE", "")
        *words, last = split_arg_string(f"{line}_")  # the cursor: without it, a space at the end would not be seen
        self.typed = _last_word(line)
        return words[1:], last[:-1]

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        try:
            return super().get_completions(args, incomplete)
        except Exception:  # of any kind, so that what raises them is not imported for this
            return []  # a mistake further left; a shell expects silence

    def format_completion(self, item: CompletionItem) -> str:
        return f":{item.type}" if item.type in ("file", "dir") else self.spell(item.value)

    def spell(self, value: str) -> str:
        return value


class _Bash(_Shell):
    """bash inserts a candidate as it is, in place of what follows the last separator in the word."""

    name = "bash"
    source_template = _BASH

    def spell(self, value: str) -> str:
        breaks = [sign for sign in ":=" if sign in os.environ.get("COMP_WORDBREAKS", ":=")]
        if self.typed.startswith(("'", '"')):
            return value
        typed = self.typed.partition("=")[2] if _is_option(self.typed) else self.typed
        end = max((typed.rfind(sign) for sign in breaks), default=-1) + 1
        rest = value[len("".join(split_arg_string(typed[:end]))) :]
        return re.sub(r"([^\w@%+=:,./-])", r"\\\1", rest)


class _Zsh(_Shell):
    """zsh quotes by itself, and replaces what follows the `=` of an option."""

    name = "zsh"
    source_template = _ZSH


class _Fish(_Shell):
    """fish quotes by itself, and replaces the whole word."""

    name = "fish"
    source_template = _FISH

    def spell(self, value: str) -> str:
        return f"{self.typed.partition('=')[0]}={value}" if _is_option(self.typed) else value


_SHELLS: Final = (_Bash, _Zsh, _Fish)


def script(shell: str) -> str:
    return next(each.source_template for each in _SHELLS if each.name == shell)


def register() -> None:
    """Make click respond to the scripts above."""
    for each in _SHELLS:
        add_completion_class(each)


def _is_option(word: str) -> bool:
    return word.startswith("--") and "=" in word


def _last_word(line: str) -> str:
    """The text after the last unquoted whitespace."""
    start, quote, escaped = 0, "", False
    for position, sign in enumerate(line):
        if escaped:
            escaped = False
        elif sign == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign.isspace():
            start = position + 1
    return line[start:]
