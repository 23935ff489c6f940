"""Inferences in several steps: one that feeds another through a rule, and two that stand beside each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ltd.corpus.contrast import Cast, Inference, Label, Reasoning
from ltd.corpus.draw import Draw


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
