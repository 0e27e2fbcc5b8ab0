"""From a gap to a draft in review: gather what there is, write, check, and hand it to the reviewers."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from improvement.assembling import Written, assemble
from improvement.errors import NotEnoughMaterialError
from improvement.llm_writing import write_with_llm
from improvement.material import Material, gather_material
from improvement.models import Draft, DraftRevision, DraftState, Gap, GapStatus, Writer
from improvement.revising import build_written_revision
from portal import llm
from portal.models import AuditEntry, Job, LlmCall, User
from portal.templatetags.formats import in_sentence

STEPS = 4


def request_draft(gap: Gap, *, by: User | None) -> Draft:
    return gap.request_draft(by=by)


def write(draft: Draft, job: Job, *, now: datetime, may_wait_for_model: bool) -> None:
    """Writes revision 1 and moves the draft to review; a draft that is not waiting to be written stays as it is.

    Raises LlmError where the model is busy and `may_wait_for_model`; NotEnoughMaterialError where there is no answer.
    """
    if draft.state != DraftState.WRITING:
        job.finish(_("Nothing to write: this draft is %s.") % in_sentence(draft.get_state_display()), at=now)
        return
    job.report(0, STEPS, _("Reading the conversations"))
    material = gather_material(draft.gap)
    job.report(1, STEPS, _("Writing"))
    written, writer, call = choose_writer(draft, material, may_wait_for_model=may_wait_for_model)
    job.report(2, STEPS, _("Checking every sentence against its sources"))
    revision = build_written_revision(draft, written, writer, call)
    job.report(3, STEPS, _("Trying it on past questions"))
    hand_over(draft, revision)
    job.finish(_("The draft is ready for review."), at=now)


def choose_writer(
    draft: Draft, material: Material, *, may_wait_for_model: bool
) -> tuple[Written, Writer, LlmCall | None]:
    """The language model where there is one; when it cannot, teammates' answers, and the draft says why."""
    remark: dict[str, str] | None = None
    if llm.is_configured() and (material.answers or material.articles):
        try:
            written, call = write_with_llm(draft.merchant, material)
        except llm.LlmError as error:
            if may_wait_for_model and not error.permanent:
                raise
            remark = {"kind": "fallback", "text": str(error)}
        else:
            return written, Writer.LLM, call
    assembled = assemble(material)
    if assembled is None:
        raise NotEnoughMaterialError(explain_shortage(material))
    if remark:
        assembled.remarks.append(remark)
    return assembled, Writer.TEAMMATES, None


def explain_shortage(material: Material) -> str:
    """What is missing and what to do about it."""
    n_answered = len({answer.conversation_id for answer in material.answers})
    if n_answered == 0:
        return _(
            "No teammate has answered this in any conversation yet, so there is nothing to write from. "
            "Write the article yourself, or try again once teammates have answered."
        )
    return ngettext(
        "Teammates answered in %(n)d conversation, but said too little there that holds for every customer. "
        "Write the article yourself, or try again after more answers.",
        "Teammates answered in %(n)d conversations, but said too little there that holds for every customer. "
        "Write the article yourself, or try again after more answers.",
        n_answered,
    ) % {"n": n_answered}


def hand_over(draft: Draft, revision: DraftRevision) -> None:
    """Once, whoever comes second: the row is locked and a draft that was written meanwhile is left alone."""
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        if locked.state != DraftState.WRITING:
            return
        revision.save(force_insert=True)
        locked.state, locked.state_reason = DraftState.IN_REVIEW, ""
        locked.save(update_fields=["state", "state_reason", "updated_at"])
        locked.gap.move_to(GapStatus.IN_REVIEW)
        detail = {"revision": revision.number, "writer": revision.writer}
        AuditEntry.record(locked.merchant, "draft.written", by=None, on=locked, detail=detail)


def give_up(draft: Draft, reason: str) -> None:
    """The gap opens again, so that anybody can try once more or write the article by hand."""
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        if locked.state != DraftState.WRITING:
            return
        locked.state, locked.state_reason = DraftState.FAILED, reason[:300]
        locked.save(update_fields=["state", "state_reason", "updated_at"])
        locked.gap.open_again()
        AuditEntry.record(locked.merchant, "draft.failed", by=None, on=locked, detail={"reason": reason})
