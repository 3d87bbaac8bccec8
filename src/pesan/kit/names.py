"""Names of people: what is accepted, and how they are masked in public."""

import re
import unicodedata

MIN_LETTERS = 3
MAX_LENGTH = 100
# Unicode letters and marks, spaces and . ' -  (architecture, Rulings: names of people).
# Written for HTML's `pattern` (the v flag) and checked again on the server by `clean_name`.
HTML_PATTERN = r"[\p{L}\p{M} .'’\-]{3,}"
_SPACES = re.compile(r"\s+")
_PUNCTUATION = frozenset(" .'’-")


def clean_name(text: str) -> str:
    """The name with tidy spaces; raises ValueError unless it has three letters and nothing but name characters."""
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    categories = [unicodedata.category(char)[0] for char in name if char not in _PUNCTUATION]
    if len(name) > MAX_LENGTH or any(category not in "LM" for category in categories):
        raise ValueError("only letters, spaces and . ' - are allowed")
    if categories.count("L") < MIN_LETTERS:
        raise ValueError("at least three letters are needed")
    return name


def mask_name(name: str) -> str:
    """The public form of a name: first and last letter, `a***r`; its length is not given away."""
    letters = [char for char in name.lower() if unicodedata.category(char)[0] == "L"]
    return f"{letters[0]}***{letters[-1]}" if letters else "***"
