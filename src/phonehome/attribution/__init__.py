"""Who holds an address, in which country, according to whom, on which day; and who operates a host."""

from phonehome.attribution.addresses import DataSource
from phonehome.attribution.attributor import Attributor

__all__ = ["Attributor", "DataSource"]
