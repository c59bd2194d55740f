"""The vendor's cloud: accounts, messages over IP, backup, updates, in four regions, on loopback.

`start(folder, config)` gives a running `Cloud`; docs/lab-cloud.md has its API and what it speaks. A reconstruction
from published material, and labelled so wherever it is shown.
"""

from phonehome.lab.extras import need_extras

need_extras()

from phonehome.lab.cloud.config import (  # noqa: E402  without the extra, the sentence comes first
    FAR,
    CloudConfig,
    Group,
    Limits,
    RegionConfig,
    RegionName,
    ResidencyRule,
    Retention,
)
from phonehome.lab.cloud.running import Cloud, prepare, start  # noqa: E402
from phonehome.lab.cloud.topology import Endpoint  # noqa: E402

__all__ = [
    "FAR",
    "Cloud",
    "CloudConfig",
    "Endpoint",
    "Group",
    "Limits",
    "RegionConfig",
    "RegionName",
    "ResidencyRule",
    "Retention",
    "prepare",
    "start",
]
