"""What usually helps against what pulls scores down, and the page where it is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Link:
    """`url_name` is a page of the merchant."""

    url_name: str
    label: str | Promise


@dataclass(frozen=True, slots=True)
class Advice:
    text: str | Promise
    link: Link | None = None


_GAPS = Link("gaps", _("See the gaps"))
_ARTICLES = Link("articles", _("See the articles"))

ADVICE: Mapping[str, Advice] = {
    "refusal": Advice(_("The agent had no answer. Write the articles that are missing."), _GAPS),
    "relevance": Advice(
        _("Answers are about something near, not about the question. Give articles titles in customers’ own words."),
        _ARTICLES,
    ),
    "best_passage": Advice(
        _("No passage of the answer fits the question. Give each question an article or a heading of its own."),
        _ARTICLES,
    ),
    "title": Advice(
        _("The cited articles’ titles are far from the question. Give them titles in customers’ own words."), _ARTICLES
    ),
    "better_passage": Advice(
        _("A nearer passage was not used. Look at how the agent searches, and at articles that say the same twice."),
        _ARTICLES,
    ),
    "better_text": Advice(
        _("A nearer article was not used. Look at how the agent searches, and at articles that say the same twice."),
        _ARTICLES,
    ),
    "lacks_form": Advice(
        _("The question asks for a number, a date or a time, and the answer has none. Complete the articles."),
        _ARTICLES,
    ),
    "grounded": Advice(
        _("Answers are far from the sources that they cite. Tell the agent to keep to its sources."),
    ),
    "coverage": Advice(
        _("Parts of a question stay unanswered. Tell the agent to take up each question of a message in turn."),
    ),
    "length": Advice(
        _("Answers are too short to act on. Put steps, conditions and exceptions into the articles."), _ARTICLES
    ),
    "repetition": Advice(
        _("The agent said the same again. Let it ask back or hand over when its first answer did not help."),
    ),
    "slowness": Advice(_("Customers waited long for an answer. Look at the agent’s latency, not at its words.")),
    "reaction": Advice(_("Customers left displeased. Read the last messages: they usually say what was missing.")),
    "asked_again": Advice(
        _("Customers had to ask the same again. The article that was used answers another question."), _GAPS
    ),
    "escalated": Advice(_("A person had to take over. What they answered is the draft of an article."), _GAPS),
    "abandoned": Advice(_("Customers left without an answer. Offer a person earlier in these conversations.")),
    "rating": Advice(_("Customers rated these low. Their comments are on the conversations’ pages.")),
    "support": Advice(
        _("Answers say what stands in no cited source. Tell the agent to keep to its sources, or complete these."),
        _ARTICLES,
    ),
    "unsupported_numbers": Advice(
        _("Numbers in answers stand in no cited source. Check prices, periods and limits in the articles first."),
        _ARTICLES,
    ),
    "courtesy": Advice(_("The tone is bare. A word of thanks or regret in the agent’s instructions is enough.")),
    "rudeness": Advice(_("Rude or shouted words. Read these at once, and forbid them in the agent’s instructions.")),
}
