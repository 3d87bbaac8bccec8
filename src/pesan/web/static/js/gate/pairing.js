// Makes a phone a gate's own: by a code that was typed, came with a link, or was read by the camera. Exports
// `openPairing({ register, onPaired })`: `fill(code)`, `stop()`. `register({ code, name })` throws what `wire.js` throws.
import { openCamera } from "./camera.js";
import { at } from "./screen.js";
import { word } from "./words.js";

const CODE = /^[0-9A-HJKMNP-TV-Z]{8}$/;
const SIGN_IN = "/account/login";
const FACTORS = "/account/factors?needed=true";
const NAME_KEY = "pesan-gate-name";

export function openPairing({ register, onPaired }) {
  const camera = openCamera(at("pair-video"), { onText: read, onChange: drawCamera });
  at("pair-name").value = localStorage.getItem(NAME_KEY) ?? "";
  at("pair-scan").addEventListener("click", () => (camera.isOn ? camera.stop() : startCamera()));
  at("pair-form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });

  async function submit() {
    const code = tidy(at("pair-code").value);
    const name = at("pair-name").value.trim();
    const isCode = complain("pair-code", CODE.test(code) ? "" : word("pair_code_bad"));
    const isName = complain("pair-name", name ? "" : word("pair_name_bad"));
    if (!isCode || !isName) return at(isCode ? "pair-name" : "pair-code").focus();
    localStorage.setItem(NAME_KEY, name);
    at("pair-submit").disabled = true;
    tell("");
    try {
      const device = await register({ code, name });
      camera.stop();
      at("pair-code").value = "";
      onPaired(device);
    } catch (error) {
      explain(error, code);
    } finally {
      at("pair-submit").disabled = false;
    }
    return undefined;
  }

  async function startCamera() {
    tell("");
    await camera.start().catch((error) => tell(word(error.name === "NotAllowedError" ? "camera_denied" : "camera_none")));
  }

  function read(text) {
    const code = codeIn(text);
    if (!code) return tell(word("pair_no_code"));
    camera.stop();
    tell("");
    fill(code);
    at("pair-name").focus();
    return undefined;
  }

  function drawCamera() {
    at("pair-view").hidden = !camera.isOn;
    at("pair-scan").querySelector("[data-word]").dataset.word = camera.isOn ? "pair_scan_stop" : "pair_scan";
    at("pair-scan").querySelector("[data-word]").textContent = word(camera.isOn ? "pair_scan_stop" : "pair_scan");
  }

  return { fill, stop: () => camera.stop() };
}

function fill(code) {
  const plain = tidy(code);
  at("pair-code").value = plain.length === 8 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
}

// The link that the organizer's screen shows as a QR, or the bare code.
export function codeIn(text) {
  let given = text;
  try {
    given = new URL(text).searchParams.get("pair") ?? "";
  } catch {
    // no link
  }
  return CODE.test(tidy(given)) ? tidy(given) : "";
}

function tidy(code) {
  return code.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
}

function complain(id, text) {
  at(`${id}-error`).textContent = text;
  if (text) at(id).setAttribute("aria-invalid", "true");
  else at(id).removeAttribute("aria-invalid");
  return !text;
}

function explain({ code: kind, detail }, code) {
  const back = encodeURIComponent(`/gate?pair=${code}`);
  if (kind === "auth.required") return tell(word("pair_sign_in"), word("sign_in"), `${SIGN_IN}?next=${back}`);
  if (kind === "auth.second_factor_required") return tell(word("pair_factor"), word("factor"), FACTORS);
  // Without a code of the server's, nothing came from the server at all.
  return tell(kind ? detail : word("pair_offline"));
}

function tell(text, wayOn = "", address = "") {
  at("pair-problem-text").textContent = text;
  at("pair-problem").hidden = !text;
  at("pair-way-on").textContent = wayOn;
  at("pair-way-on").hidden = !wayOn;
  if (address) at("pair-way-on").href = address;
}
