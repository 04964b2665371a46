"""A folder of FHIR resources, one a file, written whole or not at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from guidegraph.errors import UsageError
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.parts import Json

_OURS = re.compile(r"[A-Z][A-Za-z]+-[A-Za-z0-9.-]{1,64}\.json\Z")


def write_folder(resources: Iterable[Json], folder: Path) -> int:
    """Write resources to a folder as ``Kind-id.json``; an earlier export there is replaced.

    All files are written beside the folder first, so that a reader finds the old export or the new one.

    Returns:
        How many files were written.

    Raises:
        UsageError: the folder holds other files, or cannot be written.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError("not a folder", where=str(folder), mend="Name a folder.")
    folder = folder.resolve()
    if not folder.name:
        raise UsageError("the root is no place for an export", where=str(folder), mend="Name a folder.")
    texts = {f"{r['resourceType']}-{r['id']}.json": fhir.to_json(r) for r in resources}
    part, old = (folder.with_name(f".{folder.name}.guidegraph-{end}") for end in ("part", "old"))
    try:
        if old.exists() and not folder.exists():
            # An earlier run was killed between its two renames.
            old.replace(folder)
        strange = sorted(p.name for p in folder.iterdir() if not _OURS.match(p.name)) if folder.exists() else []
        if strange:
            raise UsageError(f"it holds other files: {strange[0]!r}", where=str(folder), mend="Name an empty folder.")
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)
        part.mkdir(parents=True)
        for name, content in texts.items():
            (part / name).write_text(content, encoding="utf-8")
        if folder.exists():
            folder.replace(old)
        part.replace(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.replace(folder)
        shutil.rmtree(part, ignore_errors=True)
        raise UsageError(
            f"cannot write: {error.strerror}", where=str(folder), mend="Name a folder in a writable place."
        ) from None
    shutil.rmtree(old, ignore_errors=True)
    return len(texts)
