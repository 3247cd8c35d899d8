"""Where an engagement's files are.

``parameters/<engagement>/`` holds what people decide, ``reports/<engagement>/`` what runs leave. Both are looked for in
the folder that ``MIGRATOR_HOME`` names, else in the current one and those above it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from migrator_lib.errors import ParameterError
from migrator_lib.storage import refusals


def home() -> Path:
    """Return the folder that holds ``parameters/``.

    Raises:
        ParameterError: there is none here or above.
    """
    named = os.environ.get("MIGRATOR_HOME")
    candidates = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents]
    for folder in candidates:
        if (folder / "parameters").is_dir():
            return folder.resolve()
    raise ParameterError(
        f"There is no folder 'parameters' in {candidates[0]} or above.",
        next_step="change into the project's folder, or set MIGRATOR_HOME to it.",
    )


@dataclass(frozen=True)
class Paths:
    """Where an engagement's files are."""

    parameters: Path
    reports: Path

    @classmethod
    def of(cls, root: Path, name: str) -> Paths:
        """Return the paths of an engagement of this name."""
        return cls(root / "parameters" / name, root / "reports" / name)

    @property
    def engagement_file(self) -> Path:
        """``engagement.yaml``."""
        return self.parameters / "engagement.yaml"

    @property
    def mapping_file(self) -> Path:
        """``mapping.yaml``."""
        return self.parameters / "mapping.yaml"

    @property
    def signed_mapping_file(self) -> Path:
        """``signed/mapping.yaml``: the mapping as it was when it was signed last."""
        return self.parameters / "signed" / "mapping.yaml"

    @property
    def signoffs_file(self) -> Path:
        """``signoffs.yaml``."""
        return self.parameters / "signoffs.yaml"

    @property
    def state(self) -> Path:
        """Ledger and staged data: confidential."""
        return self.reports / "state"

    @property
    def staged(self) -> Path:
        """Stages of Parquet chunks."""
        return self.state / "staged"

    @property
    def documents(self) -> Path:
        """Written documents: scope, inventories, the sample's review page."""
        return self.reports / "documents"

    @property
    def runs(self) -> Path:
        """A folder for each run, with its executed notebooks."""
        return self.reports / "runs"

    @property
    def simulated(self) -> Path:
        """What simulators keep."""
        return self.state / "simulated"

    def make(self) -> None:
        """Make the folders.

        Raises:
            StorageError: the disk does not let us.
        """
        with refusals(f"{self.reports} cannot be made"):
            for folder in (self.state, self.documents, self.runs):
                folder.mkdir(parents=True, exist_ok=True)
