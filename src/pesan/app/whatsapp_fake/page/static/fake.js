// The page: customers on one side, their chats on the other, and whatever happens as it happens.
import { ask, words } from "./api.js";
import { make } from "./bubbles.js";
import { Chat } from "./chat.js";
import * as strip from "./strip.js";

const KEPT = "pesan-whatsapp-open";
const MOST_OPEN = 4;
const people = new Map();
const chats = new Map();
const place = document.getElementById("chats");
const list = document.getElementById("people");
const { opened, begun } = document.body.dataset;

function meet(customer) {
  const known = people.get(customer.wa);
  if (known) {
    if (customer.name) rename(known, customer.name);
    return known;
  }
  const pressed = make("button", "person");
  pressed.type = "button";
  pressed.append(make("span", "clip"), make("span", "person__count figures"));
  const person = { ...customer, pressed, unread: 0 };
  pressed.addEventListener("click", () => open(person));
  const item = make("li");
  item.append(pressed);
  list.prepend(item);
  people.set(person.wa, person);
  rename(person, customer.name);
  return person;
}

function rename(person, name) {
  person.name = name;
  person.pressed.firstChild.replaceChildren(make("b", "clip", name || `+${person.wa}`), `+${person.wa}`);
  chats.get(person.wa)?.rename(name);
}

function count(person, unread) {
  person.unread = unread;
  person.pressed.lastChild.textContent = unread || "";
  person.pressed.lastChild.setAttribute("aria-label", unread ? `${unread} ${words.unread}` : "");
}

async function open(person, { focus = true } = {}) {
  let chat = chats.get(person.wa);
  if (!chat) {
    if (chats.size >= MOST_OPEN) close(chats.values().next().value);
    chat = new Chat(person, { closed: close, begun: chats.size ? "" : begun, number: opened });
    chats.set(person.wa, chat);
    place.append(chat.element);
    await chat.load();
  }
  for (const other of chats.values()) other.element.toggleAttribute("data-front", other === chat);
  delete list.closest(".desk").dataset.adding;
  count(person, 0);
  chat.scroll();
  chat.look();
  if (focus) chat.text.focus();
  keep();
}

function close(chat) {
  chats.delete(chat.wa);
  chat.element.remove();
  chats.values().next().value?.element.setAttribute("data-front", "");
  keep();
  people.get(chat.wa)?.pressed.focus();
}

function keep() {
  document.getElementById("blank").hidden = chats.size > 0;
  for (const person of people.values()) person.pressed.setAttribute("aria-pressed", String(chats.has(person.wa)));
  localStorage.setItem(KEPT, JSON.stringify([...chats.keys()]));
}

function toWa(typed) {
  const digits = typed.replace(/\D/g, "");
  return digits.startsWith("0") ? `62${digits.slice(1)}` : digits;
}

const HAPPENED = {
  message({ wa, name, entry }) {
    const person = meet({ wa, name });
    const chat = chats.get(wa);
    chat?.add(entry);
    if (chat?.isSeen) chat.look();
    else if (entry.by === "business") count(person, person.unread + 1);
  },
  status({ wa, id, status, error, is_typing: isTyping }) {
    chats.get(wa)?.mark(id, status, error);
    if (isTyping) chats.get(wa)?.type();
  },
  faults({ faults }) { strip.showFaults(faults); },
  measures({ measures }) { strip.showMeasures(measures); },
  reset() { location.reload(); },
  behind() { load(); },
};

async function load() {
  const state = await ask("state");
  state.customers.forEach(meet);
  strip.showFaults(state.faults);
  strip.showMeasures(state.measures);
  await Promise.all([...chats.values()].map((chat) => chat.load()));
}

document.getElementById("new").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { wa, name } = Object.fromEntries(new FormData(event.target));
  await open(meet({ wa: toWa(wa), name }));
  await ask(`customers/${toWa(wa)}/name`, { name });
});
document.getElementById("add").addEventListener("click", () => {
  list.closest(".desk").toggleAttribute("data-adding");
  document.getElementById("new-wa").focus();
});
addEventListener("visibilitychange", () => chats.forEach((chat) => chat.look()));
setInterval(() => chats.forEach((chat) => chat.showWindow()), 60000);
strip.start(() => chats.forEach((chat) => chat.showWindow()));

await load();
for (const wa of JSON.parse(localStorage.getItem(KEPT) ?? "[]")) {
  if (people.has(wa)) await open(people.get(wa), { focus: false });
}
keep();
const events = new EventSource("/fake/events");
let wasAway = false;
events.addEventListener("message", ({ data }) => { const told = JSON.parse(data); HAPPENED[told.kind]?.(told); });
events.addEventListener("error", () => { wasAway = true; });
events.addEventListener("open", () => { if (wasAway) load(); wasAway = false; });
document.documentElement.dataset.started = "";
