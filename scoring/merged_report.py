"""One report of many series: the figures of each contender, pooled over the series."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Entry = dict[str, object]
_MEANS = ("MAE", "CRPS", "bias")


def merged(reports: Sequence[Mapping[str, object]]) -> dict[str, list[Entry]]:
    """The members leaderboard, lead_times and origins of the reports of single series, pooled.

    RMSE, MAE, CRPS and bias are over all forecasts in the series' unit, R2 over all of them each against its
    own series' mean, coverage over all; MASE is the mean of the series' own.
    """
    return {
        "leaderboard": sorted(
            (
                {
                    "name": rows[0]["name"],
                    "role": rows[0]["role"],
                    **_pooled(rows),
                    "groups": _groups(rows),
                    "error": next((row["error"] for row in rows if row["error"]), None),
                }
                for rows in _grouped(reports, "leaderboard", ("name",))
            ),
            key=lambda row: (row["CRPS"] is None, row["CRPS"] or 0.0),
        ),
        "lead_times": [
            {**_kept(rows, ("name", "from", "to")), **_pooled(rows, short=True), "MASE": _mase(rows)}
            for rows in _grouped(reports, "lead_times", ("name", "from", "to"))
        ],
        "origins": [
            {**_kept(rows, ("name", "origin")), **_pooled(rows, short=True)}
            for rows in _grouped(reports, "origins", ("name", "origin"))
        ],
    }


def _grouped(reports: Iterable[Mapping[str, object]], member: str, keys: Sequence[str]) -> list[list[Entry]]:
    found: dict[tuple[object, ...], list[Entry]] = {}
    for report in reports:
        for row in cast("list[Entry]", report[member]):
            found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return list(found.values())


def _kept(rows: Sequence[Entry], keys: Sequence[str]) -> Entry:
    return {key: rows[0][key] for key in keys}


def _pooled(rows: Sequence[Entry], *, short: bool = False) -> Entry:
    """The figures of rows that have a count; the whole set, or those of a lead time or an origin."""
    having = [row for row in rows if row["count"]]
    count = sum(_number(row, "count") for row in having)
    if not having:
        empty: Entry = {"count": 0, **dict.fromkeys(("RMSE", *_MEANS, "MASE", "R2"))}
        return {**empty, "coverage": None}
    squares = sum(_number(row, "count") * _number(row, "RMSE") ** 2 for row in having)
    found: Entry = {"count": int(count), "RMSE": (squares / count) ** 0.5}
    for name in _MEANS[: 2 if short else 3]:
        found[name] = sum(_number(row, "count") * _number(row, name) for row in having) / count
    if short:
        return found
    coverage = [cast("dict[str, float]", row["coverage"]) for row in having]
    shares = {
        level: sum(_number(row, "count") * share[level] for row, share in zip(having, coverage, strict=True))
        / count
        for level in coverage[0]
    }
    return {**found, "MASE": _mase(having), "R2": _r2(having), "coverage": shares}


def _groups(rows: Sequence[Entry]) -> list[Entry]:
    found: dict[str, list[Entry]] = {}
    for row in rows:
        for group in cast("list[Entry]", row["groups"]):
            found.setdefault(str(group["name"]), []).append(group)
    pooled = []
    for name, groups in found.items():
        count = sum(_number(group, "count") for group in groups)
        coverage = [cast("dict[str, float]", group["coverage"]) for group in groups]
        shares = {
            level: sum(
                _number(group, "count") * share[level] for group, share in zip(groups, coverage, strict=True)
            )
            / count
            for level in coverage[0]
        }
        pooled.append({"name": name, "count": int(count), "coverage": shares})
    return pooled


def _mase(rows: Sequence[Entry]) -> float | None:
    known = [float(cast("float", row["MASE"])) for row in rows if row.get("MASE") is not None]
    return sum(known) / len(known) if known else None


def _r2(rows: Sequence[Entry]) -> float | None:
    """From the squares and the spread of each series, which its own R2 tells; None where nothing varies."""
    squares = spread = 0.0
    for row in rows:
        r2 = row["R2"]
        if r2 is not None and cast("float", r2) < 1:
            part = _number(row, "count") * _number(row, "RMSE") ** 2
            squares += part
            spread += part / (1 - float(cast("float", r2)))
    return 1 - squares / spread if spread else None


def _number(row: Mapping[str, object], name: str) -> float:
    return float(cast("float", row[name]))
