"""Rules that people write in CEL: checked when they are loaded, evaluated over flows, sessions and coverage."""
