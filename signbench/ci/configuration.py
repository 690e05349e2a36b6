"""What the gate checks and which losses it tolerates: the file ``signbench-ci.yaml``."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from signbench.errors import InputError, SignbenchError


class _Fields(BaseModel):
    """Unknown fields are refused. Error messages quote the descriptions as what to write."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Tolerance(_Fields):
    """How much worse than the baseline a metric may be; the larger of the two limits applies.

    Attributes:
        absolute: in the metric's unit.
        relative: share of the baseline's absolute value.
    """

    absolute: float = Field(default=0.0, ge=0, description="a number of 0 or more, in the metric's unit")
    relative: float = Field(default=0.01, ge=0, description="a number of 0 or more, such as 0.01 for 1 %")

    def of(self, baseline: float) -> float:
        """The tolerance in the metric's unit.

        Args:
            baseline: the baseline's score.
        """
        return max(self.absolute, self.relative * abs(baseline))


class Configuration(_Fields):
    """What a gate checks.

    Attributes:
        alpha: the highest probability of a false alarm, over all metrics together.
        tolerance: the tolerance of every metric without its own.
        broken_clips: fail on single clips that are far worse than any of the baseline's.
        metrics: canonical names of the metrics to check, each with its own tolerance or None; None: the baseline's family.
    """

    alpha: float = Field(default=0.05, gt=0, lt=1, description="a number between 0 and 1, such as 0.05")
    tolerance: Tolerance = Field(default=Tolerance(), description="the fields absolute and relative")
    broken_clips: bool = Field(default=True, description="true or false")
    metrics: dict[str, Tolerance | None] | None = Field(
        default=None, min_length=1, description="the metrics to check, each with the fields absolute and relative, or with nothing"
    )

    @field_validator("metrics")
    @classmethod
    def _canonical(cls, metrics: dict[str, Tolerance | None] | None) -> dict[str, Tolerance | None] | None:
        """Accepts any spelling of a metric's name, and each metric once."""
        if metrics is None:
            return None
        from signbench.metrics import registry

        found: dict[str, Tolerance | None] = {}
        for text, tolerance in metrics.items():
            try:
                canonical = registry.canonical(text)
            except SignbenchError as error:
                raise ValueError(f"names {text!r}: {str(error).rstrip('.')}") from error
            if canonical in found:
                raise ValueError(f"names {canonical} twice")
            found[canonical] = tolerance
        return found

    def of(self, metric: str) -> Tolerance:
        """The tolerance of a metric."""
        own = self.metrics.get(metric) if self.metrics is not None else None
        return own or self.tolerance


def read_configuration(path: Path) -> Configuration:
    """Reads a configuration.

    Raises:
        InputError: the file is not valid; the message names the field and what to write.
    """
    from signbench.documents import read_yaml
    from signbench.documents.wording import worded

    fields = read_yaml(path, "the configuration of the gate")
    if fields is None:
        return Configuration()
    if not isinstance(fields, dict):
        raise InputError(f"{path} is not a configuration of the gate; write its fields, such as 'alpha: 0.05'.")
    try:
        return Configuration.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{path}: {worded(error, Configuration, 'the configuration of the gate')}") from error
