"""Tables of words on the Forecast page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.components.feedback import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


def written_table(table: pd.DataFrame) -> str:
    """Words in rows and columns, in Markdown.

    It is one text: a browser takes as long for each cell of `st.table` as for a text of its own.
    """
    rows = [_row(row) for row in table.itertuples(index=False)]
    return "\n".join([_row(table.columns), "|" + " --- |" * len(table.columns), *rows])


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(plain(str(cell)).replace("|", "\\|") for cell in cells) + " |"
