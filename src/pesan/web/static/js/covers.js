// Fetches a picture when its place comes into view. What a browser may fetch ahead is more than a page may weigh.
export default function covers(list) {
  const watcher = new IntersectionObserver((seen) => seen.filter((place) => place.isIntersecting).forEach(show), { rootMargin: "150px" });
  const watch = () => list.querySelectorAll("[data-cover]").forEach((place) => watcher.observe(place));

  function show({ target }) {
    watcher.unobserve(target);
    const picture = new Image(480, 270);
    picture.alt = "";
    picture.src = target.dataset.cover;
    target.replaceChildren(picture);
    delete target.dataset.cover;
  }

  new MutationObserver(watch).observe(list, { childList: true });
  watch();
}
