"""Figures, what was wanted of them, and whether it was reached."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` None: could not be measured. `wanted` None: told for information."""

    scenario: str
    server: str
    name: str
    value: float | None
    unit: str
    wanted: float | None = None
    at: Literal["most", "least"] = "most"

    @property
    def reached(self) -> bool | None:
        if self.wanted is None:
            return None
        if self.value is None:
            return False
        return self.value <= self.wanted if self.at == "most" else self.value >= self.wanted


HEADINGS = ("scenario", "server", "figure", "measured", "wanted", "reached")


def table(figures: Sequence[Figure]) -> str:
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEADINGS))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cells(figure: Figure) -> tuple[str, ...]:
    wanted = "" if figure.wanted is None else f"{'≤' if figure.at == 'most' else '≥'} {_number(figure.wanted)}"
    reached = {None: "", True: "yes", False: "NO"}[figure.reached]
    measured = f"{_number(figure.value)} {figure.unit}".strip()
    return figure.scenario, figure.server, figure.name, measured, wanted, reached


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def write_json(path: Path, figures: Sequence[Figure], loads: dict[str, object]) -> None:
    """All figures, and each load's own counts and latencies."""
    keys = ("scenario", "server", "name", "value", "unit", "wanted", "at", "reached")
    rows = [{key: getattr(figure, key) for key in keys} for figure in figures]
    path.write_text(json.dumps({"figures": rows, "loads": loads}, indent=1) + "\n")
