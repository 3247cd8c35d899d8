"""Gorgias, the target: transport with its rate gate, and one method per endpoint."""
