"""Every word the reader sees, in the reader's language; pure, knows nothing of the browser.

The words live in `locales/en.toml` and `locales/ja.toml`, catalogues with the same keys and placeholders.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, tzinfo

    from backend.errors import YosokuError

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LOCALES = Path(__file__).parent / "locales"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Reader:
    """Somebody who reads one language: words, numbers, money, dates, durations as it writes them."""

    language: Language
    words: Mapping[str, str]
    zone: tzinfo | None = None

    def t(self, key: str, /, **values: object) -> str:
        """The sentence of a key with its placeholders filled; KeyError when the catalogue has no such key."""
        return self.words[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether the catalogue has the key."""
        return key in self.words

    def number(self, value: float, digits: int = 0) -> str:
        """1,234.5 with a true minus sign."""
        text = f"{abs(value):,.{digits}f}"
        negative = value < 0 and any(character in "123456789" for character in text)
        return (MINUS if negative else "") + text

    def money(self, value: float, digits: int | None = None) -> str:
        """US dollars; cents below ten dollars, none above, unless `digits` says."""
        shown = digits if digits is not None else (2 if abs(value) < 10 and value else 0)
        text = self.number(value, shown)
        return MINUS + "$" + text[1:] if text.startswith(MINUS) else "$" + text

    def amount(self, value: float, unit: str | None, digits: int | None = None) -> str:
        """Money when the unit is USD, else a number; with `digits`, or as many as its size asks for."""
        if unit == "USD":
            return self.money(value, digits)
        own = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return self.number(value, own if digits is None else digits)

    def percent(self, share: float, digits: int = 0) -> str:
        """0.81 as "81 %" or 「81%」."""
        return self.t("format.percent", value=self.number(share * 100, digits))

    def signed_percent(self, share: float, digits: int = 1) -> str:
        """0.031 as "+3.1 %"."""
        sign = "+" if round(share * 100, digits) > 0 else ""
        return sign + self.percent(share, digits)

    def date(self, day: date) -> str:
        """31 May 2014 or 2014年5月31日."""
        return self.t("format.date", year=day.year, day=day.day, name=self.t(f"month.{day.month}"))

    def moment(self, at: datetime) -> str:
        """A date with the clock time, in the reader's time zone."""
        local = at.astimezone(self.zone)
        return self.t("format.moment", date=self.date(local.date()), time=f"{local:%H:%M}")

    def duration(self, seconds: float) -> str:
        """30 ms, 1.4 s, 12 s, 3 min 5 s, 2 h 4 min."""
        if seconds < 0.995:
            return self.t("format.milliseconds", milliseconds=self.number(seconds * 1000))
        if seconds < 10:
            return self.t("format.seconds", seconds=self.number(seconds, 1))
        if seconds < 60:
            return self.t("format.seconds", seconds=self.number(seconds))
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return self.t("format.minutes", minutes=minutes, seconds=rest)
        return self.t("format.hours", hours=minutes // 60, minutes=minutes % 60)

    def size(self, count: int) -> str:
        """Bytes as B, KB, MB or GB of 1,000."""
        value, unit = float(count), "B"
        for larger in ("KB", "MB", "GB"):
            if value < 1000:
                break
            value, unit = value / 1000, larger
        return f"{self.number(value, 0 if unit == 'B' or value >= 100 else 1)} {unit}"

    def join(self, items: list[str]) -> str:
        """A list in a sentence."""
        return self.t("format.separator").join(items)

    def error(self, error: YosokuError) -> str:
        """The error's sentence: the catalogue's when it knows the code, else the error's own."""
        return self.problem(error.code, error.details, error.message)

    def problem(self, code: str, details: Mapping[str, Any], message: str) -> str:
        """As `error`, from an error's parts; `message` where the catalogue's sentence lacks a detail."""
        template = self.words.get(f"error.{code}")
        if template is None:
            return message
        try:
            return template.format(**{"message": message, **details})
        except (KeyError, IndexError, ValueError):
            return message


def open_reader(language: str | None, zone: tzinfo | None = None) -> Reader:
    """A reader of a language; English for a language we don't have."""
    known: Language = "ja" if language == "ja" else "en"
    return Reader(known, catalogue(known), zone)


def language_of_locale(locale: str | None) -> Language:
    """The language to greet somebody with whose browser says `ja-JP` or the like."""
    return "ja" if (locale or "").lower().startswith("ja") else "en"


@functools.cache
def catalogue(language: Language) -> Mapping[str, str]:
    """The flat catalogue of a language: `[deploy] title` is `deploy.title`."""
    with (LOCALES / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        found += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, str(value))]
    return found
