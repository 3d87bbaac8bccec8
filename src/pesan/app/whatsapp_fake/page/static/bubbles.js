// One message as a bubble. Everything a customer may tap calls `tap`.
import { words } from "./api.js";

const icons = document.body.dataset.icons;
const clock = new Intl.DateTimeFormat("id", { hour: "2-digit", minute: "2-digit" });
const TICKS = { sent: "M2 8l4 4 8-9", delivered: "M2 8l4 4 8-9M9 11l1 1 8-9", failed: "M3 3l9 9M12 3l-9 9" };

export function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("aria-hidden", "true");
  drawn.innerHTML = `<use href="${icons}#${name}"/>`;
  return drawn;
}

export function ticks(entry) {
  const shown = make("span", "ticks");
  shown.dataset.status = entry.status;
  const path = TICKS[entry.status] ?? (entry.status === "read" ? TICKS.delivered : "");
  if (path) shown.innerHTML = `<svg viewBox="0 0 20 15" aria-hidden="true"><path d="${path}"/></svg>`;
  const code = entry.error ? ` ${entry.error}` : "";
  shown.append((words[entry.status] ?? "") + code);
  return shown;
}

export function bubble(entry, { tap, openList, quote }) {
  const { shown } = entry;
  const item = make("li", `bubble${entry.by === "customer" ? " bubble--mine" : ""}`);
  item.dataset.id = entry.id;
  if (shown.template) item.append(mark(shown.template));
  if (quote) item.append(make("p", "bubble__quote clip", quote));
  if (shown.media) item.append(media(shown.media));
  if (shown.header) item.append(make("p", "bubble__header", shown.header));
  const text = shown.text || (shown.media || shown.template ? "" : `[${entry.type}]`);
  if (text) item.append(formatted(text));
  if (shown.description) item.append(make("p", "bubble__footer", shown.description));
  if (shown.footer) item.append(make("p", "bubble__footer", shown.footer));
  const choices = (shown.buttons ?? []).map((button) => choice(button, () => tap(entry, button)));
  if (shown.list) choices.push(listButton(shown.list, () => openList(entry)));
  if (choices.length) item.append(make("div", "bubble__choices"));
  if (choices.length) item.lastChild.append(...choices);
  item.append(foot(entry));
  return item;
}

// *bold* and _slanted_, as phones show them.
function formatted(text) {
  const shown = make("p", "bubble__text");
  for (const part of text.split(/(\*[^*\n]+\*|\b_[^_\n]+_\b)/)) {
    const tag = { "*": "b", _: "i" }[part[0]];
    const isMarked = tag && part.length > 2 && part.at(-1) === part[0];
    shown.append(isMarked ? make(tag, "", part.slice(1, -1)) : part);
  }
  return shown;
}

function mark(template) {
  const badge = make("p", "badge tone-look bubble__mark");
  badge.append(icon("file-text"), `${words.template} · ${template.category}`);
  badge.title = `${template.name} (${template.language})`;
  return badge;
}

function media({ kind, id, link, filename }) {
  if (!id) return make("p", "bubble__file", `${words.not_fetched} ${link}`);
  const source = `/fake/media/${id}`;
  if (kind === "image" || kind === "sticker") {
    const picture = make("img", "bubble__picture");
    picture.src = source;
    picture.alt = "";
    return picture;
  }
  const file = make("a", "bubble__file");
  file.href = source;
  file.target = "_blank";
  file.append(icon("file-text"), filename || words.document);
  return file;
}

function choice(button, tapped) {
  if (button.kind === "url") {
    const link = make("a", "button");
    link.href = button.url;
    link.target = "_blank";
    link.rel = "noopener";
    link.append(icon("external-link"), button.title);
    return link;
  }
  const pressed = make("button", "button", button.title);
  pressed.type = "button";
  pressed.disabled = button.kind === "other";
  pressed.addEventListener("click", tapped);
  return pressed;
}

function listButton(list, opened) {
  const pressed = make("button", "button");
  pressed.type = "button";
  pressed.setAttribute("aria-haspopup", "dialog");
  pressed.append(icon("list"), list.button);
  pressed.addEventListener("click", opened);
  return pressed;
}

function foot(entry) {
  const row = make("div", "bubble__foot figures");
  const wire = make("details", "bubble__wire");
  wire.append(make("summary", "", "{ }"));
  wire.firstChild.setAttribute("aria-label", words.shape);
  wire.addEventListener("toggle", () => {
    if (!wire.querySelector("pre")) wire.append(make("pre", "", JSON.stringify(entry.shape, null, 1)));
  });
  row.append(wire, make("span", "", clock.format(entry.at * 1000)), ticks(entry));
  return row;
}
