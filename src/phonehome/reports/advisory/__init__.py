"""The advisory: what follows from an audited case, as a notice in the formats that people and machines read.

`notice` derives it from the audit document and from what people decided; `formats` lists its views, one a module.
"""
