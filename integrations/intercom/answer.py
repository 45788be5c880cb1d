"""What a client call returns: the checked value, and the exchanges that it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from integrations.intercom.exchange import Exchange

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """`exchange` is the last one; `earlier` are those of the pages before it, if there were several."""

    value: T_co
    exchange: Exchange
    earlier: tuple[Exchange, ...] = ()

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every call that was made for it, in order."""
        return (*self.earlier, self.exchange)
