"""Judging findings: severity now; consent, comparison, claims and policy later."""
