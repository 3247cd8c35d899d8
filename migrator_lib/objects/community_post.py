"""Community post: threads of the community become a written assessment; Gorgias has no community."""

from migrator_lib.objects.base import HandedOver


class CommunityPost(HandedOver):
    """Threads with their posts."""

    name = "community_post"
    title = "Community post"
    becomes = "written assessment"
    reads = ("Threads", "ThreadPosts")
    table = "Threads"
    key = "ThreadID"
    document = "community assessment"
