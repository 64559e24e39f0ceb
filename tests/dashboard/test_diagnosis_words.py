"""Every cause and action has its words, and every rule gives what its sentence asks for."""

from __future__ import annotations

import string
from typing import get_args

import pytest

from backend.diagnosis import NO_REASON, UNKNOWN, Action, Diagnosis, Failure, Rule, rules
from dashboard.components.deploy_again import larger
from dashboard.components.diagnosis import cause_sentence, raw
from dashboard.i18n import LANGUAGES, Language, catalogue, open_reader

BUTTONLESS = {"certificate", "request"}  # nothing that the app could do


def asked(rule: Rule) -> set[str]:
    """The details that a rule's sentence needs."""
    text = catalogue("en")[f"diagnosis.{rule.cause}"]
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("cause", [*(rule.cause for rule in rules()), UNKNOWN, NO_REASON])
def test_a_cause_has_its_sentence_and_its_next_step(cause: str) -> None:
    for language in LANGUAGES:
        assert catalogue(language)[f"diagnosis.{cause}"]
        assert catalogue(language)[f"diagnosis_next.{cause}"]


def test_no_sentence_is_left_without_its_rule() -> None:
    told = {key.partition(".")[2] for key in catalogue("en") if key.startswith("diagnosis.")}
    assert told == {rule.cause for rule in rules()} | {UNKNOWN, NO_REASON}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.cause)
def test_every_way_to_a_cause_gives_the_details_of_its_sentence(rule: Rule) -> None:
    for pattern in rule.lines:
        assert asked(rule) <= set(pattern.groupindex)
    if rule.statuses and not rule.codes:
        assert asked(rule) <= {"status"}
    elif rule.codes or rule.statuses:
        assert not asked(rule)


def test_actions_have_their_button() -> None:
    labels = {key.partition(".")[2] for key in catalogue("en") if key.startswith("diagnosis_action.")}
    assert labels == set(get_args(Action)) - BUTTONLESS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_unknown_is_said_beside_the_failures_own_words(language: Language) -> None:
    reader = open_reader(language)
    told = cause_sentence(reader, Diagnosis(UNKNOWN, "read", ()), "It went wrong.")
    assert told == f"{reader.t('diagnosis.unknown')} It went wrong."
    known = cause_sentence(reader, Diagnosis("quota", "shrink", ()), "It went wrong.")
    assert known == reader.t("diagnosis.quota")


def test_the_raw_details_hold_no_secret() -> None:
    failure = Failure(
        "failed", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz012345", "endpoint.rejected", 500
    )
    shown = raw(failure, Diagnosis(UNKNOWN, "read", ()))
    assert "abcdefghijklmnop" not in str(shown)
    assert shown["status"] == 500


def test_more_memory_is_twice_as_much_within_the_bound() -> None:
    assert larger(0.5) == 1.0
    assert larger(12.0) == 16.0
