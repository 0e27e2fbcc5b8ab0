"""The house rules that a machine can hold. Each failure says where and what to do instead."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from portal.models.scoped import MerchantScoped

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("portal", "analytics", "improvement", "reporting")
TOP_LEVEL = {
    *ROOMS, "templates", "static", "locale", "tests", "docs", "examples", ".ci",
    "manage.py", "requirements.txt", "requirements-dev.txt", "requirements-local.txt", "requirements-models.txt",
    "constraints.txt", "pyproject.toml", "Makefile", "compose.yaml", "Dockerfile", ".dockerignore", ".env.example",
    ".gitignore", "README.md", "LICENSE",
}  # fmt: skip
EMPTY_NAMES = {"services.py", "utils.py", "helpers.py", "managers.py"}
EMPTY_PREFIXES = ("process_", "handle_", "manage_")
# Names that a base class calls.
GIVEN_NAMES = {"handle_starttag", "handle_endtag", "handle_data", "handle_startendtag", "process_request"}


def sources() -> list[Path]:
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in files if "migrations" not in path.parts]


def suite() -> list[Path]:
    return sorted((ROOT / "tests").rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def n_lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_file_has_more_than_400_lines():
    long = [place(path, n_lines(path)) for path in [*sources(), *suite()] if n_lines(path) > 400]
    assert not long, f"split these by what happens in them: {long}"


def test_no_function_has_more_than_60_lines():
    long = [
        f"{place(path, function.lineno)} {function.name} ({length(function)})"
        for path in [*sources(), *suite()]
        for function in functions(path)
        if length(function) > 60
    ]
    assert not long, f"name the steps of these: {long}"


def test_most_files_and_functions_are_small():
    files = [n_lines(path) for path in sources() if n_lines(path) > 1]
    lengths = [length(function) for path in sources() for function in functions(path)]

    assert statistics.median(files) <= 80
    assert statistics.quantiles(files, n=20)[-1] <= 250
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


def test_names_say_what_happens():
    files = [place(path, 1) for path in sources() if path.name in EMPTY_NAMES]
    named = [
        f"{place(path, function.lineno)} {function.name}"
        for path in sources()
        for function in functions(path)
        if function.name.startswith(EMPTY_PREFIXES) and function.name not in GIVEN_NAMES
    ]
    assert not files, f"name a file after what happens in it: {files}"
    assert not named, f"process, handle and manage say nothing; what does it do? {named}"


def test_the_top_level_is_what_the_readme_shows():
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()} | {".git"}
    found = {path.name for path in ROOT.iterdir()} - ignored
    assert found <= TOP_LEVEL, f"these need a room: {sorted(found - TOP_LEVEL)}"


def view_modules(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":  # staff work across merchants
                yield from view_modules(pattern.url_patterns)
        else:
            view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", pattern.callback)
            yield view.__module__


def unscoped_reads(tree: ast.AST, models: set[str]) -> Iterator[tuple[int, str]]:
    """`Model.objects.anything` but for_merchant, and shortcuts that take the bare model."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=model), attr="objects"), attr=method):
                if model in models and method != "for_merchant":
                    yield node.lineno, f"{model}.objects.{method}"
            case ast.Attribute(value=ast.Name(id=model), attr="_default_manager" | "_base_manager") if model in models:
                yield node.lineno, f"{model}.{node.attr}"
            case ast.Call(func=ast.Name(id="get_object_or_404" | "get_list_or_404"), args=[ast.Name(id=model), *_]):
                if model in models:
                    yield node.lineno, f"get_object_or_404({model}, …)"


def tenant_models() -> set[str]:
    return {model.__name__ for model in apps.get_models() if issubclass(model, MerchantScoped)}


def test_views_read_a_merchants_rows_through_for_merchant_only():
    """What serves a URL is found from the URLs themselves, so a new view cannot stay outside."""
    modules = {name for name in view_modules(get_resolver().url_patterns) if name.partition(".")[0] in ROOMS}
    assert len(modules) > 10
    found = [
        f"{place(path, line)} {what}"
        for path in (ROOT / (name.replace(".", "/") + ".py") for name in sorted(modules))
        for line, what in unscoped_reads(ast.parse(path.read_text()), tenant_models())
    ]
    assert not found, f"write Model.objects.for_merchant(merchant) instead: {found}"


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("Gap.objects.get(pk=1)", True),
        ("Gap.objects.select_related('x').filter(merchant=m)", True),
        ("get_object_or_404(Gap, pk=1)", True),
        ("Gap.objects.for_merchant(m).get(pk=1)", False),
        ("get_object_or_404(Gap.objects.for_merchant(m), pk=1)", False),
        ("Merchant.objects.get(pk=1)", False),
    ],
)
def test_the_scope_test_sees_what_it_should(code, caught):
    assert bool(list(unscoped_reads(ast.parse(code), {"Gap"}))) is caught


INLINE = {
    r"\sstyle\s*=": "move the style to static/css",
    r"<style\b": "move the style to static/css",
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)": "move the script to static/js",
    r"\son[a-z]+\s*=\s*[\"']": "attach the listener in static/js",
    r"javascript:": "attach the listener in static/js",
}
UNESCAPED = {r"\|\s*safe(seq)?\b": "let the template escape, or sanitise in a filter", r"autoescape\s+off": "escape"}


@pytest.mark.parametrize("kind", ["pages", "emails"])
def test_templates_hold_no_style_no_script_and_nothing_unescaped(kind):
    """The content security policy forbids the first two on pages; mail clients read nothing but inline styles."""
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        is_email = "emails" in path.parts
        if is_email != (kind == "emails"):
            continue
        text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
        for pattern, remedy in (UNESCAPED if is_email else INLINE | UNESCAPED).items():
            found += [
                f"{path.relative_to(ROOT)}: {match[0].strip()!r}: {remedy}" for match in re.finditer(pattern, text)
            ]
    assert not found
