from django.core.cache import cache

from portal.celery import app


def test_clearing_it_leaves_waiting_tasks_alone():
    with app.connection() as connection, connection.SimpleQueue("kept") as queue:
        queue.put("a task")
        cache.set("scorer", "worker 1", 60)
        cache.clear()
        assert cache.get("scorer") is None
        assert queue.get(timeout=1).payload == "a task"
        queue.clear()
