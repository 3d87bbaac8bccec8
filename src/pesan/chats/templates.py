"""The templates that WhatsApp approves before anything may be said outside a person's window, as data.

Sentences name their facts like every text of ours; WhatsApp knows blanks by number, in the order in which a sentence
names them, which differs between languages. A text that changes needs a new `version`, because a name stands for one
approved text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pesan.chats.states import Category
from pesan.kit.i18n import Locale, Text
from pesan.messaging.whatsapp.shapes import TemplateUse, fit
from pesan.messaging.whatsapp.templates import NewTemplate, UrlButton

LOCALES: tuple[Locale, ...] = ("id", "en")
# So much of one fact is enough to know it by; the filled body has Meta's limit too.
_MOST_OF_A_FACT = 120
_MOST: Mapping[str, int] = {"text": 600, "items": 300}
_FACT = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """One template in both languages: what it says, and what its button is called, which leads to one of our pages."""

    key: str
    body: Text
    button: Text | None = None
    category: Category = Category.UTILITY
    version: int = 1

    @property
    def name(self) -> str:
        """What WhatsApp knows it by."""
        return f"pesan_{self.key}_v{self.version}"

    def facts_in(self, locale: Locale) -> tuple[str, ...]:
        """The facts that fill its blanks, the first of them {{1}}."""
        return tuple(dict.fromkeys(_FACT.findall(_sentence(self.body, locale))))

    def text_in(self, locale: Locale) -> str:
        """The body with numbered blanks, as it is submitted."""
        numbers = {fact: number for number, fact in enumerate(self.facts_in(locale), start=1)}
        return _FACT.sub(lambda found: f"{{{{{numbers[found[1]]}}}}}", _sentence(self.body, locale))

    def use(self, locale: Locale, facts: Mapping[str, str | int], *, path: str = "") -> TemplateUse:
        """The template filled; `path` is the page that its button opens."""
        return TemplateUse(
            self.name,
            locale,
            tuple(fit(str(facts[name]), _MOST.get(name, _MOST_OF_A_FACT)) for name in self.facts_in(locale)),
            button=path.lstrip("/") if self.button else None,
        )

    def to_submit(self, locale: Locale, base_url: str, samples: Mapping[str, str]) -> NewTemplate:
        """The template as it is handed in for approval; its pages are those of `base_url`."""
        base = base_url.rstrip("/")
        button = None
        if self.button:
            button = UrlButton(
                _sentence(self.button, locale), f"{base}/{{{{1}}}}", sample=f"{base}/b/K7Q2M9XZ4VBNC"
            )
        return NewTemplate(
            name=self.name,
            language=locale,
            category="MARKETING" if self.category is Category.MARKETING else "UTILITY",
            body=self.text_in(locale),
            samples=tuple(samples[name] for name in self.facts_in(locale)),
            button=button,
        )


SAMPLES: Mapping[str, str] = {
    "buyer_name": "Siti Rahmawati",
    "merchant_name": "Ruang Senja",
    "event_title": "Malam Keroncong Kota Tua",
    "when": "Sab, 5 Des 2026 · 19.00 WIB",
    "order_code": "K7Q2M9XZ4VBNC",
    "amount": "Rp 300.000",
    "balance": "Rp 150.000",
    "reason": "Nominalnya belum sesuai",
    "other_name": "Rani Wijaya",
    "product_title": "Cokelat Tokyo 12 pcs",
    "trip_title": "Jastip Jepang Mei",
    "price": "Rp 185.000",
    "text": "Besok terakhir titip, ya",
    "item": "2 × Cokelat Tokyo",
    "difference": "+Rp 20.000",
}
"""A believable fact of each name, for whoever at WhatsApp looks at a template."""


def _sentence(text: Text, locale: Locale) -> str:
    return text.en if locale == "en" else text.id
