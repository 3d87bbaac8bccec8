"""What Hypothesis may do in a run: the same examples each time, however slow the machine is.

PESAN_TEST_EXAMPLES=5000 looks further, at so many other examples of everything.
"""

import os

from hypothesis import HealthCheck, settings


def choose_examples() -> None:
    """For every test of this process that says nothing else."""
    # A machine that stands still for a fifth of a second has shown nothing about the code.
    unhurried = settings(
        deadline=None, database=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile("run", unhurried, derandomize=True)
    wanted = int(os.environ.get("PESAN_TEST_EXAMPLES", "0"))
    if wanted:
        settings.register_profile("search", unhurried, max_examples=wanted)
    settings.load_profile("search" if wanted else "run")
