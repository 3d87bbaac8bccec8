// A day is wider than a screen: begin where it is now.
export default function timeline(root) {
  root.scrollLeft = Math.max(0, Number(root.dataset.here) - root.clientWidth / 3);
}
