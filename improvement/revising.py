"""A new wording with everything that a reviewer needs to judge it: its sources, checked claims, and the backtest."""

from django.utils import timezone

from improvement.assembling import Written
from improvement.backtest import run_backtest
from improvement.grounding import check_claims
from improvement.models import Draft, DraftRevision, Writer
from portal.models import LlmCall, User


def build_edited_revision(draft: Draft, *, by: User, title: str, body: str) -> DraftRevision:
    """Unsaved and without a number. The sources stay those of the wording before it."""
    body = "\n".join(line.rstrip() for line in body.replace("\r\n", "\n").split("\n")).strip() + "\n"
    last = draft.latest_revision
    citations = last.citations if last else []
    return DraftRevision(
        draft=draft,
        title=title[:200],
        body=body,
        language=last.language if last else "en",
        writer=Writer.PERSON,
        author=by,
        citations=citations,
        remarks=last.remarks if last else [],
        grounding=check_claims(body, citations),
        backtest=run_backtest(
            draft.gap,
            title,
            body,
            now=timezone.now(),
            replaces=draft.article_id,
            holds_out=last is None or bool(last.backtest.get("n_held_out")),
        ),
    )


def build_written_revision(draft: Draft, written: Written, writer: Writer, call: LlmCall | None) -> DraftRevision:
    """Unsaved, number 1."""
    return DraftRevision(
        draft=draft,
        number=1,
        title=written.title,
        body=written.body,
        language=written.language,
        writer=writer,
        citations=written.citations,
        grounding=check_claims(written.body, written.citations),
        backtest=run_backtest(draft.gap, written.title, written.body, now=timezone.now()),
        remarks=written.remarks,
        llm_call=call,
    )
