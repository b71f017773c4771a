#!/usr/bin/env python3
"""Makes the documentation as a site: the libraries' comments and the Markdown pages, through DocC.

    scripts/docs.py BUILD OUTPUT

BUILD is a folder of a release build, such as .build/release; the site comes to OUTPUT/site. Pages stay plain Markdown that any forge
shows; here links between pages become DocC's, and links to what is not part of the site become plain text. Any warning is an error.
"""
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The order of the landing page; every page must be in it.
TOPICS = {
    "Using Daybreak": [
        "docs/guide/GettingStarted.md", "docs/guide/YourOwnParticles.md", "docs/guide/ReadingTheReport.md",
        "docs/guide/ChoosingParameters.md", "docs/guide/Troubleshooting.md",
    ],
    "Understanding it": [
        "docs/guide/TheMethod.md", "ARCHITECTURE.md", "NOTATION.md", "REFERENCES.md", "docs/performance.md",
        "docs/reliability.md", "SECURITY.md",
    ],
    "Changing it": ["docs/guide/Extending.md", "CONTRIBUTING.md", "CHANGELOG.md"],
    "Experiments": sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/experiments/*.md")),
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def modules():
    """The library targets; the kernels compiled for other processors are the same as `CryoKernels`."""
    names = sorted(path.name for path in (ROOT / "Sources").glob("Cryo*"))
    return [name for name in names if not name.startswith("CryoKernelsAVX")]


def extract(build, graphs):
    """Symbol graphs of all modules, from the modules that the build left."""
    target = json.loads(subprocess.check_output(["swift", "-print-target-info"]))["target"]["triple"]
    maps = sorted({path.parent for path in ROOT.glob("Sources/*/**/module.modulemap")})
    maps += sorted({path.parent for path in build.glob("*.build/module.modulemap")})
    packages = next(folder / "checkouts" for folder in build.parents if (folder / "checkouts").is_dir())
    maps += sorted({path.parent for path in packages.glob("**/include/module.modulemap")})
    flags = [f"-I{folder}" for folder in [build / "Modules", ROOT / "Sources/CCPU/include", *maps]]
    for name in modules():
        subprocess.run(
            ["swift", "symbolgraph-extract", "-module-name", name, "-target", target, "-minimum-access-level",
             "public", "-skip-inherited-docs", "-output-dir", str(graphs), *flags], check=True)


def pages():
    """All pages by path."""
    listed = [page for topic in TOPICS.values() for page in topic if (ROOT / page).exists()]
    missing = {str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")} - set(listed)
    if missing:
        sys.exit(f"docs: {', '.join(sorted(missing))}: found no place for it; add it to TOPICS in scripts/docs.py")
    return listed


def identifier(page):
    """The name of a page's file, by which DocC knows it."""
    return Path(page).stem


def converted(page, listed, pictures):
    """A page's text with DocC's links; `pictures` collects what it shows."""
    folder = (ROOT / page).parent

    def replace(match):
        mark, text, target = match.groups()
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            return match.group(0) if not target.startswith("#") else f"{text}"
        path, _, _ = target.partition("#")
        file = (folder / path).resolve()
        if mark:
            pictures.add(file)
            return f"![{text}]({file.name})"
        place = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else ""
        return f"[{text}](doc:{identifier(place)})" if place in listed else text

    parts = re.split(r"(^```.*?^```$)", (ROOT / page).read_text(), flags=re.S | re.M)
    return "".join(part if part.startswith("```") else LINK.sub(replace, part) for part in parts)


def purposes():
    """What lives in each module, from ARCHITECTURE.md's table of targets."""
    found = {}
    for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5:
            found.update((name, cells[2]) for name in re.findall(r"`(Cryo\w+)`", cells[1]))
    missing = set(modules()) - set(found)
    if missing:
        sys.exit(f"docs: ARCHITECTURE.md: found no row for {', '.join(sorted(missing))} in its table of targets; add it")
    return found


def assemble(catalogue, listed):
    """Writes the catalogue of pages, modules and pictures."""
    about = purposes()
    for name in modules():
        text = about[name][0].upper() + about[name][1:]
        (catalogue / f"{name}.md").write_text(f"# ``{name}``\n\n{text}.\n")
    pictures = set()
    for page in listed:
        (catalogue / Path(page).name).write_text(converted(page, listed, pictures))
    for picture in pictures:
        shutil.copy(picture, catalogue)
    topics = [(name, [f"<doc:{identifier(page)}>" for page in listed_in if page in listed])
              for name, listed_in in TOPICS.items()]
    topics.append(("Libraries", [f"``{name}``" for name in modules()]))
    text = "\n\n".join(f"### {name}\n\n" + "\n".join(f"- {link}" for link in links) for name, links in topics)
    (catalogue / "Daybreak.md").write_text(
        "# Daybreak\n\n@Metadata {\n  @TechnologyRoot\n}\n\n"
        "Finds a molecule's density from its cryo-electron-microscopy particle images and nothing else.\n\n"
        f"## Topics\n\n{text}\n")


def main():
    build, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    if not (build / "Modules").is_dir():
        sys.exit(f"docs: {build}: found no Modules, expected a release build; run make build first")
    if not shutil.which("docc"):
        sys.exit("docs: docc is not on the PATH; it comes with the Swift toolchains of swift.org")
    work = {name: output / name for name in ["graphs", "Daybreak.docc", "site"]}
    for folder in work.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    extract(build, work["graphs"])
    assemble(work["Daybreak.docc"], pages())
    status = subprocess.run(
        ["docc", "convert", str(work["Daybreak.docc"]), "--additional-symbol-graph-dir", str(work["graphs"]),
         "--output-path", str(work["site"]), "--fallback-display-name", "Daybreak", "--fallback-bundle-identifier",
         "daybreak", "--warnings-as-errors", "--transform-for-static-hosting"]).returncode
    if status:
        sys.exit(status)
    print(f"docs: {work['site']}; to read it: python3 -m http.server -d {work['site']} and open "
          "http://localhost:8000/documentation/daybreak")


main()
