"""The camera of a phone whose platform reads codes by itself, and has a light; the platform is the test's."""

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.browser
# The parts of the platform that Chromium has on phones only.
PLATFORM = """() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const context = canvas.getContext("2d");
    setInterval(() => context.fillRect(0, 0, 64, 48), 20);
    globalThis.asked = [];
    globalThis.BarcodeDetector = class {
        static getSupportedFormats() { return Promise.resolve(["aztec", "qr_code"]); }
        constructor({ formats }) { asked.push(formats.join()); }
        async detect(video) { return [{ rawValue: `${video.videoWidth} wide` }, { rawValue: "" }]; }
    };
    navigator.mediaDevices.getUserMedia = async ({ video }) => {
        asked.push(video.facingMode.ideal);
        const stream = canvas.captureStream(15);
        const [track] = stream.getVideoTracks();
        track.getCapabilities = () => ({ torch: true });
        track.applyConstraints = async ({ advanced: [{ torch }] }) => { asked.push(torch); };
        return stream;
    };
}"""
LOOK = """async () => {
    const { openCamera } = await import("/js/gate/camera.js");
    const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
    document.body.append(video);
    let seen;
    const first = new Promise((resolve) => { seen = resolve; });
    const camera = openCamera(video, { onText: seen, onChange: () => {} });
    const states = [[camera.isOn, camera.hasTorch, camera.isLit]];
    await camera.start();
    const text = await first;
    for (const _ of [1, 2]) {
        await camera.toggleTorch();
        states.push([camera.isOn, camera.hasTorch, camera.isLit]);
    }
    camera.stop();
    states.push([camera.isOn, camera.hasTorch, camera.isLit]);
    const workers = performance.getEntriesByType("resource").filter(({ name }) => /worker/.test(name)).length;
    return { text, states, asked, workers };
}"""


async def test_platform_that_reads_codes_is_asked_first_and_its_light_goes_on_and_off(page: Page):
    await page.evaluate(PLATFORM)

    found = await page.evaluate(LOOK)

    assert found == {
        "text": "64 wide",
        "states": [[False, False, False], [True, True, True], [True, True, False], [False, False, False]],
        "asked": ["environment", "qr_code", True, False],
        "workers": 0,
    }
