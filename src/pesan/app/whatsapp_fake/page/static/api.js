// Talks to the control API; what goes wrong is said on the page.
export const words = JSON.parse(document.getElementById("words").textContent);
const toast = document.getElementById("toast");

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function say(text) {
  toast.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.textContent = ""; }, 6000);
}

export async function ask(path, body, { method = body === undefined ? "GET" : "POST", headers } = {}) {
  const isJson = body !== undefined && !(body instanceof Blob);
  const answer = await fetch(`/fake/${path}`, {
    method,
    headers: headers ?? (isJson ? { "content-type": "application/json" } : {}),
    body: isJson ? JSON.stringify(body) : body,
  });
  const found = await answer.json();
  if (answer.ok) return found;
  const why = found.error?.error_data.details ?? found.detail?.[0]?.msg ?? answer.status;
  say(fill(words.wrong, { why }));
  throw new Error(why);
}
