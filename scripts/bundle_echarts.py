"""Make the drawing library of the HTML report: ECharts, cut down to its Sankey chart and SVG renderer.

The result is committed, so that neither a build nor a report needs npm or a network. Run it again only to
move to another version: `python scripts/bundle_echarts.py`, then look at a report and run its tests.
"""

import json
import subprocess
import tempfile
from pathlib import Path

VERSIONS = {"echarts": "6.1.0", "esbuild": "0.28.2"}
ASSETS = Path(__file__).parent.parent / "src" / "phonehome" / "reports" / "assets"
ENTRY = """\
import { init, use } from "echarts/core";
import { SankeyChart } from "echarts/charts";
import { SVGRenderer } from "echarts/renderers";
use([SankeyChart, SVGRenderer]);
window.echarts = { init };
"""
HEADER = """\
/*! Apache ECharts {version} (Sankey chart and SVG renderer only), Copyright 2017-2026 The Apache Software
Foundation, Apache-2.0. Holds zrender, Copyright (c) 2017 Baidu Inc., BSD-3-Clause; a function of d3.js,
Copyright 2010-2016 Mike Bostock, BSD-3-Clause; tslib, Copyright (c) Microsoft Corporation, 0BSD.
Made by scripts/bundle_echarts.py; the licences stand in echarts-sankey.LICENSE.txt. */
"""
LICENCES = (
    ("Apache ECharts", "echarts/NOTICE"),
    ("Apache ECharts", "echarts/LICENSE"),
    ("d3.js", "echarts/licenses/LICENSE-d3"),
    ("zrender", "zrender/LICENSE"),
    ("tslib", "tslib/LICENSE.txt"),
)


def bundle(work: Path) -> str:
    """Install the pinned versions into `work` and give the minified bundle, without a licence header."""
    (work / "package.json").write_text(json.dumps({"private": True, "dependencies": VERSIONS}))
    (work / "entry.js").write_text(ENTRY)
    subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work, check=True)
    options = ["--bundle", "--minify", "--format=iife", "--target=es2020", "--legal-comments=none"]
    production = '--define:process.env.NODE_ENV="production"'
    esbuild = work / "node_modules" / ".bin" / "esbuild"
    subprocess.run([esbuild, "entry.js", *options, production, "--outfile=bundle.js"], cwd=work, check=True)
    return (work / "bundle.js").read_text()


def main() -> None:
    """Write the bundle and its licences beside the other assets of the report."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        code = bundle(work)
        if "</script" in code.lower() or "<!--" in code:
            raise SystemExit("the bundle would break out of the script element of the page")
        texts = [f"{title}\n\n{(work / 'node_modules' / path).read_text()}" for title, path in LICENCES]
    ASSETS.joinpath("echarts-sankey.min.js").write_text(HEADER.format(version=VERSIONS["echarts"]) + code)
    rule = "\n\n" + "-" * 72 + "\n\n"
    ASSETS.joinpath("echarts-sankey.LICENSE.txt").write_text(rule.join(text.strip() for text in texts) + "\n")


if __name__ == "__main__":
    main()
