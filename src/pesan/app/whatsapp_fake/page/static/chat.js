// One customer's chat: what was said, what can be tapped, and a place to write.
import { ask, fill, words } from "./api.js";
import { bubble, make, ticks } from "./bubbles.js";

const TYPING_MS = 25000;

export class Chat {
  constructor(customer, { closed, begun, number }) {
    this.wa = customer.wa;
    this.entries = new Map();
    this.element = document.getElementById("chat").content.firstElementChild.cloneNode(true);
    this.name = this.find(".chat__name");
    this.state = this.find(".chat__state");
    this.list = this.find(".talk__list");
    this.text = this.find(".write__text");
    this.number = this.find(".chat__number");
    if (number) this.number.value = number;
    if (begun) this.text.value = begun;
    // A picture has its height only when it has come; the event does not bubble.
    this.list.addEventListener("load", () => this.scroll(), true);
    this.rename(customer.name);
    this.find(".chat__close").addEventListener("click", () => closed(this));
    this.number.addEventListener("change", () => this.showWindow());
    this.find(".write").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    this.find("input[type=file]").addEventListener("change", (event) => this.sendPicture(event.target));
  }

  find(selector) { return this.element.querySelector(selector); }

  get isSeen() { return document.visibilityState === "visible" && this.element.offsetParent !== null; }

  rename(name) {
    this.name.textContent = name || `+${this.wa}`;
    this.element.setAttribute("aria-label", this.name.textContent);
    this.find(".talk").setAttribute("aria-label", this.name.textContent);
  }

  async load() {
    const entries = await ask(`customers/${this.wa}/messages?whole=true`);
    this.list.replaceChildren();
    this.entries.clear();
    for (const entry of entries) this.add(entry);
    await this.look();
  }

  async look() {
    this.showWindow();
    const isUnread = [...this.entries.values()].some((entry) => entry.by === "business" && entry.status !== "read");
    if (this.isSeen && isUnread) await ask(`customers/${this.wa}/read`, {});
  }

  async showWindow() {
    const left = (await ask(`customers/${this.wa}/window`))[this.number.value] ?? 0;
    const time = left >= 3600 ? fill(words.hours, { n: Math.floor(left / 3600) }) : fill(words.minutes, { n: Math.ceil(left / 60) });
    this.state.textContent = `+${this.wa} · ${left ? fill(words.window, { left: time }) : words.closed}`;
  }

  add(entry) {
    const quoted = this.entries.get(entry.context)?.shown;
    const quote = quoted && (quoted.text || quoted.header);
    const taps = { tap: (from, button) => this.tap(from, button), openList: (from) => this.openList(from), quote };
    this.entries.set(entry.id, entry);
    this.list.append(bubble(entry, taps));
    if (entry.by === "business") this.find(".talk__typing").hidden = true;
    this.scroll();
  }

  scroll() {
    const talk = this.find(".talk");
    talk.scrollTop = talk.scrollHeight;
  }

  mark(id, status, error) {
    const entry = this.entries.get(id);
    if (!entry) return;
    Object.assign(entry, { status, error });
    this.list.querySelector(`[data-id="${CSS.escape(id)}"] .ticks`)?.replaceWith(ticks(entry));
  }

  type() {
    const line = this.find(".talk__typing");
    line.textContent = words.typing;
    line.hidden = false;
    clearTimeout(this.typed);
    this.typed = setTimeout(() => { line.hidden = true; }, TYPING_MS);
  }

  async say(said) {
    await ask(`customers/${this.wa}/say`, { phone_number_id: this.number.value, ...said });
    this.showWindow();
  }

  async send() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    await this.say({ text }).catch(() => { this.text.value = text; });
    this.text.focus();
  }

  async sendPicture(input) {
    const [file] = input.files;
    if (!file) return;
    const query = new URLSearchParams({ caption: this.text.value.trim(), phone_number_id: this.number.value });
    input.value = "";
    await ask(`customers/${this.wa}/say?${query}`, file, { headers: { "content-type": file.type } });
    this.text.value = "";
  }

  tap(entry, button) { return this.say({ reply_id: button.id, context: entry.id }); }

  openList(entry) {
    const sheet = document.getElementById("sheet");
    const rows = entry.shown.list.sections.flatMap((section) => [
      ...(section.title ? [make("p", "sheet__group", section.title)] : []),
      ...section.rows.map(sheetRow),
    ]);
    document.getElementById("sheet-title").textContent = entry.shown.list.button;
    document.getElementById("sheet-rows").replaceChildren(...rows);
    sheet.returnValue = "";
    sheet.onclose = () => { if (sheet.returnValue) this.tap(entry, { id: sheet.returnValue }); };
    sheet.showModal();
  }
}

function sheetRow(row) {
  const pressed = make("button", "sheet__row");
  pressed.type = "submit";
  pressed.value = row.id;
  pressed.append(make("b", "", row.title));
  if (row.description) pressed.append(make("span", "small muted", row.description));
  return pressed;
}
