// Several photos at once: each becomes a row of its own, made small before it is sent, and sent by itself. What the
// server refuses stays in its row with the reason; without this script the same form takes one photo at a time.
import { parse } from "../page.js";

const LONGEST = 1600;
const SMALL = 400_000;

export default function photos(form) {
  const input = form.querySelector("input[type=file]");
  const box = form.querySelector("[data-rows]");
  const pattern = box.querySelector("[data-row]").cloneNode(true);
  const files = new Map();
  let count = 0;
  input.multiple = true;
  input.addEventListener("change", take);
  form.addEventListener("submit", (event) => {
    if (form.dataset.busy) return event.preventDefault();
    if (!files.size) { form.dataset.busy = "yes"; return; }
    event.preventDefault();
    send();
  });
  addEventListener("pageshow", () => { delete form.dataset.busy; });
  if (input.files.length) take();

  function take() {
    const free = [...box.children].find((row) => !files.has(row));
    [...input.files].forEach((file, place) => show(place === 0 && free ? free : add(), file));
    input.value = "";
    box.querySelector("input:placeholder-shown, input")?.focus();
  }

  function add() {
    const row = pattern.cloneNode(true);
    count += 1;
    for (const element of row.querySelectorAll("[id], [for], [aria-describedby]")) {
      if (element.id) element.id += `-${count}`;
      if (element.htmlFor) element.htmlFor += `-${count}`;
      const described = element.getAttribute("aria-describedby");
      if (described) element.setAttribute("aria-describedby", described.split(" ").map((id) => `${id}-${count}`).join(" "));
    }
    box.append(row);
    return row;
  }

  function show(row, file) {
    files.set(row, file);
    const part = document.createElement("div");
    part.className = "entry__photo";
    const image = new Image();
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "button button--bare";
    drop.textContent = form.dataset.remove;
    drop.addEventListener("click", () => remove(row, part));
    part.append(image, drop);
    row.prepend(part);
  }

  function remove(row, part) {
    files.delete(row);
    if (box.children.length > 1) row.remove();
    else part.remove();
    input.focus();
  }

  async function send() {
    form.dataset.busy = "yes";
    const rows = [...box.children];
    let address = "";
    let sent = 0;
    for (const [place, row] of rows.entries()) {
      say(form.dataset.sending.replace("{n}", place + 1).replace("{all}", rows.length));
      const answer = await post(await read(row), (share) => bar((place + share) / rows.length));
      const faults = answer ? faults_of(answer) : { title: form.dataset.failed };
      if (faults) { complain(row, faults); continue; }
      address = answer.responseURL;
      sent += 1;
      row.remove();
      files.delete(row);
    }
    delete form.dataset.busy;
    form.querySelector("[data-progress]").hidden = true;
    if (sent === rows.length) location.assign(address);
    else box.querySelector("[aria-invalid], input")?.focus();
  }

  async function read(row) {
    const body = new FormData();
    body.append("csrf_token", form.elements.csrf_token.value);
    row.dataset.once ??= key();
    body.append("once", row.dataset.once);
    for (const field of row.querySelectorAll("input[name]")) body.append(field.name, field.value);
    const file = files.get(row);
    if (file) body.append("photo", await smaller(file), file.name.replace(/\.\w+$/, "") + ".jpg");
    return body;
  }

  function complain(row, faults) {
    for (const field of row.querySelectorAll("input[name]")) {
      field.closest(".field").querySelector(".field__error").textContent = faults[field.name] ?? "";
      if (field.name in faults) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    delete row.dataset.once; // what is mended is another wish
  }

  function say(text) {
    form.querySelector("[data-progress]").hidden = false;
    form.querySelector("[data-progress-text]").textContent = text;
  }

  function bar(share) {
    form.querySelector("[data-bar]").setAttribute("width", 100 * share);
  }

  function post(body, progress) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "text/html");
      request.upload.addEventListener("progress", (event) => progress(event.loaded / event.total));
      request.addEventListener("load", () => done(request));
      request.addEventListener("error", () => done(null));
      request.send(body);
    });
  }

  // The server answers a page: after a redirect the list, else the form with a complaint at each field, or above them.
  function faults_of(request) {
    if (new URL(request.responseURL).search.includes("done=")) return null;
    const page = parse(request.responseText);
    const faults = {};
    for (const part of page.querySelectorAll("#entry .field__error:not(:empty)")) {
      faults[part.id.replace("-error", "")] = part.textContent.trim();
    }
    if (Object.keys(faults).length) return faults;
    return { title: page.querySelector("[role=alert]:not(:empty), .blank p")?.textContent.trim() || form.dataset.failed };
  }
}

async function smaller(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const share = Math.min(1, LONGEST / Math.max(image.width, image.height));
    if (share === 1 && file.size < SMALL) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * share);
    canvas.height = Math.round(image.height * share);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.85));
  } catch {
    return file; // a kind that this browser cannot read; the server says what it thinks of it
  }
}

// Works on plain http of a local network too, where `crypto.randomUUID` does not.
function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
