// Ticket types: the steppers count here, and the server works the total out as it does without scripts.
import { parse } from "./page.js";

const PAUSE = 250;

export default function shop(form) {
  const totals = form.querySelector("[data-totals]");
  let timer = null;
  let asked = 0;

  form.addEventListener("click", (event) => {
    const step = event.target.closest(".stepper__step");
    if (!step) return;
    event.preventDefault();
    const count = form.elements[`q-${step.value}`];
    const wanted = Number(count.value) + (step.name === "more" ? 1 : -1);
    count.value = Math.min(Number(count.max), Math.max(0, wanted || 0));
    plan();
  });
  form.addEventListener("input", plan);
  // What was typed before this script had come over a slow line is counted now.
  if ([...form.querySelectorAll("input")].some((one) => one.value !== one.defaultValue)) plan();

  function plan() {
    clearTimeout(timer);
    timer = setTimeout(() => count().catch(() => {}), PAUSE);
  }

  async function count() {
    const turn = ++asked;
    const query = new URLSearchParams(new FormData(form));
    const address = `${location.pathname}?${query}`;
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || turn !== asked) return; // offline or refused: the button still works it out
    const fresh = parse(await answer.text()).querySelector("[data-totals]");
    if (fresh) totals.replaceChildren(...fresh.childNodes);
    history.replaceState(history.state, "", address);
  }
}
