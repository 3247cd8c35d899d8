"""The knowledge base: from SmarterTrack's articles to Gorgias' Help Center.

``source`` holds what was staged, ``references`` finds what an article's HTML shows and links to, ``rules`` decides what
becomes of every article, ``assembling`` makes the knowledge base of each help center, ``publishing`` brings it there,
``comparing`` looks whether it is there, ``removing`` takes it out again, ``gaps`` lists what people should mend, and
``addresses`` tells where old addresses lead.
"""
