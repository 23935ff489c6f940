"""A small model-theoretic prover: is a formula true in all, in none or in some of the worlds where another one is?

Formulas are nested tuples over atoms. Atoms that can constrain each other form a family (comparisons by one adjective,
things got by one verb, members of one group), and each family is enumerated as small worlds: weak orders of the
individuals, one or two things with every combination of features, groups of up to twelve members. What is left of a world
is which atoms it makes true. It knows nothing of how the corpus is generated.
"""

from __future__ import annotations

from functools import cache
from itertools import product

Formula = tuple
LARGEST_GROUP = 12  # two more than the largest number word
RELATIONS = ("least", "all", "most")


def decide(premise: Formula, hypothesis: Formula, kinds: dict[str, str]) -> str:
    """``entailment``, ``contradiction`` or ``neutral``; ``kinds`` says which noun is a kind of which other one."""
    return _decide(*_abstracted(premise, hypothesis, kinds))


@cache
def _decide(premise: Formula, hypothesis: Formula, kinds: tuple[tuple[str, str], ...]) -> str:
    atoms = sorted(_atoms(premise) | _atoms(hypothesis), key=repr)
    verdicts = {_holds(hypothesis, world) for world in _worlds(atoms, dict(kinds)) if _holds(premise, world)}
    assert verdicts, f"no world makes the premise true: {premise}"
    return "neutral" if len(verdicts) == 2 else "entailment" if True in verdicts else "contradiction"


def _abstracted(premise: Formula, hypothesis: Formula, kinds: dict[str, str]) -> tuple:
    """The same question with words replaced by numbers in order of appearance, so that its answer can be kept."""
    names: dict[str, str] = {}

    def rename(part: object, is_head: bool = False) -> object:
        if isinstance(part, tuple):
            return tuple(rename(each, index == 0) for index, each in enumerate(part))
        if isinstance(part, str) and not is_head and part not in RELATIONS:
            return names.setdefault(part, f"w{len(names)}")
        return part

    renamed = rename(("pair", premise, hypothesis))
    edges = [(names[noun], names[kind]) for noun, kind in kinds.items() if noun in names and kind in names]
    return renamed[1], renamed[2], tuple(sorted(edges))


def _atoms(formula: Formula) -> set[Formula]:
    head, *parts = formula
    if head in ("not", "and", "or"):
        return set().union(*(_atoms(part) for part in parts))
    return {formula}


def _holds(formula: Formula, world: dict[Formula, bool]) -> bool:
    head, *parts = formula
    if head == "not":
        return not _holds(parts[0], world)
    if head == "and":
        return all(_holds(part, world) for part in parts)
    if head == "or":
        return any(_holds(part, world) for part in parts)
    return world[formula]


def _worlds(atoms: list[Formula], kinds: dict[str, str]):
    families: dict[object, list[Formula]] = {}
    for atom in atoms:
        key = atom[:2] if atom[0] in VALUATIONS else atom
        families.setdefault(key, []).append(atom)
    possible = [VALUATIONS.get(family[0][0], _free)(family, kinds) for family in families.values()]
    for choice in product(*possible):
        yield {
            atom: value
            for family, valuation in zip(families.values(), choice, strict=True)
            for atom, value in zip(family, valuation, strict=True)
        }


def _free(family: list[Formula], kinds: dict[str, str]) -> set[tuple[bool, ...]]:
    """An atom that no other one constrains."""
    return set(product((False, True), repeat=len(family)))


def _orders(family: list[Formula], kinds: dict[str, str]) -> set[tuple[bool, ...]]:
    """``("above", order, x, y)``: all weak orders of the individuals, each as a rank for each of them."""
    individuals = sorted({individual for _, _, *pair in family for individual in pair})
    return {
        tuple(rank[individuals.index(x)] > rank[individuals.index(y)] for _, _, x, y in family)
        for rank in product(range(len(individuals)), repeat=len(individuals))
    }


def _groups(family: list[Formula], kinds: dict[str, str]) -> set[tuple[bool, ...]]:
    """``("count", group, predicate, relation, number)``: all sizes of the group, and of its part with each predicate."""
    predicates = sorted({atom[2] for atom in family})
    return {
        tuple(
            _counted(relation, parts[predicates.index(predicate)], number, size)
            for _, _, predicate, relation, number in family
        )
        for size in range(1, LARGEST_GROUP + 1)
        for parts in product(range(size + 1), repeat=len(predicates))
    }


def _counted(relation: str, part: int, number: int, size: int) -> bool:
    return {"least": part >= number, "all": part == size, "most": 2 * part > size}[relation]


def _things(family: list[Formula], kinds: dict[str, str]) -> set[tuple[bool, ...]]:
    """``("got", verb, person, noun, ("are", *adjectives), ("in", *places))``: the person got such a thing in such a place.

    One thing is of one sort, has any of the adjectives, and each person did not get it, or did so in one place or
    none of those mentioned. Worlds have one thing or two.
    """
    nouns = sorted({atom[3] for atom in family})
    adjectives = sorted({adjective for atom in family for adjective in atom[4][1:]})
    places = sorted({place for atom in family for place in atom[5][1:]})
    persons = sorted({atom[2] for atom in family})
    witnessed = set()
    for noun in (*nouns, "thing"):
        is_a = {noun, kinds.get(noun)}
        for has in product((False, True), repeat=len(adjectives)):
            owned = {adjective for adjective, true in zip(adjectives, has, strict=True) if true}
            for ways in product((None, "elsewhere", *places), repeat=len(persons)):
                way = dict(zip(persons, ways, strict=True))
                witnessed.add(
                    tuple(
                        atom[3] in is_a
                        and owned.issuperset(atom[4][1:])
                        and way[atom[2]] is not None
                        and {way[atom[2]]}.issuperset(atom[5][1:])
                        for atom in family
                    )
                )
    both = {tuple(map(max, one, other)) for one in witnessed for other in witnessed}
    return witnessed | both


VALUATIONS = {"above": _orders, "count": _groups, "got": _things}
