"""The trained and the hand-built networks that come with the package, and their files."""

from mlpzoo.pretrained.manifest import (
    FOLDER,
    Pretrained,
    get_pretrained,
    list_pretrained,
    load_pretrained,
    read_manifest,
)

__all__ = [
    "FOLDER", "Pretrained", "get_pretrained", "list_pretrained", "load_pretrained", "read_manifest",
]  # fmt: skip
