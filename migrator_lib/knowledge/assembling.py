"""From the rules' articles to the knowledge base of each help center, as both ways into it take it."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.help_center.articles import (
    Article,
    Category,
    CategoryText,
    KnowledgeBase,
    Link,
    Media,
    Translation,
)
from migrator_lib.knowledge.references import Picture
from migrator_lib.knowledge.rules import ONLY, Group, Rules
from migrator_lib.lookups import Lookups, content_type
from migrator_lib.objects import kb_article
from migrator_lib.objects.attachment import problem_of, upload_name
from migrator_lib.objects.base import Record, Send
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.objects.kb_category import KbCategory
from migrator_lib.smartertrack.matching import Match
from migrator_lib.staging import Row

ReadFile = Callable[[Match], bytes]
"""Returns a file of the index, or raises RecordUnusable."""


@dataclass(frozen=True)
class Assembler:
    """Makes the knowledge bases of one stage."""

    lookups: Lookups
    read: ReadFile

    @property
    def rules(self) -> Rules:
        """The rules that it goes by."""
        return self.lookups.article_rules

    def bases(self) -> dict[int, KnowledgeBase]:
        """Return the knowledge base of every help center that something goes to, by its number."""
        places = {center: {} for center in self.rules.centers}  # type: dict[int, dict[int, dict[str, int]]]
        for leader, group in self.rules.groups.items():
            for center, members in self._places(group).items():
                places[center][leader] = members
        categories = {center: self._categories(center, leaders) for center, leaders in places.items()}
        return {
            center: KnowledgeBase(
                categories=categories[center],
                articles=tuple(self._article(leader, members, center) for leader, members in leaders.items()),
                default_locale=self.rules.default_locale,
            )
            for center, leaders in places.items()
            if leaders or categories[center]
        }

    def _places(self, group: Group) -> dict[int, dict[str, int]]:
        """Return the help centers that a group goes to, and with which of its languages."""
        found: dict[int, dict[str, int]] = {}
        for locale, article in group.members.items():
            for center in self.rules.centers_of(article):
                found.setdefault(center, {})[locale] = article
        return found

    # --- categories --------------------------------------------------------------------------------

    def _categories(self, center: int, leaders: Mapping[int, Mapping[str, int]]) -> tuple[Category, ...]:
        """Return the categories that articles of a help center are in, with those above; the first one has all others.

        SmarterTrack has their names in one language; they are in every language that an article below them has.
        """
        locales: dict[int, set[str]] = {}
        for leader, members in leaders.items():
            for category in self.rules.above(self.rules.category_of(leader)):
                locales.setdefault(category, set()).update(members)
        records = KbCategory()
        found = []
        for position, category in enumerate(sorted(self.lookups.knowledge.categories)):
            if category not in locales and center != self.rules.centers[0]:
                continue
            record = Record(str(category), self.lookups.knowledge.categories[category])
            outcome = records.transform(record, self.lookups)
            if isinstance(outcome, Send):
                names = sorted(locales.get(category) or {self.rules.default_locale})
                texts = {locale: CategoryText(name=outcome.payload["name"]) for locale in names}
                found.append(
                    Category(
                        external_id=outcome.payload["external_id"], texts=texts, parent=outcome.payload["parent"],
                        position=position,
                    )
                )  # fmt: skip
        return tuple(found)

    # --- articles ----------------------------------------------------------------------------------

    def _article(self, leader: int, members: Mapping[str, int], center: int) -> Article:
        category = self.rules.category_of(leader)
        translations = {locale: self._translation(article, center) for locale, article in sorted(members.items())}
        return Article(
            external_id=self.lookups.external_id(KbArticle.name, leader),
            category=None if category is None else self.lookups.external_id(KbCategory.name, category),
            status="draft",  # of none: every language says its own
            translations=translations,
            brand=self.rules.brands_of(leader),
            media=partial(self._all_media, tuple(members.values())),
        )

    def _translation(self, article: int, center: int) -> Translation:
        said = kb_article.translation(article, self.lookups)
        created, modified, reviewed = said["dates"]
        return Translation(
            title=said["title"], html=partial(self.rules.body, article), excerpt=said["excerpt"],
            seo_title=said["seo_title"], status=said["status"], old_urls=tuple(said["old_urls"]),
            links=tuple(self._links(article, center)), created=created, modified=modified, reviewed=reviewed,
        )  # fmt: skip

    def _links(self, article: int, center: int) -> Iterator[Link]:
        """Yield the links to articles of the same help center."""
        for reference, linked in self.rules.refers_to(article).articles.items():
            end = self.rules.end(linked) if linked in self.lookups.knowledge.articles else "not there"
            if isinstance(end, int) and center in self.rules.centers_of(end):
                leader, locale = self.rules.leaders[end], self.rules.locale(end)
                assert locale is not None
                record = self.lookups.external_id(KbArticle.name, leader)
                yield Link(reference=reference, article=record, locale=locale)

    def _all_media(self, articles: tuple[int, ...]) -> tuple[Media, ...]:
        return tuple({one.reference: one for article in articles for one in self._media(article)}.values())

    def _media(self, article: int) -> Iterator[Media]:
        found = self.rules.refers_to(article)
        for reference, number in found.files.items():
            row = file_row(number, self.lookups)
            name = upload_name(row)
            yield Media(
                reference=reference, name=name, content_type=content_type(name), key=row["AttachmentKey"],
                read=partial(self._read, row),
            )  # fmt: skip
        for reference, picture in found.pictures.items():
            yield Media(
                reference=reference, name=picture_name(picture), content_type=picture.content_type, key=picture.key,
                read=partial(_content, picture),
            )  # fmt: skip

    def _read(self, row: Row) -> bytes:
        found = self.lookups.files.match(row)
        problem = problem_of(found, row, self.lookups.parameters.target.upload_limit_bytes)
        if problem:
            raise RecordUnusable(problem, next_step="restore the file below the files root, and run 04 and 05 again.")
        return self.read(found)


def _content(picture: Picture) -> bytes:
    return picture.content


def picture_name(picture: Picture) -> str:
    """Return a file name for a picture inside the text."""
    return f"{picture.key}{mimetypes.guess_extension(picture.content_type) or ''}"


def file_row(number: int, lookups: Lookups) -> Row:
    """Return a row of Files as a row of attachments is: with the key it is known by."""
    return {**lookups.knowledge.files[number], "AttachmentKey": f"f{number}"}


def folder_name(center: int) -> str:
    """Return the name of the folder of a help center's export package."""
    return "help_center" if center == ONLY else f"help_center_{center}"
