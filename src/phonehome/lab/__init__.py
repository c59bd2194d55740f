"""A phone and a vendor's cloud to audit, with the truth known: real servers and clients, on loopback only.

It needs packages that a plain installation leaves out (`pip install '.[lab]'` in a checkout): import its modules
after `phonehome.lab.extras.need_extras()`.
"""
