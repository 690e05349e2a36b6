"""What a bot does not do for its users, apart from what fails."""

from __future__ import annotations

from signbench.errors import InputError


class RefusedError(InputError):
    """A message that the bot cannot do anything with; its sender is shown the reason.

    Other errors concern the one who runs the bot: they are logged, and users do not see them.
    """


def cut(text: str, most: int = 60) -> str:
    """The beginning of what a user wrote, for a reply that quotes it; a message of Telegram has at most 4,096 letters."""
    kept = " ".join(text.split())
    return kept if len(kept) <= most else f"{kept[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
