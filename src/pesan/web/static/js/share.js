// The phone's share sheet where there is one; the clipboard where there is none.
export default function share(button) {
  button.addEventListener("click", async () => {
    const { url, title, done } = button.dataset;
    try {
      if (navigator.share) await navigator.share({ url, title });
      else {
        await navigator.clipboard.writeText(url);
        dispatchEvent(new CustomEvent("pesan:say", { detail: done }));
      }
    } catch (error) {
      if (error.name !== "AbortError") dispatchEvent(new CustomEvent("pesan:say", { detail: url }));
    }
  });
}
