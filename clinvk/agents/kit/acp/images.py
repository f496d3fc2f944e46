"""Pictures in a prompt, for an agent that says that it takes them."""

from collections.abc import Iterable, Iterator

from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import mapping
from clinvk.model.events import Json
from clinvk.model.request import Picture


def takes_images(offers: Line) -> bool:
    """Whether the agent's capabilities have pictures in prompts."""
    return mapping(offers.get("promptCapabilities")).get("image") is True


def image_blocks(images: Iterable[Picture]) -> Iterator[Json]:
    """The blocks of the prompt, after its words."""
    for one in images:
        yield {"type": "image", "mimeType": one.media_type, "data": one.base64}
