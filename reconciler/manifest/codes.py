"""Every code that a manifest's diagnostics carry, each with what it means. Codes are words for people and for filters;
once shipped they do not change."""

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
    UNKNOWN_TYPE = "unknown-type"
    # Checks that know the field
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


MEANINGS: Final[dict[Code, str]] = {
    Code.UNREADABLE: "A manifest cannot be opened, is not a regular file, is over 10 MB, or is over 100 folders deep.",
    Code.NOT_UTF8: "A manifest, its name, or a text that it reads is not UTF-8.",
    Code.NEAR_DEFAULTS: "A file's name is nearly _defaults.yaml, and the file is not read (a warning).",
    Code.OVERLAY_WITHOUT_MANIFEST: "A file in a target's overlay has no manifest of the same relative path.",
    Code.OVERLAY_DOCUMENTS: "An overlay holds more or fewer YAML documents than the manifest it is laid over.",
    Code.OVERLAY_UNUSED: "An overlay has values for a part that the manifest leaves out (a warning).",
    Code.SYNTAX: "A manifest is not YAML.",
    Code.YAML_VERSION: "A %YAML line names another version than 1.2.",
    Code.LINE_SEPARATOR: "U+0085, U+2028 or U+2029 stands outside a comment, where parsers change or misread it.",
    Code.SURROGATE: "An escape is half a surrogate pair, which no text can hold.",
    Code.TAG: "A value carries a YAML tag.",
    Code.NOT_A_NUMBER: "A number that JSON cannot hold: .nan, .inf, or one that is too large.",
    Code.BAD_KEY: "A key is not a string.",
    Code.INVISIBLE_KEY: "An unquoted key begins or ends with white space or an invisible character.",
    Code.DUPLICATE_KEY: "A key stands twice in one mapping.",
    Code.UNKNOWN_ALIAS: "An alias names no anchor that stands before it.",
    Code.SELF_ALIAS: "An alias stands inside the value that it names.",
    Code.BAD_MERGE: "A merge key << has a value that is neither a mapping nor a list of mappings.",
    Code.TOO_DEEP: "More than 100 levels of nesting.",
    Code.TOO_LARGE: "More than 1,000,000 nodes, with aliases counted out.",
    Code.COMMENT_VALUE: "What looks like a value, or a part of one, is a comment (a warning).",
    Code.DIRECTIVE_NOT_ALONE: "A directive such as $file stands beside other keys.",
    Code.NEAR_DIRECTIVE: "A key looks like a directive and is none (a warning).",
    Code.FILE_OUTSIDE: "A $file or $ref path leaves the repository, is absolute, or passes a part with a dot first.",
    Code.FILE_NOT_FOUND: "A $file or $ref path names nothing.",
    Code.FILE_UNREADABLE: "A $file or $ref path names no regular file, or one that cannot be opened.",
    Code.FILE_NOT_TEXT: "What a $file or $ref path names holds a NUL or is not UTF-8.",
    Code.FILE_TOO_LARGE: "What a $file or $ref path names has more than 10 MB.",
    Code.POINTER_NOT_FOUND: "The pointer of a $ref leads to nothing in the file.",
    Code.NOT_ONE_DOCUMENT: "A file that is referred to or inherited from holds no YAML document, or several.",
    Code.REFERENCE_CIRCLE: "A $ref leads back to itself.",
    Code.REFERENCE_CHAIN: "More than 20 references lead from one to the next.",
    Code.MISPLACED_UNSET: "{$unset: true} stands where nothing can be inherited.",
    Code.UNSET_NOTHING: "{$unset: true} for a key that nothing gives (a warning).",
    Code.UNKNOWN_KEY: "A key that stands for nothing here.",
    Code.MISSING_KEY: "A key that is needed is not there.",
    Code.NULL_PART: "A key without a value where a value is needed.",
    Code.WRONG_TYPE: "A value of another type than is needed.",
    Code.BAD_VALUE: "A value of the right type that is none of those that are taken.",
    Code.BAD_NAME: "A project's name that the API cannot carry.",
    Code.BAD_DATE: "A day that is not written YYYY-MM-DD or is not in the calendar.",
    Code.BAD_IGNORE: "A path to ignore that cannot be read, or that nothing can be ignored at.",
    Code.RESERVED_PARAM: "A parameter has a name that the API uses for itself.",
    Code.EMPTY_ONTOLOGY: "An ontology without choices; the API cannot clear one.",
    Code.DUPLICATE_CHOICE: "A choice stands twice in one ontology.",
    Code.DUPLICATE_NAME: "A project's name stands in two manifests.",
    Code.NAME_NOT_ALLOWED: "A project's name matches none of the names that a _defaults.yaml above it allows.",
    Code.UNKNOWN_TYPE: "A task type that is not known here (a warning).",
    Code.PROJECT_KEY_IN_PARAMS: "A key that belongs beside params stands in it (a warning).",
    Code.MISSPELT_PARAMETER: "A parameter is nearly one that is known (a note), or a known slip (a warning).",
    Code.PARAMETER_KIND: "A parameter has another JSON type than Scale documents (a warning).",
    Code.PARAMETER_OF_OTHER_TYPE: "A parameter is known for other task types alone (a note).",
    Code.PARAMETER_OF_TASK: "A parameter belongs to a single task (a note).",
    Code.LEFT_TO_TASKS: "Every task must bring a parameter that the project does not give (a note).",
    Code.LEGACY_TYPE: "Scale's documentation prefers another task type (a note).",
    Code.UNKNOWN_REFERENCE: "A name inside params is that of no label, attribute or field (a warning).",
    Code.OVER_LIMIT: "A parameter is beyond a limit that Scale documents (a warning).",
    Code.NO_EFFECT: "A setting does nothing where it stands (a warning).",
    Code.EMPTY_INSTRUCTION: "The instruction is empty (a warning).",
    Code.PRIVATE_LINK: "The instruction links to a private address (a warning).",
    Code.LIKE_CHOICES: "Two choices differ by case, white space or Unicode form alone (a warning).",
    Code.IGNORE_ENDS_SOON: "An ignore ends within 14 days (a note).",
    Code.LABEL_NOT_IN_ONTOLOGY: "A label in params is no choice of the ontology (a note).",
    Code.CHOICE_WITHOUT_LABEL: "A choice of the ontology is no label in params (a note).",
    Code.HEADING_AND_LEAF: "A name is a heading in the labels and a leaf in the ontology, or the reverse (a note).",
    Code.DUPLICATE_LABEL: "A label stands twice in one list (a note).",
}
