"""The other way into a help center: its undocumented API, where an engagement says so and the probe passes.

Every point of it is unverified, see :mod:`migrator_lib.gorgias.help_center.contract`. An article is known by its
address; one that is there already is left as it is, and listed where it says something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from migrator_lib.errors import RecordError, TargetUnreachable, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.help_center import html
from migrator_lib.gorgias.help_center.articles import Article, Category, KnowledgeBase, Translation, read_media
from migrator_lib.gorgias.help_center.contract import (
    ArticleCreate,
    ArticleTranslation,
    CategoryCreate,
    CategoryTranslation,
    RedirectCreate,
    SeoMeta,
    visibility,
)
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.outcome import Outcome, Problem, State
from migrator_lib.gorgias.help_center.prepare import prepared
from migrator_lib.gorgias.help_center.probe import Finding, probe, require
from migrator_lib.gorgias.help_center.there import There

TRIES = 3
T = TypeVar("T")


class HelpCenterApi:
    """Writes by the API; see :class:`~migrator_lib.gorgias.help_center.outcome.HelpCenter`."""

    def __init__(self, account: GorgiasApi, endpoints: Endpoints) -> None:
        """Take the account, which images are uploaded to, and the help center."""
        self._account = account
        self._api = endpoints

    def probe(self) -> list[Finding]:
        """Ask whether the API does what is needed; see :func:`migrator_lib.gorgias.help_center.probe.probe`."""
        return probe(self._api)

    def publish(self, base: KnowledgeBase) -> Outcome:
        """Make what is not there yet: categories first, then articles, one request for each language.

        Raises:
            TargetDenied: the probe did not pass; nothing was written.
            TargetUnreachable: the service keeps failing; what was made is found again by the next run.
        """
        findings = self.probe()
        require(findings)
        base, problems = prepared(base)
        redirects = all(one.ok for one in findings if one.name == "redirects")
        return _Publication(self._account, self._api, base, Outcome(problems=problems), redirects).carry_out()


class _Publication:
    """One run."""

    def __init__(
        self, account: GorgiasApi, api: Endpoints, base: KnowledgeBase, outcome: Outcome, redirects: bool
    ) -> None:
        self.account, self.api, self.base, self.outcome = account, api, base, outcome
        self.categories = There(api, "categories")
        self.articles = There(api, "articles")
        self._redirects = {one.from_url for one in api.redirects()} if redirects else None
        self._ids: dict[str, int] = {}

    def carry_out(self) -> Outcome:
        for category in self.base.categories:
            try:
                self._category(category)
            except RecordError as error:
                self._odd(category.external_id, "", "category refused", error.message)
        for article in self.base.articles:
            self._article(article)
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
        first = bodies[0]
        parent = self._ids.get(category.parent) if category.parent else None
        known = self.categories.id_of(first.locale, first.slug)
        made = known or _surely(
            lambda: self.api.create_category(CategoryCreate(parent_category_id=parent, translation=first)),
            lambda: self._again(self.categories, first.locale, first.slug),
        )
        self.categories.note(made, first.locale, first.slug, first.title)
        self._ids[category.external_id] = made
        for body in bodies[1:]:
            self._language(self.categories, "categories", made, body)

    # --- articles ----------------------------------------------------------------------------------

    def _article(self, article: Article) -> None:
        """Make an article in every language; a refusal of one language leaves the others."""
        locales = self.base.locales(article.translations)
        made = self._known(article)
        if made is None and locales and self._is_taken(article, locales[0]):
            for locale in locales:
                self.outcome.add(article.external_id, locale, "quarantined")
            return
        targets: dict[str, str] | None = None
        for locale in locales:
            if made is not None and self.articles.text(made, locale) is not None:
                self._matched(article, locale, made)
                continue
            try:
                targets = self._uploaded(article) if targets is None else targets
                made = self._made(article, locale, article.translations[locale], targets, made)
                state: State = "created"
            except RecordError as error:
                self._odd(article.external_id, locale, "refused", error.message)
                state = "quarantined"
            self.outcome.add(article.external_id, locale, state, str(made or ""))
        if made is not None:
            self._lead_to(article, made)

    def _known(self, article: Article) -> int | None:
        """Return the id of the article that an earlier run made: it says the same in some language."""
        for locale, given in article.translations.items():
            there = self.articles.id_of(locale, given.slug)
            if there is not None and self._says(there, locale, given):
                return there
        return None

    def _says(self, there: int, locale: str, given: Translation) -> bool:
        text = self.articles.text(there, locale)
        return text is not None and (text.title, _bare(text.content)) == (given.title, _bare(given.html))

    def _is_taken(self, article: Article, locale: str) -> bool:
        """Whether its address is that of an article of the company's own, which is left as it is."""
        there = self.articles.id_of(locale, article.translations[locale].slug)
        if there is not None:
            self._odd(article.external_id, locale, "another text there", f"article {there} has this address")
        return there is not None

    def _matched(self, article: Article, locale: str, made: int) -> None:
        same = self._says(made, locale, article.translations[locale])
        if not same:
            self._odd(article.external_id, locale, "another text there", f"article {made} was changed since")
        self.outcome.add(article.external_id, locale, "matched" if same else "quarantined", str(made))

    def _made(
        self, article: Article, locale: str, given: Translation, targets: Mapping[str, str], made: int | None
    ) -> int:
        seen_by, current = visibility(article.status)
        body = ArticleTranslation(
            locale=locale, title=given.title, content=html.rewritten(given.html, targets), excerpt=given.excerpt,
            slug=given.slug, seo_meta=SeoMeta(title=given.seo_title, description=given.seo_description),
            visibility_status=seen_by, is_current=current,
        )  # fmt: skip
        if made is not None:
            self._language(self.articles, "articles", made, body)
            return made
        category = self._ids.get(article.category) if article.category else None
        new = _surely(
            lambda: self.api.create_article(ArticleCreate(category_id=category, translation=body)),
            lambda: self._again(self.articles, locale, given.slug),
        )
        self.articles.note(new, locale, body.slug, body.title, body.content)
        return new

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
        there.note(thing, body.locale, body.slug, body.title, getattr(body, "content", ""))

    def _again(self, there: There, locale: str, slug: str) -> int | None:
        there.look()
        return there.id_of(locale, slug)

    # --- files and old addresses -------------------------------------------------------------------

    def _uploaded(self, article: Article) -> dict[str, str]:
        """Return what the article's HTML refers to and where that is now; a file that is missing is listed."""
        targets = {}
        for media in article.media:
            content = read_media(media)
            if content is None:
                self._odd(article.external_id, "", "file missing", f"'{media.reference[:200]}' could not be read")
                continue
            # a file that was sent and not answered lies there unused: nobody sees it, and nothing can delete it
            sent = _surely(
                lambda m=media, c=content: self.account.uploads.send(m.name, c, m.content_type, public=True),  # type: ignore[misc]
                lambda: None,
            )
            targets[media.reference] = sent.url
        return targets

    def _lead_to(self, article: Article, made: int) -> None:
        locale = self.base.locales(article.translations)[0]
        for url in article.old_urls:
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
