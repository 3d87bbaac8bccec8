// The seat plan: each seat on it is the checkbox of the same seat in the list. Arrow keys walk the plan.
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function seats(form) {
  const plan = form.querySelector(".hall__plan");
  const spots = [...plan.querySelectorAll("[data-seat]")];
  const boxes = new Map([...form.querySelectorAll("input[name=seat][type=checkbox]")].map((box) => [box.value, box]));
  const chosen = form.querySelector("[data-chosen]");
  const at = new Map(spots.map((spot) => [`${spot.dataset.x},${spot.dataset.y}`, spot]));
  const far = Math.max(...spots.flatMap((spot) => [Number(spot.dataset.x), Number(spot.dataset.y)]), 0);

  for (const spot of spots) {
    spot.setAttribute("role", "checkbox");
    draw(spot);
  }
  plan.addEventListener("click", (event) => {
    const spot = event.target.closest("[data-seat]");
    if (!spot) return;
    event.preventDefault();
    toggle(spot);
  });
  plan.addEventListener("keydown", (event) => {
    const spot = event.target.closest("[data-seat]");
    if (spot && (event.key === " " || event.key === "Enter")) {
      event.preventDefault();
      toggle(spot);
    } else if (spot && STEPS[event.key]) {
      event.preventDefault();
      neighbour(spot, STEPS[event.key])?.focus();
    }
  });
  form.addEventListener("change", () => { spots.forEach(draw); tell(); });
  // Seats may have been ticked before this script had come over a slow line.
  if ([...boxes.values()].some((box) => box.checked !== box.defaultChecked)) tell();

  function toggle(spot) {
    const box = boxes.get(spot.dataset.seat);
    box.checked = !box.checked;
    draw(spot);
    tell();
  }

  function draw(spot) {
    const { checked } = boxes.get(spot.dataset.seat);
    spot.setAttribute("aria-checked", String(checked));
    spot.classList.toggle("seat--mine", checked);
  }

  function tell() {
    const count = [...boxes.values()].filter((box) => box.checked).length;
    chosen.textContent = form.dataset.count.replace("{n}", count);
  }

  // The next seat in that direction, over aisles and taken ones.
  function neighbour(spot, [right, down]) {
    let [x, y] = [Number(spot.dataset.x), Number(spot.dataset.y)];
    for (let step = 0; step <= far; step += 1) {
      const found = at.get(`${(x += right)},${(y += down)}`);
      if (found) return found;
    }
    return null;
  }
}
