// Copies `data-copy`, and says so to eyes and ears.
export default function copy(button) {
  const label = button.querySelector("[data-label]");
  const before = label.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      if (!copyTheOldWay(button.dataset.copy)) return;
    }
    label.textContent = button.dataset.done;
    dispatchEvent(new CustomEvent("pesan:say", { detail: `${button.dataset.done}: ${button.dataset.copy}` }));
    setTimeout(() => { label.textContent = before; }, 2000);
  });
}

// Old phones, and pages on plain http where the clipboard API is absent.
function copyTheOldWay(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const worked = document.execCommand("copy");
  field.remove();
  return worked;
}
