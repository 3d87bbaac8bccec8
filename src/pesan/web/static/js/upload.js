// Shows the chosen proof, refuses early what the server would refuse, and shows how far the sending is.
import { parse } from "./page.js";

const KINDS = ["image/jpeg", "image/png", "image/webp", "application/pdf"];

export default function upload(form) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");
  const words = form.dataset;

  input.addEventListener("change", () => accept(input.files[0]));
  // A file chosen before this script had come over a slow line is looked at now.
  if (input.files.length) accept(input.files[0]);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.setAttribute("data-over", ""));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.removeAttribute("data-over"));
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (!file) return;
    const carrier = new DataTransfer();
    carrier.items.add(file);
    input.files = carrier.files;
    accept(file);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!("busy" in words) && accept(input.files[0])) send();
  });

  function accept(file) {
    const fault = !file ? words.wrongKind : file.size > Number(words.limit) ? words.tooLarge : !KINDS.includes(file.type) ? words.wrongKind : "";
    complain(fault);
    show(fault ? null : file);
    return !fault;
  }

  function complain(text) {
    form.querySelector("#file-error").textContent = text;
    input.toggleAttribute("aria-invalid", Boolean(text));
  }

  function show(file) {
    const preview = form.querySelector("[data-preview]");
    const name = form.querySelector("[data-file-name]");
    name.dataset.before ??= name.textContent;
    name.textContent = file ? `${file.name} · ${(file.size / 1048576).toFixed(1).replace(".", ",")} MB` : name.dataset.before;
    URL.revokeObjectURL(preview.src);
    preview.hidden = !file?.type.startsWith("image/");
    if (!preview.hidden) preview.src = URL.createObjectURL(file);
  }

  function send() {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.upload.addEventListener("progress", (event) => progress(event.loaded / event.total));
    request.addEventListener("load", () => finish(request));
    request.addEventListener("error", () => stop(words.failed));
    words.busy = "";
    progress(0);
    request.send(new FormData(form));
  }

  function progress(share) {
    form.querySelector("[data-progress]").hidden = false;
    form.querySelector("[data-bar]").setAttribute("width", 100 * share);
    form.querySelector("[data-progress-text]").textContent = words.sending.replace("{n}", Math.round(100 * share));
  }

  // The server answers a page: after a redirect it is the next one, else this one with a complaint in it.
  function finish(request) {
    const redirected = new URL(request.responseURL).pathname !== new URL(form.action).pathname;
    if (redirected) return location.assign(request.responseURL);
    const page = parse(request.responseText);
    stop(page.querySelector("[role=alert]:not(:empty), .blank p")?.textContent.trim() || words.failed);
  }

  function stop(text) {
    delete words.busy;
    form.querySelector("[data-progress]").hidden = true;
    complain(text);
  }
}
