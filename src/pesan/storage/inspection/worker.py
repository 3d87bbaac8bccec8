"""The process that opens uploaded files: one request per line in, one answer per line out.

Run by the inspector, never by hand. It has no network code, no settings and no secrets to give away.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from pesan.storage.errors import UploadRefused, UploadTooComplex, UploadTypeRefused, UploadUnreadable
from pesan.storage.inspection import documents, limits, pictures
from pesan.storage.inspection.files import PRESETS, CleanFile
from pesan.storage.inspection.sniff import sniff
from pesan.storage.keys import Kind


def main() -> None:
    """Answer requests until the other side closes its end."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not pass for an answer
    limits.confine()
    for line in sys.stdin:
        request = json.loads(line)
        limits.allow_one_file()
        answers.write(json.dumps(_answer(request)) + "\n")
        answers.flush()


def inspect(path: Path, kind: Kind) -> CleanFile:
    """The harmless form of the file at `path`; raises a kind of UploadRefused."""
    preset = PRESETS[kind]
    with path.open("rb") as file:
        found = sniff(file.read(64))
    if found == "PDF" and not preset.takes_pdf:
        raise UploadTypeRefused
    try:
        return documents.clean(path, preset) if found == "PDF" else pictures.clean(path, found, preset)
    except UploadRefused:
        raise
    except MemoryError as error:
        raise UploadTooComplex from error
    except Exception as error:  # a decoder raises whatever it likes on a crafted file
        raise UploadUnreadable from error


def _answer(request: dict[str, str]) -> dict[str, Any]:
    try:
        found = inspect(Path(request["path"]), Kind(request["kind"]))
        return _write(found, Path(request["folder"]))
    except UploadRefused as refusal:
        return {"refused": refusal.code, "params": refusal.params}


def _write(found: CleanFile, folder: Path) -> dict[str, Any]:
    for version in found.versions:
        (folder / version.filename).write_bytes(version.content)
    versions = [(v.filename, v.mime, v.width, v.height) for v in found.versions]
    return {"versions": versions, "phash": found.phash, "pages": found.pages}


if __name__ == "__main__":
    main()
