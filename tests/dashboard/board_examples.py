"""A board with something in every part of it, for the tests of documents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from backend.outlook import outlook
from backend.track_record import misses, record
from dashboard.board import Board, Sentence
from dashboard.board_tables import days_table, figures_table
from dashboard.calibration_words import lead_time_table
from dashboard.chart_words import chart_words
from dashboard.charts import Lines
from dashboard.headline import byline, headline, lead
from dashboard.i18n import Language, open_reader
from dashboard.provenance import explained_steps
from dashboard.series import future_frame, window
from dashboard.tiles import tiles
from tests.dashboard.series_examples import daily, issued, view

DAYS, ORIGINS, HORIZON = 400, 20, 28
SENTENCES: dict[Language, dict[str, list[tuple[str, str]]]] = {
    "en": {
        "signals": [
            (
                "Since 24 May the payments of Saturdays lie 31 % below what the last eight Saturdays had.",
                "Ask the shops whether their opening hours changed.",
            ),
            ("The forecast was too low on 5 of the last 7 days.", "Train again."),
        ],
        "calibration": [
            ("The 80 % range held 78 % of the days; on weekends 92 %.", ""),
            ("The 95 % range held 94 % of the days.", ""),
        ],
        "misses": [
            ("Wednesday, 14 May 2014: $1,302, forecast $811.", ""),
            ("Sunday, 4 May 2014: $402, forecast $733.", ""),
        ],
        "notes": [("24 May 2014: spring campaign in Germany and France", "")],
    },
    "ja": {
        "signals": [
            (
                "5月24日以降、土曜日の入金額が直近8回の土曜日の水準を31%下回っています。",
                "店舗の営業時間に変更がなかったかご確認ください。",
            ),
            ("直近7日間のうち5日で、予測が実績を下回りました。", "再学習をご検討ください。"),
        ],
        "calibration": [
            ("80%予測区間には全体の78%の日が収まりました（週末は92%）。", ""),
            ("95%予測区間には全体の94%の日が収まりました。", ""),
        ],
        "misses": [
            ("2014年5月14日（水）：実績 $1,302、予測 $811", ""),
            ("2014年5月4日（日）：実績 $402、予測 $733", ""),
        ],
        "notes": [("2014年5月24日：ドイツ・フランスの春のキャンペーン", "")],
    },
}


def board(language: Language = "en", **changed: Any) -> Board:
    """Daily payments with a weekly profile, past forecasts with misses, four weeks ahead."""
    reader = open_reader(language)
    noise = np.random.default_rng(7)
    steps = np.arange(DAYS + HORIZON)
    level = 900 + 180 * np.sin(2 * np.pi * steps / 7) + 0.4 * steps
    came = level[:DAYS] + noise.normal(0, 90, DAYS)
    came[[-18, -28]] += 420.0, -330.0
    series = daily(came.tolist())
    past = tuple(
        issued(
            series.origin - timedelta(days=7 * back),
            level[DAYS - 7 * back : DAYS - 7 * back + HORIZON].tolist(),
            spread=110.0,
        )
        for back in range(1, ORIGINS)
    )
    future = issued(series.origin, level[DAYS:].tolist(), spread=110.0)
    seen = view(series, future, past)
    known = record(seen)
    ahead = outlook(series, future)
    far = outlook(series, future, HORIZON)
    whole = future_frame(future)
    title = headline(reader, series, seen, ahead)
    actual, said, rings = window([series.frame, known.said, misses(known.said, 95)], 91, series.frame)
    flags = pd.DataFrame(
        {"first": [datetime(2014, 5, 24)], "last": [datetime(2014, 5, 26)], "text": ["=spring"]}
    )
    told = {
        part: tuple(Sentence(text, advice, "bad" if advice else "calm") for text, advice in sentences)
        for part, sentences in SENTENCES[language].items()
    }
    lines = Lines(actual, whole, said, rings, flags=flags)
    parts: dict[str, Any] = {
        "name": series.name,
        "title": title,
        "lead": lead(reader, series, ahead, known.last),
        "byline": byline(reader, series, seen, known.judged),
        "tiles": tiles(reader, series, whole, (ahead, far), known),
        "lines": lines,
        "words": chart_words(reader, "USD"),
        "alt": reader.t("forecast.chart_alt", message=title, misses=len(rings)),
        "steps": explained_steps(reader, lines, series.frequency),
        "accuracy": lead_time_table(reader, series, known.pairs),
        "days": days_table(reader, series, whole),
        "figures": figures_table(series, whole, known.said),
    }
    return Board(**{**parts, **told, **changed})
