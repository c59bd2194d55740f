"""The lab: a phone and a vendor's cloud to audit, with the truth known."""
