// Reads QR codes off the screen's own thread, where the browser has no reader of its own. A frame in, its text or an
// empty text out.
import { decodeQR } from "../../vendor/qr/decode.js";

let canvas = null;

addEventListener("message", ({ data: frame }) => postMessage(read(frame)));
postMessage(null); // ready

function read(frame) {
  const { width, height } = frame;
  if (canvas?.width !== width || canvas.height !== height) canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(frame, 0, 0);
  frame.close();
  try {
    return decodeQR(context.getImageData(0, 0, width, height));
  } catch {
    return ""; // no code in view, or not a whole one
  }
}
