"""The gate's scripts pass the vectors of the server, with the browser's own Ed25519 and without it."""

import json
from typing import Any

import pytest
from playwright.async_api import Page

from tests.gates.vectors import PATH

pytestmark = pytest.mark.browser
VECTORS: dict[str, Any] = json.loads(PATH.read_text())
# A browser of before 2025, as far as the gate sees it.
WITHOUT_CURVE = """() => {
    const known = crypto.subtle.importKey.bind(crypto.subtle);
    crypto.subtle.importKey = (form, bytes, kind, ...rest) => kind?.name === "Ed25519"
        ? Promise.reject(new DOMException("unknown", "NotSupportedError")) : known(form, bytes, kind, ...rest);
}"""
READ = """async ({ bundle, codes }) => {
    const { openRoster } = await import("/js/gate/roster.js");
    const { readCode } = await import("/js/gate/code.js");
    const roster = await openRoster(bundle);
    const natives = [...roster.qrKeys.values()].map((one) => Boolean(one.key.native));
    const shown = [];
    for (const code of codes) shown.push(await readCode(code.text, roster, code.at_s, code.error_s));
    return { natives, shown };
}"""
JUDGE = """async (verdicts) => {
    const { judge } = await import("/js/gate/verdict.js");
    const camel = (given) => Object.fromEntries(Object.entries(given).map(
        ([name, value]) => [name.replaceAll(/_(.)/g, (_, char) => char.toUpperCase()), value]));
    return verdicts.map((one) => judge(
        camel(one.shown), one.rules, camel(one.standing), one.direction, one.at_ms));
}"""
TURN_ROUND = """async () => {
    const { decode, encode } = await import("/js/gate/base45.js");
    const all = Array.from({ length: 256 }, (_, byte) => byte);
    const lengths = [0, 1, 2, 3, 101, 256];
    return lengths.every((length) => {
        const bytes = Uint8Array.from(all.slice(0, length));
        return decode(encode(bytes)).join() === bytes.join();
    });
}"""


@pytest.mark.parametrize("is_native", [True, False], ids=["webcrypto", "noble"])
async def test_codes_are_read_as_the_server_reads_them(page: Page, is_native: bool):
    if not is_native:
        await page.evaluate(WITHOUT_CURVE)

    read = await page.evaluate(READ, {"bundle": VECTORS["bundle"], "codes": VECTORS["codes"]})

    assert read["natives"] == [is_native] * 2
    promised = {vector["name"]: vector["expect"] for vector in VECTORS["codes"]}
    pairs = list(zip(VECTORS["codes"], read["shown"], strict=True))
    found = {
        vector["name"]: {name: shown[camel(name)] for name in vector["expect"]} for vector, shown in pairs
    }
    assert found == promised
    unsure = [code["name"] for code, shown in pairs if shown["needsNetwork"]]
    assert unsure == [code["name"] for code in VECTORS["codes"] if code["needs_network"]]


async def test_verdicts_are_those_of_the_server(page: Page):
    verdicts = await page.evaluate(JUDGE, VECTORS["verdicts"])

    found = [
        {"result": one["result"], "reason": one["reason"], "is_warning": one["isWarning"]} for one in verdicts
    ]
    assert found == [vector["expect"] for vector in VECTORS["verdicts"]]


async def test_bytes_come_back_out_of_base45(page: Page):
    assert await page.evaluate(TURN_ROUND)


def camel(name: str) -> str:
    """The script's spelling of a fact."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
