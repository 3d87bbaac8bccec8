"""Identifiers that nobody guesses and nobody makes twice."""

import subprocess
import sys
import time

from pesan.kit.ids import ALPHABET, new_code, new_id


def test_id_is_a_uuid_of_version_seven():
    made = new_id()

    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_ids_of_one_process_sort_as_they_were_made():
    made = [new_id() for _ in range(5_000)]

    assert made == sorted(made)
    assert abs((made[-1].int >> 80) - time.time() * 1_000) < 60_000


def test_ids_and_codes_are_all_different():
    assert len({new_id() for _ in range(5_000)}) == 5_000
    assert len({new_code() for _ in range(5_000)}) == 5_000


def test_code_uses_every_letter_of_its_alphabet_and_no_other():
    assert set(new_code(5_000)) == set(ALPHABET)


def test_forked_process_makes_ids_of_its_own():
    script = (
        "import os; from pesan.kit.ids import new_code; new_code()\n"  # so that a page is there to be shared
        "child = os.fork()\n"
        "os.write(1, f'{new_code()}\\n'.encode())\n"
        "child and os.waitpid(child, 0)"
    )
    made = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout.split()

    assert len(set(made)) == 2
