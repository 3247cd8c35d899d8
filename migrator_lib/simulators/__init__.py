"""Simulated systems: a SmarterTrack database and a Gorgias account, to run everything without either."""
