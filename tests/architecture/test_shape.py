"""The size and manner of the code, where a number or a name decides."""

import ast
import re
from statistics import median

from tests.architecture.sources import ROOT, Source, sources
from tools.check_addresses import committed_files, find_addresses

LONGEST_FUNCTION = 50
LONGEST_FILE = 400
LONGEST_TEST_FILE = 600
MEDIAN_FUNCTION = 10
VAGUE = re.compile(r"^(process_|handle_data|do_)|(manager|utils|helpers?)$", re.IGNORECASE)
# The generated first migration states every table once.
GENERATED = "/migrations/versions/"


def functions(source: Source) -> list[tuple[str, int]]:
    nodes = [
        node for node in ast.walk(source.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    return [(f"{source.name}:{node.name}", (node.end_lineno or 0) - node.lineno + 1) for node in nodes]


def every_function() -> list[tuple[str, int]]:
    return [pair for source in sources() if GENERATED not in source.name for pair in functions(source)]


def test_functions_are_short():
    assert [(name, lines) for name, lines in every_function() if lines > LONGEST_FUNCTION] == []


def test_the_usual_function_is_very_short():
    assert median(lines for _, lines in every_function()) <= MEDIAN_FUNCTION


def test_files_are_short():
    written = [source for source in sources() if GENERATED not in source.name]
    too_long = [source.name for source in written if source.text.count("\n") > LONGEST_FILE]
    too_long += [
        source.name for source in sources(ROOT / "tests") if source.text.count("\n") > LONGEST_TEST_FILE
    ]
    assert too_long == []


def test_names_are_not_vague():
    names = [source.path.stem for source in sources()] + [
        name.rpartition(":")[2] for name, _ in every_function()
    ]
    assert [name for name in names if VAGUE.search(name)] == []


def test_nothing_of_our_own_is_mocked():
    forbidden = re.compile(
        r"unittest[.]mock|\bmocker\b|monkeypatch[.]setattr\(\s*[\"']?pesan|MagicMock|AsyncMock"
    )
    files = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "test_shape.py"]
    assert [path.name for path in files if forbidden.search(path.read_text())] == []


def test_no_file_names_a_package_registry(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert list(find_addresses(committed_files())) == []
