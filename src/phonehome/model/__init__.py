"""The nouns of phonehome: frozen values without behaviour that needs I/O."""
