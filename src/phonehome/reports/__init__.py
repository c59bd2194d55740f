"""The audit document and its views."""
