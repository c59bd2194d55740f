"""Make the fonts of the PDF advisory: Inter and Noto Sans Mono, cut down to the scripts that a notice is written in.

The result is committed, so that neither a build nor a notice needs a network or the fonts of a machine. Neither font
has a reserved name, so a cut may keep it. Run it again only to move to another version, on Debian, with fonttools
installed: `python scripts/bundle_fonts.py`, then look at a PDF and run its tests.
"""

import subprocess
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

PACKAGES = ("fonts-inter", "fonts-noto-mono")
TARGET = Path(__file__).parent.parent / "src" / "phonehome" / "reports" / "advisory" / "fonts"
FONTS = {
    "opentype/inter/Inter-Regular.otf": "Inter-Regular.otf",
    "opentype/inter/Inter-SemiBold.otf": "Inter-SemiBold.otf",
    "truetype/noto/NotoSansMono-Regular.ttf": "NotoSansMono-Regular.ttf",
}
# Latin with its extensions, spacing accents, Greek, Cyrillic, Vietnamese; punctuation, currency, arrows, a few signs.
RANGES = (
    (0x20, 0x24F),
    (0x2B0, 0x2FF),
    (0x300, 0x36F),
    (0x370, 0x3FF),
    (0x400, 0x52F),
    (0x1E00, 0x1EFF),
    (0x2010, 0x205E),
    (0x20A0, 0x20BF),
    (0x2100, 0x214F),
    (0x2190, 0x21FF),
    (0x2200, 0x22FF),
    (0x25A0, 0x25FF),
    (0x2713, 0x2718),
)


def main() -> None:
    """Fetch Debian's packages, cut the fonts, and write which characters all of them can show."""
    TARGET.mkdir(exist_ok=True)
    wanted = {code for first, last in RANGES for code in range(first, last + 1)}
    shown = wanted
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=work, check=True)
        for package in Path(work).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, work], check=True)
        for source, name in FONTS.items():
            font = TTFont(Path(work, "usr/share/fonts", source))
            options = subset.Options(layout_features=["kern", "liga", "calt", "ccmp", "mark", "mkmk", "tnum"])
            options.hinting = False
            options.notdef_outline = True
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=wanted)
            cutter.subset(font)
            font["head"].modified = font["head"].created  # type: ignore[attr-defined]
            font.recalcTimestamp = False
            font.save(TARGET / name)
            shown = shown & set(font.getBestCmap())
    (TARGET / "characters.txt").write_text(_ranges(sorted(shown)), encoding="ascii")


def _ranges(codes: list[int]) -> str:
    lines, first, last = (
        ["# Characters that every one of these fonts has; made by scripts/bundle_fonts.py."],
        -1,
        -2,
    )
    for code in [*codes, -1]:
        if code == last + 1:
            last = code
            continue
        if first >= 0:
            lines.append(f"{first:04X}-{last:04X}")
        first = last = code
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
