"""Making a knowledge base fit: what is odd is changed alike for every way, and listed."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from migrator_lib.gorgias.help_center.articles import Article, Category, CategoryText, KnowledgeBase, Translation
from migrator_lib.gorgias.help_center.contract import ArticleTranslation
from migrator_lib.gorgias.help_center.prepare import as_slug, prepared


def article(number: int, category: str | None = None, **texts: Translation) -> Article:
    translations = {locale.replace("_", "-"): text for locale, text in texts.items()}
    return Article(external_id=f"a{number}", category=category, status="published", translations=translations)


def text(title: str = "Title", html: str = "", slug: str = "") -> Translation:
    return Translation(title=title, html=html, slug=slug)


def kinds(base: KnowledgeBase) -> list[tuple[str, str, str]]:
    return [(problem.record, problem.locale, problem.kind) for problem in prepared(base)[1]]


def slugs(base: KnowledgeBase) -> list[str]:
    return [one.slug for found in prepared(base)[0].articles for one in found.translations.values()]


def test_an_address_is_made_of_the_title() -> None:
    base = KnowledgeBase(articles=(article(1, en_US=text("Größe & Länge: 5 %!")), article(2, en_US=text("尺寸"))))
    assert slugs(base) == ["grosse-lange-5", "article-a2"]
    assert kinds(base) == []


def test_an_address_that_is_none_is_changed_and_told() -> None:
    base = KnowledgeBase(articles=(article(1, en_US=text(slug="KB/A 1.aspx")),))
    assert slugs(base) == ["kb-a-1-aspx"]
    assert kinds(base) == [("a1", "en-US", "address changed")]


def test_addresses_are_unique_for_a_language() -> None:
    base = KnowledgeBase(
        articles=(
            article(1, en_US=text(), de_DE=text()),
            article(2, en_US=text()),
            article(3, en_US=text(slug="title-2")),
        )
    )
    assert slugs(base) == ["title", "title", "title-2", "title-2-2"]
    assert kinds(base) == [("a2", "en-US", "address twice"), ("a3", "en-US", "address twice")]


def test_a_category_that_is_not_there_is_none_and_told() -> None:
    base = KnowledgeBase(articles=(article(1, "c9", en_US=text()),))
    assert prepared(base)[0].articles[0].category is None
    assert kinds(base) == [("a1", "", "category not there")]


def test_categories_come_after_the_ones_they_are_below() -> None:
    def category(name: str, parent: str | None = None, **more: Any) -> Category:
        return Category(external_id=name, parent=parent, texts={"en-US": CategoryText(name=name)}, **more)

    base = KnowledgeBase(
        categories=(
            category("leaf", "twig"), category("twig", "root"), category("root", position=2), category("first"),
            category("snake", "tail"), category("tail", "snake"), category("orphan", "nobody"),
            Category(external_id="nameless", texts={}),
        )
    )  # fmt: skip
    found, problems = prepared(base)
    order = [one.external_id for one in found.categories]
    assert order.index("root") < order.index("twig") < order.index("leaf")
    assert order.index("first") < order.index("root")
    assert len(order) == 8
    parents = {one.external_id: one.parent for one in found.categories}
    assert parents == {"root": None, "twig": "root", "leaf": "twig", "first": None, "snake": None, "tail": None,
                       "orphan": None, "nameless": None}  # fmt: skip
    placeless = {one.record for one in problems if one.kind == "category without a place"}
    assert placeless == {"snake", "tail", "orphan"}
    assert ("nameless", "category without a name") in {(one.record, one.kind) for one in problems}


def test_what_has_no_title_or_no_text_is_told() -> None:
    base = KnowledgeBase(articles=(article(1, en_US=text(" ")), article(2)))
    assert kinds(base) == [("a1", "en-US", "no title"), ("a2", "", "nothing to show")]
    assert prepared(base)[0].articles[0].translations["en-US"].title == "a1"


def test_pictures_that_no_file_is_for_are_told_and_so_are_those_of_other_sites() -> None:
    html = '<img src="a.png"><IMG SRC=b.png><img src="https://x.example/c.png"><img src="data:,x"><a href="d.pdf">'
    base = KnowledgeBase(articles=(article(1, en_US=text(html=html)),))
    assert [kind for *_, kind in kinds(base)] == ["image missing", "image missing", "image elsewhere"]


def test_an_id_that_is_there_twice_is_told() -> None:
    base = KnowledgeBase(articles=(article(1, en_US=text()), article(1, en_US=text("Other"))))
    assert kinds(base) == [("a1", "", "id twice")]
    assert len(prepared(base)[0].articles) == 2


def test_what_is_told_quotes_no_article() -> None:
    base = KnowledgeBase(articles=(article(1, en_US=text("=SECRET", html="<img src='secret.png'>SECRET")),))
    assert "secret" not in repr(prepared(base)[1]).lower()


@given(st.text())
def test_every_address_that_is_made_is_one(title: str) -> None:
    slug = as_slug(title)
    assert slug == "" or re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert as_slug(slug) == slug


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=6))
def test_whatever_the_texts_every_article_can_be_sent_and_addresses_are_unique(
    given_texts: list[tuple[str, str]],
) -> None:
    articles = tuple(article(n, en_US=text(title, slug=slug)) for n, (title, slug) in enumerate(given_texts))
    found, _ = prepared(KnowledgeBase(articles=articles))
    texts = [one.translations["en-US"] for one in found.articles]
    for one in texts:
        ArticleTranslation(
            locale="en-US",
            title=one.title,
            content=one.html,
            slug=one.slug,
            visibility_status="PUBLIC",
            is_current=True,
        )
    assert len({one.slug for one in texts}) == len(articles)
