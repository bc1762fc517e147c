"""The steps a match takes, kept as words while it is made, so that what is explained is what was done."""

from __future__ import annotations

from precog_assets.matching.results import Alias, Reason, Refusal


class Refused(Exception):
    """Carries a refusal from a rule to `match_market`; never leaves the package."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.reason}: {refusal.detail}")
        self.refusal = refusal


class Trace:
    def __init__(self) -> None:
        self._steps: list[str] = []
        self._reached = 0.0

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(self._steps)

    def say(self, step: str) -> None:
        self._steps.append(step)

    def reach(self, score: float) -> None:
        """The market got this far: the score of a refusal that follows."""
        self._reached = max(self._reached, score)

    def refuse(
        self,
        reason: Reason,
        detail: str,
        candidates: tuple[str, ...] = (),
        suggestion: str = "",
        alias: Alias | None = None,
    ) -> Refused:
        """The exception to raise; its refusal ends with this step."""
        self.say(f"refused, {reason}: {detail}")
        return Refused(Refusal(reason, detail, candidates, suggestion, self.steps, self._reached, alias))
