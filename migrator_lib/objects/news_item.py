"""News item: becomes a written assessment; Gorgias has no news."""

from migrator_lib.objects.base import HandedOver, MappedField

ASSESSMENT = "news_assessment"


class NewsItem(HandedOver):
    """News items."""

    name = "news_item"
    title = "News item"
    becomes = "written assessment"
    reads = ("NewsItems", "NewsItemTranslations", "NewsItemsBrands")
    table = "NewsItems"
    key = "NewsItemID"
    document = "news assessment"
    fields = (
        *(
            MappedField(f"NewsItems.{column}", ASSESSMENT)
            for column in ("NewsItemID", "Subject", "EventDateUTC", "LanguageID", "IsFlaggedForReview",
                           "DisplayInAllBrands", "HasBrokenLinks")
        ),
        *(
            MappedField(f"NewsItems.{column}", ASSESSMENT, "who sees it, and decides the advice")
            for column in ("IsPrivate", "IsDraft", "IsDeleted")
        ),
        *(
            MappedField(f"NewsItems.{column}", ASSESSMENT, "its size alone; the text is kept in the staged copy")
            for column in ("SummaryShort", "SummaryLong", "Body")
        ),
        MappedField("NewsItemTranslations.NewsItemID_Primary + NewsItemTranslations.NewsItemID_Secondary", ASSESSMENT,
                    "a translation follows its original"),
        MappedField("NewsItemTranslations.NewsItemTranslationID", "", "number of the row"),
        MappedField("NewsItemsBrands.NewsItemID + NewsItemsBrands.BrandID", ASSESSMENT, "which brands show it"),
    )  # fmt: skip
