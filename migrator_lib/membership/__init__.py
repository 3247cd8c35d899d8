"""Membership: who belongs to which organization. SmarterTrack has no table of it: members follow from filters.

``kinds`` reads the filters' own words, ``filters`` makes them look-ups, ``people`` are those who may be members,
``evaluation`` puts them together and counts, and ``lists`` writes all of it down.
"""
