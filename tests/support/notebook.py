"""The notebooks of the documentation, executed: ``python -m tests.support.notebook`` writes their outputs anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT

NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))


def executed(path: Path) -> Any:
    """A notebook with the outputs that a fresh kernel gives, without counts and times."""
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", record_timing=False).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.pop("execution_count", None)
            if output.output_type == "execute_result":
                output.execution_count = None
        if cell.cell_type == "code":
            cell.execution_count = None
    notebook.metadata = {"language_info": {"name": "python"}}
    return notebook


if __name__ == "__main__":
    import nbformat

    for place in NOTEBOOKS:
        nbformat.write(executed(place), place)
