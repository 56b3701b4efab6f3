"""Whole numbers from 0 on in as few bytes as they need: seven bits a byte, the lowest first; the top bit says that more
follow. As in Protocol Buffers.
"""


def varint(number: int) -> bytes:
    if number < 1 << 14:
        # Most are: without a loop.
        return bytes((number & 0x7F | 0x80, number >> 7)) if number > 0x7F else bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(raw: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends. Raises ValueError above 2**63 - 1, IndexError if it has no
    end."""
    number = shift = 0
    while raw[at] & 0x80:
        if shift > 56:
            # A number without end: adding to it would take longer with each byte.
            raise ValueError
        number |= (raw[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    number |= raw[at] << shift
    if number >= 1 << 63:
        raise ValueError
    return number, at + 1
