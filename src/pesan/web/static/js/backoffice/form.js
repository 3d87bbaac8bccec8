// Staff forms: sent once, asked about when it matters, and not left by accident.
export default function form(element) {
  names(element);
  accent(element);
  once(element);
  if (element.querySelector("[data-save]")) keep(element);
}

function names(element) {
  for (const input of element.querySelectorAll("input[type=file]")) {
    const label = input.parentElement.querySelector("[data-file-name]");
    const tell = () => { label.textContent = input.files[0]?.name ?? label.textContent; };
    input.addEventListener("change", tell);
    tell(); // a file may have been chosen before this script had come over a slow line
  }
}

function once(element) {
  element.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm;
    if (element.dataset.sent || (question && !confirm(question))) event.preventDefault();
    else element.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => { delete element.dataset.sent; });
}

function keep(element) {
  let isDirty = [...element.elements].some(isChanged); // or something typed
  element.addEventListener("input", () => { isDirty = true; });
  element.addEventListener("submit", () => { isDirty = false; });
  addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
}

// A browser writes some values its own way, so what the page said is written that way, too, before they are compared.
function isChanged(field) {
  if (field.type === "file") return field.files.length > 0;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  if (field.defaultValue === undefined) return false;
  const fresh = field.cloneNode();
  fresh.value = field.defaultValue;
  return fresh.value !== field.value;
}

// Whether white or ink can be read on the colour (WCAG 2.2, 1.4.3); the server decides by the same rule.
function accent(element) {
  const input = element.querySelector("[data-accent]");
  if (!input) return;
  const hint = document.getElementById(`${input.id}-hint`).firstElementChild;
  const judge = () => {
    const ratio = Math.max(contrast(input.value, "#ffffff"), contrast(input.value, "#1b1712"));
    const words = ratio >= 4.5 ? input.dataset.good : input.dataset.poor;
    hint.textContent = words.replace("{ratio}", ratio.toFixed(1));
  };
  input.addEventListener("input", judge);
  if (isChanged(input)) judge();
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
