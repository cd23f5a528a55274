"""A small tree of configuration files, as tests write one of their own."""

#: files at its root, which compose the study `one` of two simulators, a network, methods and a metric
ROOT_FILES = {
    "config": """defaults:
  - schema
  - _self_
  - simulator: near
  - network: small
  - train: default
  - method: [a]
  - metric: [s]
  - study: one
""",
    "launch": "plan: ???\nunit: ???\n",
}


def write(folder, files):
    """The folder, with files by their names without an ending."""
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
