"""A mutation run over the guard: takes each of its conditions out, one at a time, and asks whether a test fails.

``python -m tests.support.mutate_guard [FIRST]`` prints each mutant that no test notices, and the score; it fails where one
survives that is not known to change nothing. It works on a copy of the package, so that the checkout stays as it is. It takes
some minutes.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from guidegraph import assets
from tests.support.paths import ROOT

#: Each module, and the tests that are to notice what is changed in it.
MODULES = {
    "query/guard.py": (
        "tests/query/test_guard.py",
        "tests/query/test_names_told.py",
        "tests/remote/test_holes.py",
        "-k",
        "reaches_out or leave or legal or named or refused or bounds or parser or way_in or prefix or value or escapes or place"
        " or told or reader or variables",
    ),
    "query/sealed.py": ("tests/query/test_sealed.py",),
}
#: Mutants that nothing can notice, each with the reason. Any other that survives is a fault of the tests.
EQUIVALENT = {
    (
        "query/guard.py",
        "without isinstance(part, Iterable)",
    ): "whatever rdflib's parser gives is text, a mapping or iterable",
    ("query/guard.py", "never: if not resolve:"): "names are made whole of which only the number is used",
    (
        "query/guard.py",
        "never: if not places:",
    ): "a text without the word is not changed, and the engine finds no fault in it",
    ("query/sealed.py", "never: if not hasattr(os, 'fork'):"): "every machine that runs the tests can fork",
    (
        "query/sealed.py",
        "not called: signal.signal(signal.SIGINT, signal.SIG_DFL)",
    ): "who interrupts a query interrupts its parent too, which ends the child",
    (
        "query/sealed.py",
        "not called: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})",
    ): "likewise: the parent ends a child that hears nothing",
}


class Mutation(ast.NodeTransformer):
    """Changes the ``wanted``-th place that can be changed, and says which it was."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.seen, self.told = wanted, 0, ""

    def _now(self, node: ast.AST, what: str) -> bool:
        self.seen += 1
        if self.seen - 1 != self.wanted:
            return False
        self.told = f"line {node.lineno}: {what}: {ast.unparse(node).splitlines()[0][:90]}"  # type: ignore[attr-defined]
        return True

    def visit_If(self, node: ast.If) -> ast.AST:
        """A condition that never holds."""
        if self._now(node, "never"):
            node.test = ast.copy_location(ast.Constant(False), node.test)
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """A conjunction or disjunction without one of its parts."""
        for part in list(node.values):
            if self._now(node, f"without {ast.unparse(part)[:40]}"):
                node.values.remove(part)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """A bound that is one more."""
        if isinstance(node.ops[0], ast.Gt | ast.Lt) and self._now(node, "on the edge"):
            node.ops[0] = ast.GtE() if isinstance(node.ops[0], ast.Gt) else ast.LtE()
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """A call that is not made."""
        if isinstance(node.value, ast.Call) and self._now(node, "not called"):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each mutant's text, and what was changed in it."""
    number = 0
    while True:
        mutation = Mutation(number)
        tree = ast.fix_missing_locations(mutation.visit(ast.parse(source)))
        if not mutation.told:
            return
        yield ast.unparse(tree), mutation.told
        number += 1


def main() -> None:
    """Run the tests over every mutant."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "src/guidegraph"
        shutil.copytree(ROOT / "src/guidegraph", package, ignore=shutil.ignore_patterns("__pycache__"))
        for name in assets.FOLDERS:
            (Path(folder) / name).symlink_to(ROOT / name)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        killed = survived = equivalent = 0
        first = int(sys.argv[1]) if len(sys.argv) > 1 else 0
        for name, chosen in MODULES.items():
            original = (package / name).read_text(encoding="utf-8")
            for text, told in islice(mutants(original), first, None):
                (package / name).write_text(text, encoding="utf-8")
                try:
                    failed = subprocess.run(
                        [*command, *chosen], cwd=ROOT, env=environment, capture_output=True, timeout=300, check=False
                    ).returncode
                except subprocess.TimeoutExpired:
                    failed = 1
                if failed:
                    killed += 1
                elif reason := next((r for (n, what), r in EQUIVALENT.items() if n == name and what in told), ""):
                    equivalent += 1
                    sys.stdout.write(f"equivalent {name} {told}: {reason}\n")
                else:
                    survived += 1
                    sys.stdout.write(f"SURVIVED {name} {told}\n")
                sys.stdout.flush()
            (package / name).write_text(original, encoding="utf-8")
            first = 0
        sys.stdout.write(f"{killed} of {killed + survived} mutants were noticed, {equivalent} more change nothing\n")
        sys.exit(survived > 0)


if __name__ == "__main__":
    main()
