"""The table of protocols.md §6.8, row by row."""

import pytest

from pesan.messaging.whatsapp.failures import FAILURES, FailureKind, failure_of

TABLE = {
    FailureKind.RETRY: [1, 4, 80007, 130429, 131000, 134101],
    FailureKind.AWAY: [2, 131016, 131057, 133004],
    FailureKind.RETRY_RECIPIENT: [131056],
    FailureKind.STOP_QUEUE: [
        *[
            131048,
            131064,
            368,
            131031,
            131042,
            131037,
            134011,
            131045,
            133010,
            0,
            190,
            3,
            10,
            *range(200, 300),
        ],
        *[133000, 133005, 133006, 133008, 133009, 133015, 133016, 131005, 131044],
    ],
    FailureKind.LATER_DAY: [131049],
    FailureKind.MESSAGE: [
        *[
            100,
            33,
            131008,
            131009,
            131021,
            131051,
            131053,
            131062,
            131063,
            132000,
            132005,
            132007,
            132008,
        ],
        *[132012, 132068, 132069, 135000, 130472, 131052, 131055, 134100, 134102],
    ],
    # The table gives these up; a template that is approved later is worth a day's patience.
    FailureKind.TEMPLATE: [132001, 132015, 132016],
    FailureKind.RECIPIENT: [131026, 131030, 130497, 137000],
    FailureKind.SWITCH_TO_TEMPLATE: [131047],
    FailureKind.OPTED_OUT: [131050],
}


def test_every_code_asks_for_what_the_table_says():
    wanted = {code: kind for kind, codes in TABLE.items() for code in codes}
    assert len(wanted) == sum(map(len, TABLE.values()))
    assert {code: failure.kind for code, failure in FAILURES.items()} == wanted


def test_code_decides_and_not_the_status():
    """Throttles come as 400, and a lost window as anything."""
    assert [failure_of(130429, 400).kind, failure_of(131047, 500).kind] == ["retry", "switch_to_template"]
    assert [failure_of(131056).pause, failure_of(131049).pause] == [6.0, 86_400.0]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (999999, None, FailureKind.MESSAGE),
        (999999, 400, FailureKind.MESSAGE),
        (999999, 403, FailureKind.STOP_QUEUE),
        (999999, 500, FailureKind.RETRY),
        (999999, 502, FailureKind.RETRY),
        (None, None, FailureKind.MESSAGE),
        (None, 401, FailureKind.STOP_QUEUE),
        (None, 429, FailureKind.RETRY),
        (None, 500, FailureKind.RETRY),
        (None, 503, FailureKind.AWAY),
        (None, 502, FailureKind.UNKNOWN),
        (None, 504, FailureKind.UNKNOWN),
    ],
)
def test_what_is_not_known_yet_is_judged_by_the_status(code, status, kind):
    assert failure_of(code, status).kind == kind


def test_library_knows_no_code_of_sending_that_the_table_lacks():
    """A new release of it tells of codes that Meta added."""
    from pywa import errors

    bases = (
        errors.AuthorizationError,
        errors.ThrottlingError,
        errors.IntegrityError,
        errors.SendMessageError,
    )
    known = {
        code for base in bases for error in base.__subclasses__() for code in error.__error_codes__ or ()
    }
    assert known - FAILURES.keys() == set()
