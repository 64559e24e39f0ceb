"""Every rule of the scoring contract: what is accepted, and which refusal the rest gets."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.contract import (
    MAX_BODY_BYTES,
    MAX_HISTORY_ROWS,
    CourseRequest,
    ForecastRequest,
    History,
    parse_request,
)
from scoring.errors import RequestRefused

ROW = {"ds": "2014-05-31", "y": 1.5}
NEXT = {"ds": "2014-06-01", "y": 2}


def test_course_request():
    assert parse_request('{"data": [3]}') == CourseRequest(3)
    assert parse_request(b'{"data": [3.0]}') == CourseRequest(3)


def test_forecast_request_and_its_defaults():
    assert parse_request('{"horizon": 28}') == ForecastRequest(28, (80, 95))
    assert parse_request('{"horizon": 1, "levels": [95, 1, 99]}').levels == (95, 1, 99)
    assert parse_request('{"horizon": 366, "levels": []}').levels == ()


def test_history_and_origins():
    body = {"horizon": 7, "history": [ROW, NEXT], "origins": ["2014-05-31", "2014-06-01"]}
    request = parse_request(json.dumps(body))
    moments = (datetime(2014, 5, 31), datetime(2014, 6, 1))
    assert request.history == History(moments, (1.5, 2.0))
    assert request.origins == moments


def test_series_are_named_by_text_by_list_or_all():
    one = parse_request('{"horizon": 3, "series": "all shops"}')
    assert (one.series, one.one_series, one.all_series) == (("all shops",), True, False)
    listed = parse_request('{"horizon": 3, "series": ["b", "a"]}')
    assert (listed.series, listed.one_series, listed.all_series) == (("b", "a"), False, False)
    every = parse_request('{"horizon": 3, "series": "all"}')
    assert (every.series, every.one_series, every.all_series) == ((), False, True)
    called_all = parse_request('{"horizon": 3, "series": ["all"]}')
    assert (called_all.series, called_all.one_series, called_all.all_series) == (("all",), False, False)
    none = parse_request('{"horizon": 3}')
    assert (none.series, none.one_series, none.all_series) == ((), False, False)


def test_histories_of_many_series_are_kept_apart():
    """Rows of two series may alternate: each is in order of its own dates."""
    rows = [{**row, "unique_id": name} for row in (ROW, NEXT) for name in ("b", "a")]
    request = parse_request(json.dumps({"horizon": 7, "series": ["a", "b"], "history": rows}))
    moments = (datetime(2014, 5, 31), datetime(2014, 6, 1))
    assert request.history is None
    assert dict(request.histories) == {name: History(moments, (1.5, 2.0)) for name in ("a", "b")}


def test_an_origin_must_lie_in_the_history_of_every_series():
    rows = [{**ROW, "unique_id": "a"}, {**NEXT, "unique_id": "a"}, {**NEXT, "unique_id": "b"}]
    body = {"horizon": 7, "series": "all", "history": rows, "origins": ["2014-06-01"]}
    assert parse_request(json.dumps(body)).origins == (datetime(2014, 6, 1),)
    with pytest.raises(RequestRefused) as caught:
        parse_request(json.dumps(body | {"origins": ["2014-05-31"]}))
    assert caught.value.code == "origin_outside_history"


def with_history(*rows):
    return json.dumps({"horizon": 3, "history": list(rows)})


def daily_rows(count, **more):
    return [
        {"ds": (datetime(1990, 1, 1) + timedelta(days=day)).date().isoformat(), "y": 1, **more}
        for day in range(count)
    ]


def with_origins(*origins):
    return json.dumps({"horizon": 3, "history": [ROW, NEXT], "origins": list(origins)})


REFUSED = [
    ("body_empty", ""),
    ("body_empty", " \n"),
    ("not_json", "{"),
    ("not_json", "horizon=3"),
    ("not_json", '{"horizon": 3'),
    ("not_json", '\ufeff{"horizon": 3}'),
    ("not_json", b"\xff\xfe{"),
    ("not_json", "[" * 100_000),
    ("not_json", '{"horizon": ' + "9" * 5000 + "}"),
    ("not_an_object", "[3]"),
    ("not_an_object", "3"),
    ("not_an_object", "null"),
    ("horizon_missing", "{}"),
    ("horizon_missing", '{"levels": [80]}'),
    *(
        ("horizon_invalid", f'{{"horizon": {value}}}')
        for value in (
            "0",
            "-1",
            "367",
            "3.7",
            "true",
            "null",
            '"3"',
            "[3]",
            "{}",
            "NaN",
            "Infinity",
            "1e999",
            "1e300",
        )
    ),
    *(
        ("horizon_invalid", f'{{"data": [{value}]}}')
        for value in ("0", "367", "3.7", "true", "null", '"3"', "NaN")
    ),
    *(("data_invalid", f'{{"data": {value}}}') for value in ("3", "[]", "[3, 4]", "null", '{"a": 1}')),
    ("unknown_field", '{"horizon": 3, "level": 80}'),
    ("unknown_field", '{"data": [3], "horizon": 3}'),
    *(
        ("levels_invalid", f'{{"horizon": 3, "levels": {value}}}')
        for value in (
            "80",
            "null",
            "[0]",
            "[100]",
            "[80, 80]",
            "[80, 80.0]",
            "[97.5]",
            "[true]",
            '["80"]',
            "[NaN]",
        )
    ),
    *(
        ("history_invalid", f'{{"horizon": 3, "history": {value}}}')
        for value in ("[]", "null", "{}", "[3]", '["a"]')
    ),
    ("history_invalid", with_history({"ds": "2014-05-31"})),
    ("history_invalid", with_history({**ROW, "z": 1})),
    *(("history_invalid", with_history({**ROW, "unique_id": name})) for name in ("", None, 3, ["a"])),
    ("history_invalid", with_history({**ROW, "unique_id": "a"}, NEXT)),
    ("history_invalid", with_history(ROW, {**NEXT, "unique_id": "a"})),
    ("dates_duplicated", with_history({**ROW, "unique_id": "a"}, {**ROW, "unique_id": "a"})),
    (
        "dates_unsorted",
        with_history({**NEXT, "unique_id": "a"}, {**ROW, "unique_id": "b"}, {**ROW, "unique_id": "a"}),
    ),
    *(
        ("series_invalid", f'{{"horizon": 3, "series": {value}}}')
        for value in ('""', "null", "3", "true", "[]", "{}", '["a", 3]', '["a", ""]', '["a", "a"]', "[null]")
    ),
    ("unknown_field", '{"data": [3], "series": "all"}'),
    ("answer_too_large", json.dumps({"horizon": 366, "series": [f"{number}" for number in range(200)]})),
    ("date_invalid", with_history({"ds": "31.5.2014", "y": 1})),
    ("date_invalid", with_history({"ds": 20140531, "y": 1})),
    ("date_invalid", with_history({"ds": "\ud800", "y": 1})),
    *(
        ("value_invalid", f'{{"horizon": 3, "history": [{{"ds": "2014-05-31", "y": {value}}}]}}')
        for value in ("NaN", "-Infinity", "1e999", "1" + "0" * 400, "null", '"1"', "true", "[]")
    ),
    ("dates_duplicated", with_history(ROW, ROW)),
    ("dates_unsorted", with_history(NEXT, ROW)),
    ("history_too_long", with_history(*daily_rows(MAX_HISTORY_ROWS + 1))),
    ("history_too_long", with_history(*daily_rows(MAX_HISTORY_ROWS + 1, unique_id="a"))),
    ("origins_without_history", '{"horizon": 3, "origins": ["2014-05-31"]}'),
    ("origins_invalid", with_origins()),
    ("origins_invalid", with_origins(*["2014-05-31"] * 367)),
    ("date_invalid", with_origins("x")),
    ("dates_duplicated", with_origins("2014-05-31", "2014-05-31")),
    ("dates_unsorted", with_origins("2014-06-01", "2014-05-31")),
    ("origin_outside_history", with_origins("2014-05-30")),
    ("origin_outside_history", with_origins("2014-06-02")),
]


@pytest.mark.parametrize(
    ("code", "body"), REFUSED, ids=[f"{i}-{code}" for i, (code, _) in enumerate(REFUSED)]
)
def test_refusals(code, body):
    with pytest.raises(RequestRefused) as caught:
        parse_request(body)
    assert caught.value.code == code
    assert caught.value.status == 400
    assert len(caught.value.message) < 300


def test_a_body_too_large_is_refused_by_its_size_in_bytes():
    padding = MAX_BODY_BYTES - len('{"horizon": 3}')
    assert parse_request('{"horizon": 3}' + " " * padding) == ForecastRequest(3)
    for body in ('{"horizon": 3}' + " " * (padding + 1), "é" * (MAX_BODY_BYTES // 2 + 1)):
        with pytest.raises(RequestRefused) as caught:
            parse_request(body)
        assert (caught.value.code, caught.value.status) == ("body_too_large", 413)


def test_an_answer_too_large_is_refused():
    rows = [{"ds": f"2014-01-{day:02}", "y": 1} for day in range(1, 32)]
    origins = [row["ds"] for row in rows]
    body = {"horizon": 366, "levels": list(range(1, 51)), "history": rows, "origins": origins}
    with pytest.raises(RequestRefused, match="1145946 numbers"):
        parse_request(json.dumps(body))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(
    st.sampled_from(["data", "horizon", "levels", "series", "history", "origins", "x"]),
    JSON_VALUES
    | st.integers(1, 400)
    | st.sampled_from(["all", "a", ["a"], ["a", "b"]])
    | st.lists(
        st.fixed_dictionaries(
            {"ds": st.dates().map(str) | JSON_VALUES, "y": JSON_VALUES},
            optional={"unique_id": st.sampled_from(["a", "b", "", 3])},
        ),
        max_size=3,
    )
    | st.lists(st.dates().map(str), max_size=3),
)
# Valid but for what is drawn: further into the checks than chance alone would come.
NEARLY_VALID = st.fixed_dictionaries(
    {"horizon": st.integers(1, 366)},
    optional={
        "levels": st.lists(st.integers(0, 100), max_size=4),
        "series": st.sampled_from(["all", "a", ["a"], ["a", "b"]]) | JSON_VALUES,
        "history": st.lists(
            st.fixed_dictionaries(
                {
                    "ds": st.integers(0, 9).map(lambda day: f"2014-01-{day + 1:02}"),
                    "y": st.floats() | st.integers(),
                },
                optional={"unique_id": st.sampled_from(["a", "b"])},
            ),
            max_size=5,
        ),
        "origins": st.lists(st.integers(0, 9).map(lambda day: f"2014-01-{day + 1:02}"), max_size=3),
    },
)


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.binary()
    | JSON_VALUES.map(json.dumps)
    | BODIES.map(json.dumps)
    | NEARLY_VALID.map(json.dumps)
)
def test_any_body_is_either_a_request_or_refused(body):
    try:
        horizon = parse_request(body).horizon
    except RequestRefused as refused:
        status, message = refused.status, refused.message
    else:
        status, message = 200, str(horizon)
        assert 1 <= horizon <= 366
    assert status in (200, 400, 413)
    assert json.dumps(message).isascii()
