"""A form for codes that nobody gave a meaning: what the audit's error says to write, chosen and written by a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.errors import ParameterError
from migrator_lib.forms import ASKED_AT_ONCE, NOT_YET, Form
from migrator_lib.mapping import EngagementMapping, merge_into_file
from migrator_lib.mapping.questions import choices
from migrator_lib.pages import Html


class CodeForm(Form):
    """For each code a name, a choice, or both; what is answered in full is added to mapping.yaml.

    Args:
        engagement: whose mapping it is.
        codes: section, key and words of each code, as :class:`~.errors.UnmappedCodes` has them.
    """

    def __init__(self, engagement: Engagement, codes: Sequence[tuple[str, str, str]]) -> None:
        self._codes = list(codes)
        self._fields: dict[tuple[str, str], dict[str, Any]] = {}
        super().__init__(engagement)

    def refresh(self, said: Html | str = "") -> None:
        """Ask for what has no meaning yet, and show ``said`` above it."""
        shown = [self._html(pages.join([said]))] if said else []
        asked = self._codes[:ASKED_AT_ONCE]
        self._fields = {(section, key): self._of(section) for section, key, _ in asked}
        for section, key, words in asked:
            shown += [self._html(pages.paragraph(pages.tag("b", words))), *self._fields[section, key].values()]
        self.box.children = [*shown, *(self._button("Write the meanings", self._write) if asked else [])]

    def _of(self, section: str) -> dict[str, Any]:
        """Return the fields of an entry that a person has to fill in."""
        known = EngagementMapping.entry_type(section).model_fields
        fields: dict[str, Any] = {}
        if "name" in known:
            fields["name"] = self._widgets.Text(description="name", placeholder="what you call it", layout=self._wide)
        if "becomes" in known:
            fields["becomes"] = self._choice(choices(section))
        return fields

    def _write(self) -> Html:
        """Write what is answered in full, and ask on for what is not.

        Raises:
            ParameterError: nothing is, or mapping.yaml is wrong; nothing is written.
            StorageError: the file cannot be written.
        """
        given = {place: {name: one.value.strip() for name, one in of.items()} for place, of in self._fields.items()}
        full = {place: entry for place, entry in given.items() if NOT_YET not in entry.values()}
        if not full:
            raise ParameterError("No code has its meaning yet.", next_step="fill in all fields of a code at least.")
        sections: dict[str, dict[str, Any]] = {}
        for (section, key), entry in full.items():
            sections.setdefault(section, {})[key] = entry
        added = merge_into_file(self._engagement.paths.mapping_file, EngagementMapping.model_validate(sections))
        self._codes = [one for one in self._codes if one[:2] not in full]
        return pages.status(
            f"{pages.counted(len(added), 'meaning')} written into mapping.yaml.", "good",
            detail=f"Next: {'the others below, then ' if self._codes else ''}run this notebook again from its first "
            "cell.",
        )  # fmt: skip
