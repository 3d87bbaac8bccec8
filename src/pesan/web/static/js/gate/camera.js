// Looks for QR codes through the camera: by the browser's own reader, else by the vendored one in a worker. Exports
// `openCamera(video, { onText, onChange })`: `start()` (throws what getUserMedia throws), `stop()`, `isOn`,
// `hasTorch`, `isLit`, `toggleTorch()`. `onText` gets each text of each frame; whoever listens tells new ones apart.
const WANTED = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
const WIDEST = 960; // enough for a code at arm's length, and half the work of what the camera gives
const NEXT_TRY_MS = 60; // where a browser does not say when the next frame is there

export function openCamera(video, { onText, onChange }) {
  const state = { stream: null, reader: null, isLit: false, run: 0 };

  async function start() {
    if (state.stream) return;
    state.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: WANTED });
    state.stream.getVideoTracks()[0].addEventListener("ended", stop);
    video.srcObject = state.stream;
    await video.play();
    state.reader ??= await openReader();
    state.run += 1;
    look(state.run);
    onChange();
  }

  function stop() {
    for (const track of state.stream?.getTracks() ?? []) track.stop();
    Object.assign(state, { stream: null, isLit: false, run: state.run + 1 });
    video.srcObject = null;
    onChange();
  }

  // One frame is read at a time; frames that pass meanwhile are let go.
  async function look(run) {
    while (run === state.run) {
      await nextFrame(video);
      if (run !== state.run) return;
      const texts = await state.reader(video).catch(() => []);
      if (run === state.run) texts.filter(Boolean).forEach(onText);
    }
  }

  async function toggleTorch() {
    await trackOf(state)?.applyConstraints({ advanced: [{ torch: !state.isLit }] });
    state.isLit = !state.isLit;
    onChange();
  }

  return {
    start, stop, toggleTorch,
    get isOn() { return Boolean(state.stream); },
    get isLit() { return state.isLit; },
    get hasTorch() { return Boolean(trackOf(state)?.getCapabilities?.().torch); },
  };
}

function trackOf({ stream }) {
  return stream?.getVideoTracks()[0];
}

// A page in the background gets no frames, and needs none.
function nextFrame(video) {
  return new Promise((resolve) => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
    else setTimeout(resolve, NEXT_TRY_MS);
  });
}

async function openReader() {
  const kinds = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []);
  return kinds?.includes("qr_code") ? nativeReader() : workerReader();
}

function nativeReader() {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video)).map((code) => code.rawValue);
}

async function workerReader() {
  const worker = new Worker(new URL("decode-worker.js", import.meta.url), { type: "module" });
  await answer(worker);
  return async (video) => {
    const scale = Math.min(1, WIDEST / Math.max(video.videoWidth, video.videoHeight));
    const size = { resizeWidth: Math.round(video.videoWidth * scale), resizeHeight: Math.round(video.videoHeight * scale) };
    const frame = await createImageBitmap(video, size);
    worker.postMessage(frame, [frame]);
    return [await answer(worker)];
  };
}

function answer(worker) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });
}
