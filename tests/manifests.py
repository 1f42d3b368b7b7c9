"""Manifests changed for a test."""

import json


def edit(folder, name, **changes):
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text())
    content["networks"][name].update(changes)
    manifest.write_text(json.dumps(content))
