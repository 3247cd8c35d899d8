"""What the shop publishes: knowledge base in several languages, news, community threads."""

from __future__ import annotations

import base64
from datetime import timedelta
from random import Random
from uuid import UUID

from migrator_lib.simulators.smartertrack import catalog
from migrator_lib.simulators.smartertrack.files import png
from migrator_lib.simulators.smartertrack.schema import NOW
from migrator_lib.simulators.smartertrack.shop import AGENTS, Shop

CATEGORIES = (
    # id, parent, name, private, articles (by their place in the catalogue)
    (1, None, "Orders and delivery", False, (0, 7, 8)),
    (2, 1, "Returns", False, (1, 4)),
    (3, None, "Products", False, (2, 3, 9)),
    (4, 3, "Furniture", False, (6,)),
    (5, None, "Trade", True, (5,)),
)
ENGLISH = 1
RETURNS = 7
"""The article on how to return an item."""
ARABIC = 4
LONG_TITLE = "What to look at before you order a tent for a longer journey: " + ", ".join(
    f"point {n} of our list" for n in range(1, 13)
)


def knowledge(shop: Shop) -> None:
    """Write categories, and articles with translations, drafts, private ones, forwards and brands."""
    for category, parent, name, private, _ in CATEGORIES:
        shop.write.add("KbCategories", KbCategoryID=category, KbCategoryID_Parent=parent, CategoryName=name,
                       IsPrivate=private, IsVisible=True)  # fmt: skip
    for category, _, _, private, places in CATEGORIES:
        for place in places:
            subject, body = catalog.ARTICLES[place]
            article = _article(shop, subject, body, category, ENGLISH, IsPrivate=private, IsFeaturedInPortal=place == 0)
            for language, texts in catalog.TRANSLATIONS.items():
                if place in texts:
                    translated = _article(shop, *texts[place], category, language)
                    _translated(shop, article, translated)
                    shop.world.note("translated_article", article)
    _odd_articles(shop)
    _forwards(shop)
    _illustrated_articles(shop)


def _odd_articles(shop: Shop) -> None:
    world = shop.world
    draft = _article(shop, "Sizes of children's jackets", "To be written.", 3, ENGLISH, IsDraft=True)
    world.note("draft_article", draft)
    internal = _article(
        shop, "How we handle goodwill", "Up to €30 without asking; above that ask Margit.", 1, ENGLISH, IsPrivate=True
    )
    world.note("private_article", internal)
    moved = _article(shop, "Return an item (old page)", "", 2, ENGLISH, KbArticleID_ForwardTo=RETURNS)
    world.note("forwarding_article", moved)
    gone = _article(shop, "Christmas deadlines 2023", "Order by 18 December.", 1, ENGLISH, IsDeleted=True)
    world.note("deleted_article", gone)
    stray = _article(shop, "Care of the old Basecamp 2", "Not sold any more.", None, None, IsFlaggedForReview=True)
    world.note("article_without_category", stray)
    long = _article(shop, LONG_TITLE[:300], "Weight, height, poles, pegs.", 3, ENGLISH)
    world.note("long_article_title", long)
    arabic = _article(shop, "سياسة الإرجاع", "يمكنك إرجاع أي منتج خلال ستين يومًا.", 2, ARABIC)
    world.note("right_to_left_article", arabic)
    _translated(shop, RETURNS, arabic)
    again = _article(shop, "How to send an item back", "Print the label, and hand it in.", 2, ENGLISH)
    world.note("article_of_a_language_twice", again)
    _translated(shop, RETURNS, again)
    both = _article(shop, "Opening hours of our shops", "Monday to Saturday, 9 to 18.", 1, ENGLISH,
                    DisplayInAllBrands=False)  # fmt: skip
    world.note("article_of_two_brands", both)
    for brand in (1, 2):
        shop.write.add("KbArticlesBrands", KbArticleID=both, BrandID=brand)


def _forwards(shop: Shop) -> None:
    """Write a forward to a forward, and one that leads to itself."""
    first = shop.world.expected["forwarding_article"][0]
    chained = _article(shop, "Send back an item (very old page)", "", 2, ENGLISH, KbArticleID_ForwardTo=first)
    shop.world.note("forward_of_a_forward", chained)
    circle = _article(shop, "Boots: sizes", "", 3, ENGLISH, KbArticleID_ForwardTo=chained + 1)
    shop.world.note("forwards_in_a_circle", circle)


def _illustrated_articles(shop: Shop) -> None:
    """Write an article with a file of SmarterTrack's own and links, and one with a picture inside its text."""
    rng = shop.world.rng("article pictures")
    stored = shop.files.store(png(rng), rng, "KnowledgeBase")
    shop.write.add("FileDirectories", FileDirectoryID=1, DisplayName="Knowledge base")
    shop.write.add(
        "Files", FileID=1, FileDirectoryID=1, FileNameOriginal="label.png", FileNameOnDisk=stored.name_on_disk,
        Length=stored.length, Crc=stored.crc, CompressionType=0,
    )  # fmt: skip
    shown = _article(
        shop, "Where the label goes",
        f'Like this: <img alt="Label" src="/FileStorage/{stored.name_on_disk}">. See <a href="/kb/a{RETURNS}/how-to-return-an-item.aspx">returns</a>, '
        '<a href="https://help.fernhill.example/kb/a1/where-is-my-order.aspx#track">your parcel</a> and '
        '<a href="https://post.example/labels">the post office</a>.', 2, ENGLISH,
    )  # fmt: skip
    shop.world.note("article_with_image", shown)
    inside = base64.b64encode(png(rng)).decode()
    drawn = _article(shop, "Our repair stamp", f"<img src='data:image/png;base64,{inside}'>", 3, ENGLISH)
    shop.world.note("article_with_picture_inside", drawn)


