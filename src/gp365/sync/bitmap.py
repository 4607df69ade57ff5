"""A set of link numbers as bits: a million of them in 125 kB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_BITS = tuple(1 << place for place in range(8))


class Bitmap:
    """A growing set of small whole numbers."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Put a number in."""
        self.add_all((number,))

    def add_all(self, numbers: Sequence[int]) -> None:
        """Put numbers in."""
        if not numbers:
            return
        bits, most = self._bits, max(numbers) >> 3
        if most >= len(bits):
            bits.extend(bytes(most + 1 - len(bits) + 1024))
        for number in numbers:
            bits[number >> 3] |= _BITS[number & 7]

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] & (1 << (number & 7)))

    def __len__(self) -> int:
        return int.from_bytes(self._bits, "little").bit_count()

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self._bits):
            if byte:
                for bit in range(8):
                    if byte & (1 << bit):
                        yield (place << 3) + bit

    def clear_all_in(self, other: Bitmap) -> Bitmap:
        """Return the numbers that are not in `other`."""
        left = Bitmap()
        mine, theirs = int.from_bytes(self._bits, "little"), int.from_bytes(other._bits, "little")
        left._bits = bytearray((mine & ~theirs).to_bytes(len(self._bits), "little"))
        return left
