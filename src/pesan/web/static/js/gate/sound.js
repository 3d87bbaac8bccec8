// What ears and hands are told. Browsers let a page sound only after a tap, so `unlock()` is for the first one. Exports
// `unlock()`, `signal(tone)` with the tone of a verdict (go, look, stop, away, unsure), `isLoud()` and `setLoud(on)`.
const KEY = "pesan-gate-quiet";
// Each note: hertz, seconds from the start, seconds long.
const NOTES = {
  go: [[880, 0, 0.09], [1320, 0.1, 0.16]],
  look: [[660, 0, 0.12], [660, 0.18, 0.12], [660, 0.36, 0.12]],
  stop: [[220, 0, 0.22], [165, 0.26, 0.4]],
  away: [[440, 0, 0.18], [330, 0.22, 0.3]],
  unsure: [[520, 0, 0.3]],
};
const BUZZES = {
  go: [70], look: [90, 70, 90, 70, 90], stop: [350, 90, 350], away: [200, 90, 200], unsure: [70, 70, 70],
};
const VOLUME = 0.5;
let audio = null;

export function isLoud() {
  return localStorage.getItem(KEY) === null;
}

export function setLoud(on) {
  if (on) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, "yes");
}

export function unlock() {
  audio ??= "AudioContext" in globalThis ? new AudioContext() : null;
  if (audio?.state === "suspended") audio.resume().catch(() => {});
}

export function signal(tone) {
  if (!isLoud()) return;
  // A browser reports a vibration that nobody asked for by a tap.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(BUZZES[tone]);
  if (audio?.state === "running") for (const note of NOTES[tone]) play(tone, ...note);
}

function play(tone, hertz, start, length) {
  const from = audio.currentTime + start;
  const [source, volume] = [audio.createOscillator(), audio.createGain()];
  source.type = tone === "stop" ? "square" : "sine";
  source.frequency.value = hertz;
  // A short rise and fall, because an edge clicks in a cheap loudspeaker.
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(VOLUME, from + 0.01);
  volume.gain.setValueAtTime(VOLUME, from + length - 0.02);
  volume.gain.linearRampToValueAtTime(0, from + length);
  source.connect(volume).connect(audio.destination);
  source.start(from);
  source.stop(from + length);
}
