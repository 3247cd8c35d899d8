"""The knowledge base: from SmarterTrack's articles to Gorgias' Help Center.

``source`` holds what was staged, ``references`` finds what an article's HTML shows and links to, ``rules`` decides what
becomes of every article, and ``assembling`` makes the knowledge base of each help center, which ``load/knowledge.py``
brings there. ``memory`` is what the ledger knows of it, ``comparing`` looks whether it is there (``sides``), and
``removing`` takes it out again. ``gaps`` lists what people should mend, ``addresses`` where old addresses lead.
"""
