"""However a file is broken, it becomes harmless or is refused; nothing else happens."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pesan.storage.errors import UploadRefused
from pesan.storage.inspection import CleanFile
from pesan.storage.inspection.worker import inspect
from pesan.storage.keys import Kind
from tests.storage import files

SAMPLES = {
    "jpeg": files.photo(6, size=(48, 32)),
    "png": files.encoded(files.picture(32, 48, mode="RGBA"), "PNG"),
    "webp": files.encoded(files.picture(32, 48), "WEBP"),
    "lossless": files.encoded(files.picture(32, 48), "WEBP", lossless=True),
    "pdf": files.document(),
}


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_anywhere_is_survived(name: str, data: st.DataObject) -> None:
    sample = SAMPLES[name]
    start = data.draw(st.integers(0, len(sample) - 1))
    length = data.draw(st.integers(0, 40))
    broken = sample[:start] + data.draw(st.binary(max_size=40)) + sample[start + length :]

    assert outcome_of(broken) in {"clean", "refused"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=300))
def test_anything_after_a_true_beginning_is_survived(name: str, rest: bytes) -> None:
    assert outcome_of(SAMPLES[name][:40] + rest) in {"clean", "refused"}


def outcome_of(content: bytes) -> str:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            found = inspect(Path(file.name), Kind.PROOF)
        except UploadRefused:
            return "refused"
    return "clean" if isinstance(found, CleanFile) else "nothing"
