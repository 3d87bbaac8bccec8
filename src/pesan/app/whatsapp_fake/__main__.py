"""Beside an instance that is served: `python -m pesan.app.whatsapp_fake --port … --webhook-url …` until SIGTERM."""

import argparse

from pesan.app.whatsapp_fake.business import Business
from pesan.app.whatsapp_fake.instance import LIVELY, terms_of
from pesan.app.whatsapp_fake.server import run
from pesan.settings import load_settings


def main() -> None:
    """Serve; secrets come from the environment, which other people of the machine cannot read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", default="")
    wanted = parser.parse_args()
    terms = terms_of(load_settings(), wanted.webhook_url)
    run(Business(terms, LIVELY.model_copy(deep=True)), wanted.port)


if __name__ == "__main__":
    main()
