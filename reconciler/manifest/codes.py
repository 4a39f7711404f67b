"""The codes of a manifest's diagnostics. docs/diagnostics.md explains each. Once shipped, a code does not change."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Code(StrEnum):
    # Files
    UNREADABLE = "unreadable"
    NOT_UTF8 = "not-utf8"
    NEAR_DEFAULTS = "near-defaults"
    OVERLAY_WITHOUT_MANIFEST = "overlay-without-manifest"
    OVERLAY_DOCUMENTS = "overlay-documents"
    OVERLAY_UNUSED = "overlay-unused"
    # YAML
    SYNTAX = "syntax"
    YAML_VERSION = "yaml-version"
    LINE_SEPARATOR = "line-separator"
    SURROGATE = "surrogate"
    TAG = "tag"
    NOT_A_NUMBER = "not-a-number"
    BAD_KEY = "bad-key"
    INVISIBLE_KEY = "invisible-key"
    DUPLICATE_KEY = "duplicate-key"
    UNKNOWN_ALIAS = "unknown-alias"
    SELF_ALIAS = "self-alias"
    BAD_MERGE = "bad-merge"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    COMMENT_VALUE = "comment-value"
    # Directives
    DIRECTIVE_NOT_ALONE = "directive-not-alone"
    NEAR_DIRECTIVE = "near-directive"
    FILE_OUTSIDE = "file-outside"
    FILE_NOT_FOUND = "file-not-found"
    FILE_UNREADABLE = "file-unreadable"
    FILE_NOT_TEXT = "file-not-text"
    FILE_TOO_LARGE = "file-too-large"
    POINTER_NOT_FOUND = "pointer-not-found"
    NOT_ONE_DOCUMENT = "not-one-document"
    REFERENCE_CIRCLE = "reference-circle"
    REFERENCE_CHAIN = "reference-chain"
    MISPLACED_UNSET = "misplaced-unset"
    UNSET_NOTHING = "unset-nothing"
    # The schema
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    NULL_PART = "null-part"
    WRONG_TYPE = "wrong-type"
    BAD_VALUE = "bad-value"
    BAD_NAME = "bad-name"
    BAD_DATE = "bad-date"
    BAD_IGNORE = "bad-ignore"
    RESERVED_PARAM = "reserved-param"
    EMPTY_ONTOLOGY = "empty-ontology"
    DUPLICATE_CHOICE = "duplicate-choice"
    DUPLICATE_NAME = "duplicate-name"
    NAME_NOT_ALLOWED = "name-not-allowed"
    # Checks of params and ontologies, each of which can be switched. They come last.
    UNKNOWN_TYPE = "unknown-type"
    PROJECT_KEY_IN_PARAMS = "project-key-in-params"
    MISSPELT_PARAMETER = "misspelt-parameter"
    PARAMETER_KIND = "parameter-kind"
    PARAMETER_OF_OTHER_TYPE = "parameter-of-other-type"
    PARAMETER_OF_TASK = "parameter-of-task"
    LEFT_TO_TASKS = "left-to-tasks"
    LEGACY_TYPE = "legacy-type"
    UNKNOWN_REFERENCE = "unknown-reference"
    OVER_LIMIT = "over-limit"
    NO_EFFECT = "no-effect"
    EMPTY_INSTRUCTION = "empty-instruction"
    PRIVATE_LINK = "private-link"
    LIKE_CHOICES = "like-choices"
    IGNORE_ENDS_SOON = "ignore-ends-soon"
    LABEL_NOT_IN_ONTOLOGY = "label-not-in-ontology"
    CHOICE_WITHOUT_LABEL = "choice-without-label"
    HEADING_AND_LEAF = "heading-and-leaf"
    DUPLICATE_LABEL = "duplicate-label"


CHECKS: Final = tuple(Code)[tuple(Code).index(Code.UNKNOWN_TYPE) :]
"""The checks of params and ontologies."""
