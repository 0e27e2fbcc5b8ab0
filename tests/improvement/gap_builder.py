"""A gap with its conversations: what customers asked and what teammates answered."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from analytics.models import Author, Conversation, Message, Outcome
from improvement.models import Draft, DraftState, Gap, Question
from portal.embeddings import embed, model_name
from portal.models import Job

ASKED_FROM = datetime(2026, 10, 1, 9, tzinfo=UTC)

FORGOT = (
    "Choose Forgot password on the sign-in page. The link is valid for 30 minutes; after five wrong tries the account "
    "is locked for one hour."
)
SENT = "I have sent you a reset link, Robert. Please use at least twelve characters for the new password."
LOST_MAIL = "Sorry to hear that! If you no longer have that email address, I can verify you by text message."
QUESTIONS = (
    "Hi, I want to reset my password",
    "I forgot my password, can you help?",
    "Hello, my name is Robert Miller and I need to reset my password, policy 711155770",
    "I need to reset my password please",
    "How do I get a new password?",
    "I am locked out and need to reset my password",
    "help me make a new password",
    "Can you reset the password of my online account?",
    "My password does not work any more",
    "I want to change my password",
    "Where can I reset my password?",
    "I lost my password",
)
PASSWORD_THREADS = tuple((question, (FORGOT, SENT, LOST_MAIL)[number % 3]) for number, question in enumerate(QUESTIONS))


def make_gap(merchant, threads=PASSWORD_THREADS, *, name="reset password", status="open", at=ASKED_FROM) -> Gap:
    """One escalated conversation a day; an answer of None: no teammate replied."""
    vectors = embed([question for question, _answer in threads])
    centre = vectors.mean(axis=0)
    gap = Gap.objects.create(
        merchant=merchant,
        name=name,
        status=status,
        centroid=centre / (centre @ centre) ** 0.5,
        embedding_model=model_name(),
        n_questions=len(threads),
        first_asked_at=at,
        last_asked_at=at + timedelta(days=len(threads) - 1),
    )
    for day, ((question, answer), vector) in enumerate(zip(threads, vectors, strict=True)):
        ask(merchant, question, answer, vector=vector, gap=gap, at=at + timedelta(days=day))
    return gap


def ask(
    merchant, question, answer=None, *, vector, at, gap=None, customer=None, outcome=Outcome.ESCALATED, **more
) -> Question:
    number = Conversation.objects.count() + 1
    conversation = Conversation.objects.create(
        merchant=merchant,
        thread=f"c-{number}",
        channel="widget",
        language="en",
        customer_id=customer or f"u-{number}",
        started_at=at,
        last_event_at=at + timedelta(minutes=5),
        ended_at=at + timedelta(minutes=5),
        outcome=outcome,
        question=question,
        n_teammate_messages=int(answer is not None),
        updated_at=at,
    )
    for minute, (author, text) in enumerate(((Author.CUSTOMER, question), (Author.TEAMMATE, answer))):
        if text:
            Message.objects.create(
                merchant=merchant,
                conversation=conversation,
                event_id=uuid4(),
                occurred_at=at + timedelta(minutes=minute),
                author=author,
                text=text,
            )
    return Question.objects.create(
        merchant=merchant,
        conversation=conversation,
        text=question,
        asked_at=at,
        embedding=vector,
        embedding_model=model_name(),
        gap=gap,
        **{"is_covered": gap is None, "nearest_similarity": 0.2} | more,
    )


def make_draft(merchant, *, by=None, gap=None) -> Draft:
    """Written and waiting for review, as the worker leaves it."""
    from improvement.tasks import write_draft

    draft = (gap or make_gap(merchant)).request_draft(by=by)
    write_draft(draft.pk, Job.objects.latest("pk").pk)
    draft.refresh_from_db()
    assert draft.state == DraftState.IN_REVIEW, draft.state_reason
    return Draft.objects.select_related("gap").get(pk=draft.pk)


def publish(draft, *, by) -> Draft:
    """Approved, and live as the worker leaves it."""
    from improvement.tasks import publish_draft

    draft.approve(by=by, revision=draft.latest_revision.number)
    publish_draft(draft.pk)
    return Draft.objects.select_related("gap", "article").get(pk=draft.pk)
