"""How the audit trail is read: what was done, on what, and the names of its details."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Promise] = {
    "account.two_step_turned_off": _("Two-step sign-in turned off"),
    "account.two_step_turned_on": _("Two-step sign-in turned on"),
    "anomalies.subscribed": _("Emails about unusual hours subscribed"),
    "anomalies.unsubscribed": _("Emails about unusual hours unsubscribed"),
    "api_key.created": _("API key created"),
    "api_key.revoked": _("API key revoked"),
    "article.archived": _("Article archived"),
    "article.created": _("Article created"),
    "article.unarchived": _("Article brought back"),
    "article.updated": _("Article updated"),
    "article_import.applied": _("Articles imported"),
    "article_pair.dismissed": _("Two articles compared: nothing to do"),
    "article_pair.reopened": _("Two articles to compare again"),
    "conversation.marked_spam": _("Conversation marked as spam"),
    "conversation.marked_not_spam": _("Conversation marked as no spam"),
    "costs.changed": _("Costs changed"),
    "draft.approved": _("Draft approved"),
    "draft.edited": _("Draft edited"),
    "draft.failed": _("Draft failed"),
    "draft.published": _("Draft published"),
    "draft.rejected": _("Draft rejected"),
    "draft.withdrawn": _("Draft withdrawn"),
    "draft.written": _("Draft written"),
    "gap.dismissed": _("Gap dismissed"),
    "gap.draft_requested": _("Article for a gap requested"),
    "gap.merge_undone": _("Merge of gaps undone"),
    "gap.merged": _("Gap merged into another"),
    "gap.question_put_back": _("Question put back into a gap"),
    "gap.question_taken_out": _("Question taken out of a gap"),
    "gap.renamed": _("Gap renamed"),
    "gap.reopened": _("Gap reopened"),
    "gap.split": _("Gap split"),
    "invitation.accepted": _("Invitation accepted"),
    "invitation.created": _("Invitation sent"),
    "invitation.renewed": _("Invitation sent again"),
    "invitation.withdrawn": _("Invitation withdrawn"),
    "label.adjudicated": _("Disagreement about a label decided"),
    "label.imported": _("Labels imported"),
    "label.plan_changed": _("Labelling plan changed"),
    "member.left": _("Member left"),
    "member.removed": _("Member removed"),
    "member.role_changed": _("Role changed"),
    "merchant.settings_changed": _("Settings changed"),
    "question.marked": _("Question marked as covered or not"),
    "report.sent": _("Report sent"),
    "report.subscribed": _("Weekly report subscribed"),
    "report.unsubscribed": _("Weekly report unsubscribed"),
    "rubric.changed": _("Rubric changed"),
}
TOPICS: dict[str, Promise] = {
    "account": _("Account"),
    "anomalies": _("Unusual hours"),
    "api_key": _("API key"),
    "article": _("Article"),
    "conversation": _("Conversation"),
    "costs": _("Costs"),
    "draft": _("Draft"),
    "gap": _("Gap"),
    "invitation": _("Invitation"),
    "label": _("Label"),
    "member": _("Member"),
    "merchant": _("Settings"),
    "question": _("Question"),
    "report": _("Report"),
    "rubric": _("Rubric"),
}
DETAILS: dict[str, Promise] = {
    "comment": _("Comment"),
    "is_covered": _("Covered"),
    "double_share": _("Share that two people label"),
    "n_labels": _("Labels"),
    "n_random": _("Random conversations waiting"),
    "n_targeted": _("Targeted conversations waiting"),
    "questions_since": _("Questions since"),
    "reason": _("Reason"),
    "recipients": _("Recipients"),
    "revision": _("Revision"),
    "role": _("Role"),
    "scopes": _("Scopes"),
    "to": _("New name"),
    "version": _("Version"),
    "window_days": _("Days back"),
}


def read_aloud(name: str) -> str | Promise:
    """A verb, a topic or the name of a detail; what is in no list is shown with spaces instead of its signs."""
    for known in (VERBS, TOPICS, DETAILS):
        if name in known:
            return known[name]
    return name.replace(".", " ").replace("_", " ")
