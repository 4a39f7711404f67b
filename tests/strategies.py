"""Random JSON values, projects and ontologies, small and nasty."""

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.fieldpath import parse_pattern
from reconciler.model.project import RESERVED_PARAMS, DesiredProject, Ignore, LiveProject, Mask, ParamsMode, Source
from reconciler.model.values import Json
from tests.ontologies import live_ontology, ontology

WORDS = st.sampled_from(["a", "b", "c", "choice", "name", "label", "a.b", "", "*", "@x", "__v", "é", "[0]"])
TEXTS = st.one_of(WORDS, st.text(max_size=8))

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-3, max_value=3),
    st.integers(),
    st.sampled_from([0.0, 1.0, 0.5, 1e300, -0.0, 9007199254740993.0]),
    TEXTS,
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(WORDS, inner, max_size=4),
        st.lists(st.fixed_dictionaries({"name": WORDS}, optional={"x": inner}), max_size=4),
    ),
    max_leaves=12,
)
params = st.dictionaries(WORDS.filter(lambda key: key not in RESERVED_PARAMS), values, max_size=5)


@st.composite
def ontologies(draw: st.DrawFn) -> list[Json]:
    """A list of choices, unique in the whole tree, at least one."""
    names = draw(st.lists(TEXTS, min_size=1, max_size=7, unique=True))
    roots: list[Json] = []
    nodes: list[dict[str, Json]] = []
    for name in names:
        node: dict[str, Json] = {"choice": name}
        if draw(st.booleans()):
            node["description"] = draw(TEXTS)
        if draw(st.integers(0, 3)) == 0:
            node["display"] = draw(TEXTS)
        siblings = (
            roots if not nodes or draw(st.booleans()) else draw(st.sampled_from(nodes)).setdefault("subchoices", [])
        )
        siblings.insert(draw(st.integers(0, len(siblings))), node)
        nodes.append(node)
    return roots


_PATTERNS = [
    "params.a",
    "params.*",
    "params.**.b",
    "params.a[*].x",
    "params.can_*",
    "ontology",
    "params.b.a",
    "params.a[0]",
]
_PATTERNS += ["ontology.**.@description", "ontology.**.@display"]

masks = st.builds(
    Mask,
    st.sampled_from(ParamsMode),
    st.lists(st.sampled_from(_PATTERNS).map(parse_pattern).map(Ignore), max_size=2).map(tuple),
)


@st.composite
def desired_projects(draw: st.DrawFn) -> DesiredProject:
    return DesiredProject(
        name="p",
        type="imageannotation",
        source=Source("/repo/projects/p.yaml", 1),
        params=draw(st.none() | params),
        ontology=ontology(draw(st.none() | ontologies())),
        mask=draw(masks),
    )


@st.composite
def live_projects(draw: st.DrawFn) -> LiveProject:
    has_params = draw(st.booleans())
    choices = draw(st.none() | ontologies())
    return LiveProject(
        name="p",
        type="imageannotation",
        params=draw(params) if has_params else {},
        params_version=draw(st.integers(0, 5)) if has_params else None,
        ontology=live_ontology(choices, draw(st.sampled_from([None, "n"])) if choices else None),
        ontology_version=0 if choices else None,
    )
