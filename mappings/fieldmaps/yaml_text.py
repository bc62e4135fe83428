"""A map's YAML, every mistake with its line and column: besides what no YAML file here may have, keys without a value
and maps that are too long."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mappings.fieldmaps.mistakes import Mistakes
from mappings.yaml_tree import Mark, NotYaml, YamlTree, read_tree

MAX_CHARACTERS = 200_000
"""Of a map. Nobody writes a longer one, and no work follows from it that isn't bounded."""


def read_yaml(text: str, name: str) -> tuple[Any, Mistakes]:
    """The tree without what isn't taken in it, and where mistakes are added to, those among them. Raises MapRejected
    where nothing can be read."""
    if len(text) > MAX_CHARACTERS:
        mistakes = Mistakes(name, {(): Mark(1, 1)})
        mistakes.add((), f"the map has {len(text):,} characters", f"at most {MAX_CHARACTERS:,} characters")
        mistakes.raise_any()
    tree = _tree(text, name)
    mistakes = Mistakes(name, tree.marks)
    for offence in tree.offences:
        mistakes.add(offence.place, offence.wrong, offence.expected, offence.value)
    for place in tree.empty:
        mistakes.add(place, "has no value", "a value; the empty text is written ''")
    if () in tree.lost or () in tree.empty:
        mistakes.raise_any()
    for place in (*tree.lost, *tree.empty):
        mistakes.lose(place)
    return tree.value, mistakes


@lru_cache(maxsize=16)
def _tree(text: str, name: str) -> YamlTree:
    """Kept for a while, because an edited map is compiled several times over; nobody changes one."""
    try:
        return read_tree(text)
    except NotYaml as wrong:
        mistakes = Mistakes(name, {(): wrong.mark or Mark(1, 1)})
        mistakes.add((), f"can't be read as YAML: {wrong.problem}", "YAML 1.2", code="file_not_readable")
        mistakes.raise_any()
        raise
