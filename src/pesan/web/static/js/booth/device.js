// The screen itself: a pair of keys whose private half its browser never hands out, and a token for a day, renewed by
// proof of that key. Exports `register({ code, name, appVersion }) -> device` and `renew(device, nowMs) -> device`, which
// throw what `send` throws. A device is { deviceId, kind, pair, token, expiresAt (ms), boothId, outletId }.
import { fromText, toBase64 } from "../gate/bytes.js";
import { createKeyPair } from "../gate/device.js";
import { send } from "../gate/send.js";

const TIMEOUT = 8000;

export async function register({ code, name, appVersion }) {
  const { kind, pair, publicKey } = await createKeyPair();
  const { body } = await send("/booth/register", {
    method: "POST", timeout: TIMEOUT,
    body: { code, name, public_key: publicKey, key_kind: kind, app_version: appVersion },
  });
  return {
    deviceId: body.device_id, kind, pair, token: body.token, expiresAt: Date.parse(body.expires_at), boothId: body.booth.id,
    outletId: body.outlet.id,
  };
}

export async function renew(device, nowMs) {
  const message = fromText(`pesan:booth:renew:1\n${device.deviceId}\n${nowMs}`);
  const how = device.kind === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
  const signature = new Uint8Array(await crypto.subtle.sign(how, device.pair.privateKey, message));
  const { body } = await send("/booth/token", {
    method: "POST", timeout: TIMEOUT, body: { token: device.token, at_ms: nowMs, signature: toBase64(signature) },
  });
  return { ...device, token: body.token, expiresAt: Date.parse(body.expires_at) };
}
