"""A set of link numbers as bits: a million of them in 125 kB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class Bitmap:
    """A growing set of small whole numbers."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._count = 0

    def add(self, number: int) -> None:
        """Put a number in."""
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits) + 1024))
        if not self._bits[place] & bit:
            self._bits[place] |= bit
            self._count += 1

    def add_all(self, numbers: Sequence[int]) -> None:
        """Put numbers in."""
        if not numbers:
            return
        bits, most = self._bits, max(numbers) >> 3
        if most >= len(bits):
            bits.extend(bytes(most + 1 - len(bits) + 1024))
        before = self._count
        for number in numbers:
            place, bit = number >> 3, 1 << (number & 7)
            if not bits[place] & bit:
                bits[place] |= bit
                before += 1
        self._count = before

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] & (1 << (number & 7)))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self._bits):
            if byte:
                for bit in range(8):
                    if byte & (1 << bit):
                        yield (place << 3) + bit

    def clear_all_in(self, other: Bitmap) -> Bitmap:
        """Return the numbers that are not in `other`."""
        left = Bitmap()
        left._bits = bytearray(
            byte & ~(other._bits[place] if place < len(other._bits) else 0)
            for place, byte in enumerate(self._bits)
        )
        left._count = sum(byte.bit_count() for byte in left._bits)
        return left

    def joined(self, other: Bitmap) -> Bitmap:
        """Return the numbers of both."""
        both = Bitmap()
        longest = max(len(self._bits), len(other._bits))
        mine, theirs = self._bits.ljust(longest, b"\0"), other._bits.ljust(longest, b"\0")
        both._bits = bytearray(a | b for a, b in zip(mine, theirs, strict=True))
        both._count = sum(byte.bit_count() for byte in both._bits)
        return both
