"""What phonehome writes for programs and for later comparison: the audit document and its companions.

Pydantic models without behaviour. They lie below the stages, so that what judges a document and what shows it need not
know one another.
"""
