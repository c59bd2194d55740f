"""Who holds an address or a name, in which country, according to whom, on which day."""
