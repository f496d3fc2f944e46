"""Text that is the same to a person, in one form.

`é` is one character or two (an `e` and its accent): keyboards, file systems and programs differ.
"""

import unicodedata


def normal(text: str) -> str:
    """The text in the form that we store and compare (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
