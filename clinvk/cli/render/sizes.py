"""Bytes as people say them: `12.3 kB`."""


def size_in_words(size: int) -> str:
    """The size with the unit that fits."""
    from humanize import naturalsize

    return "0 bytes" if size == 0 else naturalsize(size)
