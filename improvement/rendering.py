"""A draft as its reviewer reads it: citation marks become links to the sources, unsupported sentences are marked."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from improvement.sentences import MARK, read_lines
from portal.markdown import to_html

# Private-use characters stand for our own markup until the Markdown was rendered and sanitised.
OPEN, CLOSE, CITE, STOP = "\ue000", "\ue001", "\ue002", "\ue003"
_OURS = re.compile("[\ue000-\ue003]")
_OPENED = re.compile(f"{OPEN}(\\d+){STOP}")
_CITED = re.compile(f"\\s*{CITE}(\\d+){STOP}")
# A sentence that begins or ends inside bold text or code cannot be wrapped without breaking it.
_UNBALANCED = ("**", "__", "`", "~~")


def render_for_review(body: str, grounding: Sequence[dict[str, Any]]) -> SafeString:
    """HTML. Sentence k gets the id `claim-k`, citation n links to `#source-n`."""
    supported = [bool(row["is_supported"]) for row in grounding]
    lines: list[str] = []
    index = 0
    for line in read_lines(_OURS.sub("", body)):
        sentences = []
        for sentence in line.sentences:
            is_marked = index < len(supported) and not supported[index]
            sentences.append(_mark_up(sentence, index if is_marked else None))
            index += 1
        lines.append(line.prefix + " ".join(sentences))
    html = to_html("\n".join(lines))
    html = _OPENED.sub(_open_claim, html).replace(CLOSE, "</mark>")
    return mark_safe(_CITED.sub(_link_source, html))  # noqa: S308 - sanitised above; what is added holds digits only


def _mark_up(sentence: str, claim: int | None) -> str:
    marks = "".join(f"{CITE}{mark}{STOP}" for mark in MARK.findall(sentence))
    text = MARK.sub("", sentence).strip()
    if claim is None or any(text.count(sign) % 2 for sign in _UNBALANCED):
        return text + marks
    return f"{OPEN}{claim}{STOP}{text}{CLOSE}{marks}"


def _open_claim(match: re.Match[str]) -> str:
    return format_html('<mark class="claim" id="claim-{}">', match.group(1))


def _link_source(match: re.Match[str]) -> str:
    label = _("Source %(mark)s") % {"mark": match.group(1)}
    return format_html(
        '<a class="cite" href="#source-{}" aria-label="{}">{}</a>', match.group(1), label, match.group(1)
    )
