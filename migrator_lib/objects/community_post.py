"""Community post: threads of the community become a written assessment; Gorgias has no community."""

from migrator_lib.objects.base import HandedOver, MappedField

ASSESSMENT = "community_assessment"


def _listed(table: str, columns: str, how: str = "") -> tuple[MappedField, ...]:
    return tuple(MappedField(f"{table}.{column}", ASSESSMENT, how) for column in columns.split())


class CommunityPost(HandedOver):
    """Threads with their posts."""

    name = "community_post"
    title = "Community post"
    becomes = "written assessment"
    reads = ("Threads", "ThreadPosts", "ThreadComments", "ThreadTags", "ThreadTagsInThreads")
    table = "Threads"
    key = "ThreadID"
    document = "community assessment"
    fields = (
        *_listed("Threads", "ThreadID Subject BrandID DateCreatedUTC DateLastPostUTC ReplyCount Score TicketID"),
        *_listed("Threads", "CategoryType Status", "the code: what it means is not published"),
        *_listed("Threads", "IsLocked IsSticky Visible HasAnswer", "its state, and decides the advice"),
        MappedField("Threads.UserID", "", "whose thread it is: not shown, and kept in the staged copy"),
        *_listed("ThreadPosts", "ThreadID IsAnswer IsEmployeePost NeedsModeration", "counted for its thread"),
        MappedField("ThreadPosts.BodyHTML", ASSESSMENT, "its size alone; the text is kept in the staged copy"),
        *(
            MappedField(f"ThreadPosts.{column}", "", "kept in the staged copy")
            for column in ("ThreadPostID", "UserID", "Visible", "IsOriginalPost", "Score", "DateCreatedUTC")
        ),
        *_listed("ThreadComments", "ThreadPostID NeedsModeration", "counted for its thread"),
        MappedField("ThreadComments.ThreadCommentID", "", "number of the row"),
        *_listed("ThreadTags", "ThreadTagID Tag BrandID IsCategory"),
        *_listed("ThreadTagsInThreads", "ThreadTagID ThreadID"),
    )
