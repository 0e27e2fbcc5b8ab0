"""The documents that can be checked against the code are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pinned_packages() -> set[str]:
    names = set()
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            if match := re.match(r"([A-Za-z0-9_.-]+)(\[[^]]*\])?==", line):
                names.add(match[1].lower())
    return names


def explained_packages() -> set[str]:
    rows = re.findall(r"^\| ([A-Za-z0-9_.-]+) \| (?!why)", (ROOT / "docs/dependencies.md").read_text(), re.M)
    return {name.lower() for name in rows} - {"package", "---"}


def test_every_pinned_package_is_explained() -> None:
    assert pinned_packages() == explained_packages()


def test_every_requirement_is_pinned() -> None:
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            assert not line.strip() or line.startswith(("#", "-r", "-c")) or "==" in line, f"{path.name}: {line}"


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 150
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", readme) + re.findall(r'src="([^"]+)"', readme):
        assert (ROOT / target).exists(), f"README links to {target}, which is not there"


def variables_read() -> set[str]:
    settings = (ROOT / "portal/settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings)) | {"AFTERCARE_VAR"}


def test_every_variable_is_in_the_table_of_running() -> None:
    running = (ROOT / "docs/running.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", running, re.M)) == variables_read()


def test_env_example_names_every_variable_and_sets_none() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert {match[1] for line in lines if (match := re.match(r"#([A-Z_]+)=.", line))} == variables_read()
    assert not [line for line in lines if line and not line.startswith("#")]


def test_every_system_check_is_in_running() -> None:
    ids = set(re.findall(r'id="(portal\.\w+)"', (ROOT / "portal/checks.py").read_text()))
    assert set(re.findall(r"^\| `(portal\.\w+)` \|", (ROOT / "docs/running.md").read_text(), re.M)) == ids
