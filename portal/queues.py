"""Which queue a task waits in. A worker asks its queues in the order of their names: what people wait for is first."""

from kombu import Queue

BACKGROUND, AWAITED = "celery", "awaited"
QUEUES = [Queue(AWAITED), Queue(BACKGROUND)]
# Started by a click, with somebody looking at the progress or the mailbox. What a day brings by itself is not here.
AWAITED_TASKS = (
    "analytics.tasks.calibrate_for_page",
    "analytics.tasks.follow_rubric",
    "analytics.tasks.train_scorer_for_page",
    "improvement.article_tasks.apply_article_import",
    "improvement.article_tasks.read_article_import",
    "improvement.tasks.find_gaps",
    "improvement.tasks.publish_draft",
    "improvement.tasks.write_draft",
    "portal.tasks.send_account_change_mail",
    "portal.tasks.send_invitation_mail",
    "portal.tasks.send_password_mail",
    "reporting.tasks.deliver_now",
)
ROUTES = {name: {"queue": AWAITED} for name in AWAITED_TASKS}
