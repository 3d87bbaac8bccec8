"""Draws the icons that phones install, from `icon.svg`: they take pictures only, and one of them without corners.

`.venv/bin/python tools/icons.py` after a change of the drawing; the pictures are committed.
"""

from pathlib import Path

import typst

STATIC = Path(__file__).parents[1] / "src" / "pesan" / "web" / "static"
# Masks and iOS cut the corners themselves; what they leave is a circle of four fifths, which the ticket fits in.
ROUND, FULL = 'rx="15"', 'rx="0"'
ICONS = {
    "icon-192.png": (192, ROUND),
    "icon-512.png": (512, ROUND),
    "icon-maskable-512.png": (512, FULL),
    "apple-touch-icon.png": (180, FULL),
}


def main() -> None:
    """Write every icon beside the drawing."""
    drawing = (STATIC / "icon.svg").read_text()
    for name, (edge, corners) in ICONS.items():
        (STATIC / name).write_bytes(draw(drawing.replace(ROUND, corners), edge))


def draw(svg: str, edge: int) -> bytes:
    """The drawing as a picture of `edge` pixels, transparent where nothing is drawn."""
    page = (
        f"#set page(width: {edge}pt, height: {edge}pt, margin: 0pt, fill: none)\n"
        f'#image(bytes(sys.inputs.svg), format: "svg", width: 100%)'
    )
    picture = typst.compile(page.encode(), format="png", ppi=72.0, sys_inputs={"svg": svg})
    assert isinstance(picture, bytes)
    return picture


if __name__ == "__main__":
    main()
