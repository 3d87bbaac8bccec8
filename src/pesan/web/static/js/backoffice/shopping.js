// The list to shop by without page loads: a tap is sent, and the server's page takes this one's place. Forms that ask
// for more than a tap post as they always do.
import { say } from "../core.js";
import { parse } from "../page.js";

let busy = false;

export default function shopping(root) {
  root.addEventListener("submit", (event) => {
    if (event.submitter?.name !== "pieces") return;
    event.preventDefault();
    if (!busy) send(root, event.target, event.submitter);
  });
}

async function send(root, form, button) {
  busy = true;
  root.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form, button));
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const fresh = parse(await answer.text()).getElementById(root.id);
    // The log-in, when the session ended; else an error, after which the same form counts once when it is sent again.
    if (!fresh) return answer.redirected ? location.assign(answer.url) : say(root.dataset.failed);
    swap(root, fresh, form.closest("li")?.id);
  } catch {
    say(root.dataset.failed);
  } finally {
    busy = false;
    root.removeAttribute("aria-busy");
  }
}

function swap(root, fresh, id) {
  const unfolded = [...root.querySelectorAll("li[id] details[open]")].map((each) => [each.closest("li").id, place(each)]);
  root.replaceChildren(...fresh.childNodes);
  for (const [row, index] of unfolded) {
    const again = document.getElementById(row)?.querySelectorAll("details")[index];
    if (again) again.open = true;
  }
  root.dispatchEvent(new CustomEvent("pesan:swap", { bubbles: true }));
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}

const place = (details) => [...details.closest("li").querySelectorAll("details")].indexOf(details);
