"""The steps a match takes, kept as words while it is made, so that what is explained is what was done."""

from __future__ import annotations

from precog_assets.matching.results import Reason, Refusal


class Refused(Exception):
    """Carries a refusal from a rule to `match_market`; never leaves the package."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.reason}: {refusal.detail}")
        self.refusal = refusal


class Trace:
    def __init__(self) -> None:
        self._steps: list[str] = []

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(self._steps)

    def say(self, step: str) -> None:
        self._steps.append(step)

    def refuse(self, reason: Reason, detail: str, candidates: tuple[str, ...] = (), suggestion: str = "") -> Refused:
        """The exception to raise; its refusal ends with this step."""
        self.say(f"refused, {reason}: {detail}")
        return Refused(Refusal(reason, detail, candidates, suggestion, self.steps))
