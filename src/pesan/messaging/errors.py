"""Why a message did not leave, in the two kinds that matter: worth another try, or not."""


class MessageDelayed(Exception):
    """The network could not take the message now; the same message may well leave later.

    `code` is a short machine name for records and monitors, never an address or a sentence of a server.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MessageRejected(Exception):
    """The network refuses this message for good; sending it again would change nothing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
