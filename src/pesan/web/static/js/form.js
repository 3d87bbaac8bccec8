// A form: shapes phone numbers, counts letters, complains late in our own words; one with a draft keeps it on this device.
import { shapePhone } from "./phone.js";

const KEEP_FOR = 24 * 60 * 60 * 1000;
const PAUSE = 500;

export default function form(sheet) {
  const fields = [...sheet.querySelectorAll(".input")];
  const left = fields.filter(wasLeft);
  const isTyped = fields.some((field) => field.value !== field.defaultValue);
  const draft = sheet.dataset.draft && openDraft(`pesan:draft:${sheet.dataset.draft}`);
  if (draft) restore(fields, draft.read());
  for (const field of fields) dress(field);
  if (draft) keep(sheet, fields, draft, isTyped);
  const ticks = [...sheet.querySelectorAll(".check [required]")];
  for (const tick of ticks) tick.addEventListener("change", () => judge(tick));
  guard(sheet, [...fields, ...ticks]);
  left.forEach(judge);
}

// On a slow line somebody may have typed, and gone on to the next field, before this came.
function wasLeft(field) {
  return field.value && field.value !== field.defaultValue && field !== document.activeElement;
}

function openDraft(key) {
  return {
    read() {
      try {
        const { at, values } = JSON.parse(localStorage.getItem(key));
        return Date.now() - at < KEEP_FOR ? values : {};
      } catch {
        return {};
      }
    },
    write(values) {
      try {
        localStorage.setItem(key, JSON.stringify({ at: Date.now(), values }));
        return true;
      } catch {
        return false; // private mode or a full disk: the form works without it
      }
    },
  };
}

// What the server sent back wins over what the device remembers.
function restore(fields, values) {
  for (const field of fields) if (field.value === field.defaultValue && !field.defaultValue && values[field.name]) field.value = values[field.name];
}

function keep(sheet, fields, draft, isTyped) {
  const note = sheet.querySelector("[data-saved]");
  let timer = null;
  const save = () => { note.hidden = !draft.write(Object.fromEntries(fields.map((field) => [field.name, field.value]))); };
  const plan = () => { clearTimeout(timer); timer = setTimeout(save, PAUSE); };
  sheet.addEventListener("input", plan);
  if (isTyped) plan(); // before this came
}

function dress(field) {
  const counter = document.querySelector(`[data-count-for="${field.id}"]`);
  const count = () => { if (counter) counter.textContent = [...field.value].length; };
  if ("phone" in field.dataset) {
    field.addEventListener("input", (event) => shapePhone(field, event));
    if (field.value) shapePhone(field);
  }
  field.addEventListener("input", () => { count(); if (field.getAttribute("aria-invalid")) judge(field); });
  field.addEventListener("blur", () => { if (field.value) judge(field); });
  count();
}

function judge(field) {
  const valid = field.checkValidity();
  const place = document.getElementById(`${field.id}-error`);
  if (valid) field.removeAttribute("aria-invalid");
  else field.setAttribute("aria-invalid", "true");
  place.textContent = valid ? "" : field.dataset.mend || field.validationMessage;
  return valid;
}

// Our own words instead of the browser's bubbles, and the focus on the first thing to mend.
function guard(sheet, fields) {
  sheet.noValidate = true;
  sheet.addEventListener("submit", (event) => {
    const wrong = fields.filter((field) => !judge(field));
    if (wrong.length) {
      event.preventDefault();
      wrong[0].focus();
      return;
    }
    const button = sheet.querySelector("[data-busy]");
    button?.setAttribute("aria-disabled", "true");
    if (button) button.textContent = button.dataset.busy;
    if (sheet.dataset.sent) event.preventDefault(); // a second tap while the first is on its way
    sheet.dataset.sent = "yes";
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
