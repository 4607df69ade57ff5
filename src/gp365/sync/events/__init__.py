"""Identity events: what happens to who is whose partner, and how links are repaired, shared or closed.

A record is renumbered (`numbers`), merged into another (`merged`), or gone (`ends`, `gone`); a person decides on a whole
record (`decisions`). All of it is recognised while a page is gathered (`recognise`), carried out when the subject is
claimed and nothing of it is under way (`repair`), and told in the ledger.
"""
