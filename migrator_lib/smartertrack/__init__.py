"""SmarterTrack, the source: its database and its files on disk."""
