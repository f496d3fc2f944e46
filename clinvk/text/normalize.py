"""One form (NFC) for text that looks the same.

`é` is one character or two (an `e` and its accent): keyboards, file systems and programs differ.
"""

import unicodedata


def normal(text: str) -> str:
    """The text in NFC, the form that is stored and compared."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
