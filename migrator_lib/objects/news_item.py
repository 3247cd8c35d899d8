"""News item: becomes a written assessment; Gorgias has no news."""

from migrator_lib.objects.base import HandedOver


class NewsItem(HandedOver):
    """News items."""

    name = "news_item"
    title = "News item"
    becomes = "written assessment"
    reads = ("NewsItems",)
    table = "NewsItems"
    key = "NewsItemID"
    document = "news assessment"
