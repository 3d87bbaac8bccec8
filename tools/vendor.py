"""Fetch, verify and cut the third-party files that the wheel carries.

    python tools/vendor.py --check     every output is as locked (no network)
    python tools/vendor.py             fetch again by the locked hashes and rewrite the outputs
    python tools/vendor.py --update    accept new hashes, after an edit of vendor.toml

Fetching goes through the maintainer's own npm, so no registry is named here. Cutting the font needs
`fonttools` and `brotli` in the Python that runs this; scripts marked `minify` are shortened by esbuild.
"""

import argparse
import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "tools" / "vendor.toml"
MINIFIER = "esbuild@0.28.2"
LOCK = ROOT / "tools" / "vendor.lock.json"
SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")
SVG_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


class Refused(Exception):
    """A fetched or shipped file is not the one that was locked."""


def main() -> int:
    """Run one of the three modes; 1 means that something differs from the lock."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare the outputs with the lock")
    mode.add_argument("--update", action="store_true", help="accept what is fetched as the new lock")
    arguments = parser.parse_args()
    lock = json.loads(LOCK.read_text()) if LOCK.exists() else {"packages": {}, "outputs": {}}
    try:
        if arguments.check:
            check_outputs(lock["outputs"])
        else:
            fetch_everything(lock, accept_new=arguments.update)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


def check_outputs(outputs: dict[str, str]) -> None:
    """Raise Refused for the first shipped file that is missing or changed."""
    for path, digest in outputs.items():
        file = ROOT / path
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise Refused(f"{path} is not what tools/vendor.lock.json says")


def fetch_everything(lock: dict[str, Any], *, accept_new: bool) -> None:
    """Write every output, and the lock when `accept_new`."""
    packages: dict[str, str] = {}
    outputs: dict[str, bytes] = {}
    for package in tomllib.loads(CONFIG.read_text())["package"]:
        spec = f"{package['name']}@{package['version']}"
        tarball = fetch(spec)
        packages[spec] = integrity(tarball)
        if not accept_new and lock["packages"].get(spec) != packages[spec]:
            raise Refused(f"{spec} was fetched with {packages[spec]}, which is not locked")
        outputs |= cut(package, members_of(tarball))
    digests = {path: hashlib.sha256(body).hexdigest() for path, body in sorted(outputs.items())}
    if not accept_new and digests != lock["outputs"]:
        raise Refused("the outputs differ from the lock; a cutting tool has another version")
    for path, body in outputs.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(body)
    LOCK.write_text(json.dumps({"packages": packages, "outputs": digests}, indent=2) + "\n")


def fetch(spec: str) -> bytes:
    """The package's tarball, by the maintainer's npm, with no script of the package run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "npm",
            "pack",
            spec,
            "--ignore-scripts",
            "--json",
            "--silent",
            "--pack-destination",
            folder,
        ]
        subprocess.run(command, check=True, capture_output=True)
        return next(Path(folder).iterdir()).read_bytes()


def integrity(tarball: bytes) -> str:
    """The hash in the form that npm writes, `sha512-…`."""
    return "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()


def members_of(tarball: bytes) -> dict[str, bytes]:
    """The regular files of a package by their path inside it."""
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        files = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name.removeprefix("package/"): file.read() for name, file in files.items() if file}


def cut(package: dict[str, Any], members: dict[str, bytes]) -> dict[str, bytes]:
    """What the wheel takes from one package, by output path."""
    outputs = {file["to"]: plain_or_short(file, members[file["from"]]) for file in package["files"]}
    if sprite := package.get("sprite"):
        outputs[sprite["to"]] = build_sprite(sprite, members)
    if font := package.get("font"):
        outputs[font["to"]] = subset_font(font, members[font["from"]])
    return outputs


def plain_or_short(file: dict[str, Any], body: bytes) -> bytes:
    """One file as it is shipped: without its source map, and without comments and long names where it says so."""
    body = SOURCE_MAP.sub(b"\n", body)
    return minify(body) if file.get("minify") else body


def minify(body: bytes) -> bytes:
    """A module in fewer bytes, with the same exports."""
    command = ["npm", "exec", "--yes", "--ignore-scripts", "--silent", "--", MINIFIER]
    options = ["--minify", "--format=esm", "--target=es2022", "--loader=js", "--legal-comments=inline"]
    return subprocess.run([*command, *options], input=body, check=True, capture_output=True).stdout


def build_sprite(sprite: dict[str, Any], members: dict[str, bytes]) -> bytes:
    """One SVG of `<symbol>`s; stroke and colour come from the page's own CSS."""
    symbols = []
    for name in sprite["icons"]:
        match = SVG_BODY.search(members[f"{sprite['from']}/{name}.svg"].decode())
        if match is None:
            raise Refused(f"the icon {name} is not an svg")
        body = re.sub(r"\s*\n\s*", "", match[1]).replace(" />", "/>")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    return ('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n").encode()


def subset_font(font: dict[str, Any], body: bytes) -> bytes:
    """The font with only the characters, features and weights that the pages use."""
    from fontTools import subset, ttLib  # type: ignore[import-not-found]
    from fontTools.varLib import instancer  # type: ignore[import-not-found]

    face = ttLib.TTFont(io.BytesIO(body))
    instancer.instantiateVariableFont(face, {"wght": tuple(font["weights"])}, inplace=True)
    options = subset.Options(flavor="woff2", layout_features=font["features"].split(","), hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=subset.parse_unicodes(font["unicodes"]))
    subsetter.subset(face)
    face.flavor = "woff2"
    face.recalcTimestamp = False  # else two runs differ
    out = io.BytesIO()
    face.save(out)
    return out.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