def _translated(shop: Shop, primary: int, secondary: int) -> None:
    shop.write.add("KbArticleTranslations", KbArticleTranslationID=shop.next_id("KbArticleTranslations"),
                   KbArticleID_Primary=primary, KbArticleID_Secondary=secondary)  # fmt: skip


def _article(shop: Shop, subject: str, body: str, category: int | None, language: int | None, **more: object) -> int:
    article = shop.next_id("KbArticles")
    rng = shop.world.rng("article", article)
    created = NOW - timedelta(days=rng.randint(60, 1300))
    for_all = bool(more.get("DisplayInAllBrands", category not in (4, 5)))
    shop.write.add(
        "KbArticles",
        **{
            "KbArticleID": article, "KbCategoryID": category, "Subject": subject, "Body": f"<p>{body}</p>" if body else "",
            "Summary": "" if "<" in body else body[:120], "DateCreatedUTC": created, "DateModifiedUTC": created + timedelta(days=rng.randint(0, 50)),
            "DateLastReviewedUTC": created, "DisplayInAllBrands": for_all, "LanguageID": language, "IsIndexed": True,
            "UserID": rng.choice(AGENTS).user_id, "Score": rng.randint(0, 40), "ScoreVotes": 50, **more,
        },
    )  # fmt: skip
    if not for_all and "DisplayInAllBrands" not in more:
        shop.write.add("KbArticlesBrands", KbArticleID=article, BrandID=2 if category == 4 else 1)
    return article


def news(shop: Shop) -> None:
    """Write news items: one a draft, one private, one deleted, one translated."""
    for n, subject in enumerate(catalog.NEWS, 1):
        _news(shop, subject, NOW - timedelta(days=90 * n), ENGLISH, IsDraft=n == 5, IsPrivate=n == 4, IsDeleted=n == 6,
              DisplayInAllBrands=n != 7)  # fmt: skip
    shop.write.add("NewsItemsBrands", NewsItemID=7, BrandID=2)
    translated = _news(shop, "Öffnungszeiten im Sommer", NOW - timedelta(days=90), 2)
    shop.write.add(
        "NewsItemTranslations", NewsItemTranslationID=1, NewsItemID_Primary=1, NewsItemID_Secondary=translated
    )


def _news(shop: Shop, subject: str, moment: object, language: int, **more: object) -> int:
    item = shop.next_id("NewsItems")
    rng = shop.world.rng("news", item)
    shop.write.add(
        "NewsItems", NewsItemID=item, NewsItemGuid=str(UUID(int=rng.getrandbits(128), version=4)), Subject=subject,
        EventDateUTC=moment, SummaryShort=subject, SummaryLong=subject, Body=f"<p>{subject}. More in our shops.</p>",
        LanguageID=language, **more,
    )  # fmt: skip
    return item


def community(shop: Shop) -> None:
    """Write threads with posts, comments and tags; some answered, one locked, one waiting for moderation."""
    for n, tag in enumerate(("backpacks", "tents", "boots", "home"), 1):
        shop.write.add(
            "ThreadTags", ThreadTagID=n, Tag=tag, BrandID=2 if tag == "home" else 1, IsCategory=True, SortOrder=n
        )
    for n, (subject, kind, posts) in enumerate(catalog.THREADS, 1):
        rng = shop.world.rng("thread", n)
        created = NOW - timedelta(days=rng.randint(20, 900), minutes=rng.randint(0, 600))
        solved = len(posts) > 2
        shop.write.add(
            "Threads", ThreadID=n, UserID=rng.choice(shop.world.customers[: shop.accounts]).user_id,
            BrandID=2 if n in (5, 9) else 1, CategoryType=kind, Status=2 if solved else 1, HasAnswer=solved, Visible=True,
            DateCreatedUTC=created, DateLastPostUTC=created + timedelta(hours=5 * (len(posts) - 1)), Subject=subject,
            ReplyCount=len(posts) - 1, IsLocked=n == 8, IsSticky=n == 1, Score=rng.randint(0, 9),
            TicketID=rng.randint(1, shop.world.tickets) if n == 2 else None,
        )  # fmt: skip
        shop.write.add("ThreadTagsInThreads", ThreadTagID=rng.randint(1, 4), ThreadID=n)
        for k, body in enumerate(posts):
            _post(shop, n, k, body, created + timedelta(hours=5 * k), rng, answer=solved and k == 1)


def _post(shop: Shop, thread: int, k: int, body: str, moment: object, rng: Random, *, answer: bool) -> None:
    post = shop.next_id("ThreadPosts")
    author = rng.choice(AGENTS[:12]).user_id if k == 1 else rng.choice(shop.world.customers[: shop.accounts]).user_id
    shop.write.add(
        "ThreadPosts", ThreadPostID=post, ThreadID=thread, UserID=author, Visible=True, NeedsModeration=thread == 10 and k > 0,
        IsAnswer=answer, IsOriginalPost=k == 0, IsEmployeePost=k == 1, DateCreatedUTC=moment, BodyHTML=f"<p>{body}</p>",
        Ipaddress="198.51.100.7",
    )  # fmt: skip
    if post % 4 == 0:
        shop.write.add("ThreadComments", ThreadCommentID=shop.next_id("ThreadComments"), ThreadPostID=post, UserID=author,
                       Visible=True, DateCreatedUTC=moment, BodyText="Same here.", Ipaddress="198.51.100.8")  # fmt: skip
