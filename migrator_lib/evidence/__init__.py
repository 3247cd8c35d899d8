"""Evidence: what a run leaves to be read and checked by somebody else, rendered, searched for secrets, and indexed."""
