// The device itself: a pair of keys whose private half its browser never hands out, and a token for a day, renewed by
// proof of that key. Exports
//   createKeyPair() -> { kind: "Ed25519" | "ES256", pair, publicKey (Base64 for URLs) }
//   register(vault, { code, name, appVersion, csrf }) -> device, by the session of whoever is signed in; throws Refused
//   renew(vault, device, nowMs) -> device with a new token; throws Refused, or NoAnswer
// A device is { deviceId, name, kind, pair, token, expiresAt (ms), offsetMs, errorMs, measuredAt (ms), event, gate,
// merchant }.
import { fromText, toBase64 } from "./bytes.js";
import { send } from "./send.js";

const RENEW_TIMEOUT = 8000;

export async function createKeyPair() {
  const [kind, pair] = await makePair();
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { kind, pair, publicKey: toBase64(new Uint8Array(raw)) };
}

async function makePair() {
  const uses = ["sign", "verify"];
  try {
    return ["Ed25519", await crypto.subtle.generateKey({ name: "Ed25519" }, false, uses)];
  } catch {
    return ["ES256", await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, uses)];
  }
}

export async function register(vault, { code, name, appVersion, csrf }) {
  const { kind, pair, publicKey } = await createKeyPair();
  const sentAt = Date.now();
  const { body, offsetMs, took } = await send("/v1/gates/register", {
    method: "POST",
    body: { code, name, public_key: publicKey, key_kind: kind, app_version: appVersion },
    headers: csrf ? { "X-CSRF-Token": csrf } : {},
    credentials: "same-origin",
    timeout: RENEW_TIMEOUT,
  });
  const device = {
    deviceId: body.device_id, name, kind, pair, token: body.token, expiresAt: Date.parse(body.expires_at),
    offsetMs: offsetMs ?? Date.parse(body.server_time) - sentAt, event: body.event, gate: body.gate,
    merchant: body.merchant, errorMs: Math.round(took / 2), measuredAt: sentAt,
  };
  await vault.saveDevice(device);
  return device;
}

export async function renew(vault, device, nowMs) {
  const message = fromText(`pesan:gate:renew:1\n${device.deviceId}\n${nowMs}`);
  const how = device.kind === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
  const signature = new Uint8Array(await crypto.subtle.sign(how, device.pair.privateKey, message));
  const { body } = await send("/v1/gates/renew", {
    method: "POST",
    body: { token: device.token, at_ms: nowMs, signature: toBase64(signature) },
    timeout: RENEW_TIMEOUT,
  });
  const renewed = { ...device, token: body.token, expiresAt: Date.parse(body.expires_at) };
  await vault.keepDevice(renewed);
  return renewed;
}
