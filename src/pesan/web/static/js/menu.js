// Closes the menu by Escape and by a click outside of it, and gives the focus back.
export default function menu(details) {
  const close = () => { details.open = false; };
  document.addEventListener("click", (event) => { if (!details.contains(event.target)) close(); });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    close();
    details.querySelector("summary").focus();
  });
}
