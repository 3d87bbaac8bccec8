"""The sprite has every picture that a page asks for."""

import re

from tests.architecture.sources import ROOT

PACKAGE = ROOT / "src" / "pesan"
NAMED = re.compile(r"""\bicon\(["']([a-z0-9-]+)["']""")


def test_templates_name_only_icons_that_are_in_the_sprite():
    sprite = (PACKAGE / "web" / "static" / "icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    asked = {
        name for page in PACKAGE.rglob("templates/**/*.html") for name in NAMED.findall(page.read_text())
    }
    assert asked - drawn == set()
