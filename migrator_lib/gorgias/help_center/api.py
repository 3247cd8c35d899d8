"""The other way into a help center: its undocumented API, where an engagement says so and the probe passes.

Every point of it is unverified, see :mod:`migrator_lib.gorgias.help_center.contract`. An article is known by its number
where the memory has it, else by its address and text. What the source changed since is changed; what somebody changed
or deleted in the help center is left as it is, and listed, and so is what was there before and says something else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from migrator_lib.errors import RecordError, TargetUnreachable, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.help_center import html
from migrator_lib.gorgias.help_center.articles import Article, Category, KnowledgeBase, Media, Translation, read_media
from migrator_lib.gorgias.help_center.contract import (
    ArticleCreate,
    ArticleTranslation,
    CategoryCreate,
    CategoryTranslation,
    RedirectCreate,
    SeoMeta,
    article_address,
    visibility,
)
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.memory import SLUG, Known, Memory, Sent, fingerprint, fingerprints, is_as, sent_as
from migrator_lib.gorgias.help_center.outcome import Outcome, Problem, State
from migrator_lib.gorgias.help_center.prepare import prepared
from migrator_lib.gorgias.help_center.probe import Finding, probe, require
from migrator_lib.gorgias.help_center.there import There

TRIES = 3
LEFT_OVER = "language gone from the source"
"""Kind of a problem: an article has lost a language since it was made."""
T = TypeVar("T")


class HelpCenterApi:
    """Writes by the API; see :class:`~migrator_lib.gorgias.help_center.outcome.HelpCenter`."""

    def __init__(self, account: GorgiasApi, endpoints: Endpoints, memory: Memory | None = None) -> None:
        """Take the account, which images are uploaded to, the help center, and what earlier runs made in it."""
        self._account = account
        self._api = endpoints
        self._memory = memory or Memory()

    def probe(self) -> list[Finding]:
        """Ask whether the API does what is needed; see :func:`migrator_lib.gorgias.help_center.probe.probe`."""
        return probe(self._api)

    def publish(self, base: KnowledgeBase) -> Outcome:
        """Make what is not there yet, and change what is not as it should be any more: categories first, then articles,
        one request for each language; links between articles at last, when all have their addresses.

        Raises:
            TargetDenied: the probe did not pass; nothing was written.
            TargetUnreachable: the service keeps failing; what was made is found again by the next run.
        """
        findings = self.probe()
        require(findings)
        base, problems = prepared(base)
        redirects = all(one.ok for one in findings if one.name == "redirects")
        publication = _Publication(self._account, self._api, base, Outcome(problems=problems), redirects, self._memory)
        return publication.carry_out()


class _Publication:
    """One run."""

    def __init__(
        self, account: GorgiasApi, api: Endpoints, base: KnowledgeBase, outcome: Outcome, redirects: bool,
        memory: Memory,
    ) -> None:  # fmt: skip
        self.account, self.api, self.base, self.outcome, self.memory = account, api, base, outcome, memory
        self.categories = There(api, "categories")
        self.articles = There(api, "articles")
        self._redirects = {one.from_url for one in api.redirects()} if redirects else None
        self._ids: dict[str, int] = {}
        self._made: dict[str, int] = {}
        """External id to the number of every article that is there."""
        self._urls: dict[str, str | None] = {}
        """Key of a file to where it is; None where it could not be read."""
        self._waiting: list[Article] = []
        """Articles that link to others which had no address yet."""

    def carry_out(self) -> Outcome:
        for category in self.base.categories:
            try:
                self._category(category)
            except RecordError as error:
                self._odd(category.external_id, "", "category refused", error.message)
        for article in self.base.articles:
            known = self.memory.known("articles", article.external_id)
            if known is not None and known.id is not None and known.id in self.articles:
                self._made[article.external_id] = known.id
        for article in self.base.articles:
            self._article(article)
        for article in self._waiting:
            self._point(article)
        return self.outcome

    def _odd(self, record: str, locale: str, kind: str, words: str) -> None:
        self.outcome.problems.append(Problem(record, locale, kind, words))

    # --- categories --------------------------------------------------------------------------------

    def _category(self, category: Category) -> None:
        bodies = [
            CategoryTranslation(locale=locale, title=text.name, slug=text.slug, description=text.description)
            for locale in self.base.locales(category.texts)
            for text in [category.texts[locale]]
        ]
        first, record = bodies[0], category.external_id
        parent = self._ids.get(category.parent) if category.parent else None
        known = self.memory.known("categories", record)
        made = known.id if known is not None and known.id in self.categories else None
        made = made or self.categories.id_of(first.locale, first.slug)
        ours = known.ours if known is not None else made is None
        if made is None:
            self.memory.intend("categories", record)
            made = _surely(
                lambda: self.api.create_category(CategoryCreate(parent_category_id=parent, translation=first)),
                lambda: self._again(self.categories, first.locale, first.slug),
            )
            self.categories.note(made, first)
        self._ids[record] = made
        for body in bodies[1:]:
            self._language(self.categories, "categories", made, body)
        if known is None or known.id != made:
            self.memory.settle("categories", record, Known(made, ours=ours))
        there = self.categories.text(made, first.locale)
        if there is not None and there.title != first.title:
            self._odd(record, first.locale, "category named otherwise", f"category {made} is not called so there")

    # --- articles ----------------------------------------------------------------------------------

    def _article(self, article: Article) -> None:
        """Bring an article there in every language; a refusal of one language leaves the others."""
        locales, record = self.base.locales(article.translations), article.external_id
        known = self.memory.known("articles", record)
        made = self._known(article) if known is None or known.id is None else known.id
        if known is not None and known.id is not None and known.id not in self.articles:
            self._left(article, f"article {known.id} was deleted there", "deleted in Gorgias")
            return
        if made is None and locales and self._is_taken(article, locales[0]):
            for locale in locales:
                self.outcome.add(record, locale, "quarantined")
            return
        sent = dict(known.sent) if known is not None else {}
        ours = known.ours if known is not None else made is None
        for locale in locales:
            try:
                made, state = self._translation(article, locale, made, sent, ours=ours)
            except RecordError as error:
                self._odd(record, locale, "refused", error.message)
                state = "quarantined"
            self.outcome.add(record, locale, state, str(made or ""))
        for locale in sorted(sent.keys() - article.translations.keys()):
            self._odd(
                record, locale, LEFT_OVER, "the text of this language stays in the Help Center: take it out by hand"
            )
        if made is not None:
            self._made[record] = made
            self._settle(article, known, Known(made, sent, ours))
            self._lead_to(article, made)

    def _settle(self, article: Article, before: Known | None, now: Known) -> None:
        if before is None or (before.id, dict(before.sent)) != (now.id, dict(now.sent)):
            self.memory.settle("articles", article.external_id, now)
        if not now.ours:
            return
        links = [link for text in article.translations.values() for link in text.links]
        if any(link.article not in self._made for link in links):
            self._waiting.append(article)

    def _left(self, article: Article, words: str, kind: str) -> None:
        self._odd(article.external_id, "", kind, words)
        for locale in article.translations:
            self.outcome.add(article.external_id, locale, "left")

    def _point(self, article: Article) -> None:
        """Send an article once more whose links can be pointed to the others now."""
        record = article.external_id
        made, known = self._made[record], self.memory.known("articles", record)
        sent: dict[str, Sent] = dict(known.sent) if known is not None else {}
        for locale in self.base.locales(article.translations):
            links = article.translations[locale].links
            if not any(link.article in self._made for link in links):
                continue
            try:
                self._translation(article, locale, made, sent, ours=True)
            except RecordError as error:
                self._odd(record, locale, "links not pointed to the new articles", error.message)
        if known is not None and dict(known.sent) != sent:
            self.memory.settle("articles", record, Known(made, sent))

    def _translation(
        self, article: Article, locale: str, made: int | None, sent: dict[str, Sent], *, ours: bool
    ) -> tuple[int, State]:
        """Bring one language there; return the article's number, and what was done. ``sent`` notes what was."""
        text = self.articles.text(made, locale) if made is not None else None
        if made is None or text is None:
            body = self._body(article, locale)
            self.memory.intend("articles", article.external_id)
            made = self._send(article, made, body)
            sent[locale] = sent_as(body, fingerprint(body.slug))
            return made, "created"
        says = self._says(made, locale, article.translations[locale])
        if says and not ours:
            return made, "matched"
        if ours:
            body = self._body(article, locale)
            there, was = fingerprints(text), sent.get(locale)
            meant = sent_as(body, (was or {}).get(SLUG) or fingerprint(text.slug))
            if is_as(there, meant):
                sent[locale] = meant
                return made, "matched"
            if is_as(there, was) if was is not None else says:
                self._change(made, body.model_copy(update={"slug": text.slug or body.slug}))
                sent[locale] = meant
                return made, "updated"
        self._odd(article.external_id, locale, "another text there", f"article {made} was changed since")
        return made, "left" if ours else "quarantined"

    def _known(self, article: Article) -> int | None:
        """Return the id of the article that an earlier run made: it says the same in some language."""
        for locale, given in article.translations.items():
            there = self.articles.id_of(locale, given.slug)
            if there is not None and self._says(there, locale, given):
                return there
        return None

    def _says(self, there: int, locale: str, given: Translation) -> bool:
        text = self.articles.text(there, locale)
        return text is not None and (text.title, _bare(text.content)) == (given.title, _bare(given.text))

    def _is_taken(self, article: Article, locale: str) -> bool:
        """Whether its address is that of an article of the company's own, which is left as it is."""
        there = self.articles.id_of(locale, article.translations[locale].slug)
        if there is not None:
            self._odd(article.external_id, locale, "another text there", f"article {there} has this address")
        return there is not None

    def _body(self, article: Article, locale: str) -> ArticleTranslation:
        given = article.translations[locale]
        seen_by, current = visibility(article.status_of(locale))
        targets = {**self._uploaded(article), **self._addresses(given)}
        return ArticleTranslation(
            locale=locale, title=given.title, content=html.rewritten(given.text, targets), excerpt=given.excerpt,
            slug=given.slug, seo_meta=SeoMeta(title=given.seo_title, description=given.seo_description),
            visibility_status=seen_by, is_current=current,
        )  # fmt: skip

    def _addresses(self, given: Translation) -> dict[str, str]:
        """Return what a text calls other articles, and where those are now, as far as they are there."""
        found = {}
        for link in given.links:
            made = self._made.get(link.article)
            text = self.articles.text(made, link.locale) if made is not None else None
            if made is not None and text is not None:
                _, mark, place = link.reference.partition("#")
                found[link.reference] = article_address(link.locale, text.slug, made) + mark + place
        return found

    def _send(self, article: Article, made: int | None, body: ArticleTranslation) -> int:
        """Make an article, or add one language to it."""
        if made is not None:
            self._language(self.articles, "articles", made, body)
            return made
        category = self._ids.get(article.category) if article.category else None
        new = _surely(
            lambda: self.api.create_article(ArticleCreate(category_id=category, translation=body)),
            lambda: self._again(self.articles, body.locale, body.slug),
        )
        self.articles.note(new, body)
        return new

    def _change(self, made: int, body: ArticleTranslation) -> None:
        """Change one language of an article; twice is no harm."""

        def send() -> bool:
            self.api.change_translation(made, body)
            return True

        _surely(send, lambda: None)
        self.articles.note(made, body)

    def _language(self, there: There, kind: str, thing: int, body: ArticleTranslation | CategoryTranslation) -> None:
        """Add one language, unless it is there."""
        if there.text(thing, body.locale) is not None:
            return

        def send() -> int:
            self.api.add_translation(kind, thing, body)
            return thing

        def look() -> int | None:
            there.look_at(thing)
            return thing if there.text(thing, body.locale) else None

        _surely(send, look)
        there.note(thing, body)

    def _again(self, there: There, locale: str, slug: str) -> int | None:
        there.look()
        return there.id_of(locale, slug)

    # --- files and old addresses -------------------------------------------------------------------

    def _uploaded(self, article: Article) -> dict[str, str]:
        """Return what the article's HTML refers to and where that is now; a file that is missing is listed."""
        found = ((media.reference, self._url(article, media)) for media in article.files)
        return {reference: url for reference, url in found if url is not None}

    def _url(self, article: Article, media: Media) -> str | None:
        key = media.key or f"{article.external_id} {media.reference}"
        if key not in self._urls:
            self._urls[key] = (self.memory.url_of(media.key) if media.key else None) or self._upload(article, media)
        return self._urls[key]

    def _upload(self, article: Article, media: Media) -> str | None:
        content = read_media(media)
        if content is None:
            words = f"'{media.reference[:200]}' could not be read"
            self._odd(article.external_id, "", "file missing", words)
            return None
        # a file that was sent and not answered lies there unused: nobody sees it, and nothing can delete it
        sent = _surely(
            lambda: self.account.uploads.send(media.name, content, media.content_type, public=True), lambda: None
        )
        if media.key:
            self.memory.keep_url(media.key, sent.url, content)
        return sent.url

    def _lead_to(self, article: Article, made: int) -> None:
        for url, locale in article.old_addresses(self.base.locales(article.translations)):
            if self._redirects is None:
                self._odd(article.external_id, locale, "no redirect", "old addresses cannot be entered by this API")
                return
            if url in self._redirects:
                continue
            body = RedirectCreate(from_url=url, article_id=made, locale=locale)
            try:
                _surely(lambda b=body: self.api.create_redirect(b), lambda u=url: self._redirect(u))  # type: ignore[misc]
            except RecordError as error:
                self._odd(article.external_id, locale, "redirect refused", error.message)
            self._redirects.add(url)

    def _redirect(self, url: str) -> int | None:
        return next((one.id for one in self.api.redirects() if one.from_url == url), None)


def _bare(text: str) -> str:
    """Return HTML to compare: files lie elsewhere after every upload, and spaces may be set anew."""
    return " ".join(html.without_references(text).split())


def _surely(send: Callable[[], T], look: Callable[[], T | None]) -> T:
    """Send what may not be sent twice: when it was not answered it is looked for first.

    Raises:
        TargetUnreachable: it is never answered, and not there.
    """
    for _ in range(TRIES):
        try:
            return send()
        except Unanswered:
            found = look()
            if found is not None:
                return found
    raise TargetUnreachable(
        f"The Help Center did not answer a request after {TRIES} tries, and did not carry it out.",
        next_step="run again: what was made is found again.",
    )
