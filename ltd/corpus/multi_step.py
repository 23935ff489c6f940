"""Inferences in several steps: rules applied in a row, and one inference feeding or standing beside another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ltd.corpus.contrast import Cast, Contrast, Inference, Label, Phenomenon, Reasoning, Slots
from ltd.corpus.draw import Draw


def _rules(cast: Cast) -> Slots:
    return {"a": cast.name(), "b": cast.name(), "p": cast.event(), "q": cast.event(), "r": cast.event()}


RULES = Phenomenon(
    "rules",
    _rules,
    (
        Contrast(
            "{a} {r.past}",
            entailed_by=(
                "everyone who {p.past} {q.past}. everyone who {q.past} {r.past}. {a} {p.past}",
                "everyone who {q.past} {r.past}. {a} {p.past}. everyone who {p.past} {q.past}",
            ),
            left_open_by=(
                "everyone who {p.past} {q.past}. everyone who {q.past} {r.past}. {b} {p.past}",
                "everyone who {q.past} {r.past}. {a} did not {p}. everyone who {p.past} {q.past}",
            ),
            contradicted_by=(
                "everyone who {p.past} {q.past}. nobody who {q.past} {r.past}. {a} {p.past}",
                "nobody who {q.past} {r.past}. {a} {p.past}. everyone who {p.past} {q.past}",
            ),
        ),
    ),
)


@dataclass(frozen=True)
class Consequence:
    """The hypothesis of a one-step inference as the condition of a rule; asked is what the rule concludes."""

    condition: Reasoning

    @property
    def name(self) -> str:
        return f"{self.condition.name} + consequence"

    def infer(self, label: Label, variant: int, cast: Cast) -> Inference:
        """A condition that is left open leaves the conclusion open."""
        condition_label: Label = "neutral" if label == "neutral" else "entailment"
        condition = self.condition.infer(condition_label, variant, cast)
        name, event = cast.name(), cast.event()
        hypothesis, opposite = f"{name} {event.past}", f"{name} did not {event}"
        concluded = {"entailment": hypothesis, "contradiction": opposite, "neutral": hypothesis}
        parts = (condition.premise, f"if {condition.hypothesis}, then {concluded[label]}")
        return Inference(". ".join(cast.draw.shuffled(parts)), hypothesis, label, self.name)


def beside(first: Inference, second: Inference, draw: Draw) -> tuple[Inference, Inference]:
    """Both inferences from one premise that holds both of theirs; each is a distraction for the other."""
    premise = ". ".join(draw.shuffled((first.premise, second.premise)))
    return replace(first, premise=premise), replace(second, premise=premise)
