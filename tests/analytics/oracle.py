"""metrics.md read a second time, plainly and from raw events only. The product must equal this.

Nothing is imported from the product. It knows no batches, no locks, no differences and no database.
"""

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ORDER = [
    *("conversation.started", "message.received", "message.sent", "knowledge.retrieved", "citation.clicked"),
    *("teammate.replied", "handoff.requested", "conversation.resolved", "conversation.abandoned"),
    *("conversation.reopened", "conversation.closed", "rating.given"),
]
ENDS = {"conversation.resolved", "conversation.abandoned", "conversation.closed"}
MESSAGES = {"message.received", "message.sent", "teammate.replied"}
IDLE = {"email": timedelta(hours=72)}
GREETINGS = {"hi", "hello", "thanks"}


def at(event) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def split(events, idle):  # noqa: C901 - one rule after the other
    """→ (start, end or None, events of the episode, was reopened) of one thread, in order."""
    events = sorted(events, key=lambda e: (at(e).timestamp(), ORDER.index(e["type"]), e["id"]))
    episodes, ahead = [], []
    for event in events:
        kind, last = event["type"], episodes[-1] if episodes else None
        if last and not last["end"] and at(event) >= last["active"] + idle:
            last["end"] = last["active"] + idle
        if kind == "message.received" and (not last or last["end"]):
            recent = [e for e in ahead if at(event) - at(e) <= timedelta(days=90)]
            if last:
                last["late"] += [e for e in ahead if e not in recent]
            last = {
                "start": at(event),
                "active": at(event),
                "end": None,
                "events": recent,
                "reopened": False,
                "late": [],
            }
            episodes.append(last)
            ahead = []
        ended = [episode for episode in episodes if episode["end"]]
        if kind == "conversation.reopened" and ended:
            ended[-1]["reopened"] = True
        if not last or (last["end"] and (ahead or kind in ("conversation.reopened", "conversation.started"))):
            ahead.append(event)
        elif last["end"]:
            last["late"].append(event)
        else:
            last["events"].append(event)
            if kind in MESSAGES | {"handoff.requested"}:
                last["active"] = at(event)
            if kind in ENDS:
                last["end"] = at(event)
    if episodes:
        episodes[-1]["late"] += ahead
    return episodes


def judge(episode, idle, now):  # noqa: C901 - one rule after the other, as on the page
    """→ outcome, confirmed, disputed, no request, response times of one episode."""
    if not episode["end"] and now >= episode["active"] + idle:
        episode["end"] = episode["active"] + idle
    inside = [e for e in episode["events"] if at(e) >= episode["start"] or e["type"] not in ENDS]
    everything = inside + episode["late"]
    waiting, responses, human, requests = None, [], False, []
    for event in inside:
        kind = event["type"]
        if kind == "message.received":
            is_request = event["data"]["text"].lower() not in GREETINGS
            requests += [event["data"]["text"]] if is_request else []
            if waiting is None and (is_request or not responses):
                waiting = at(event)
        elif kind == "message.sent" and waiting is not None:
            responses.append((at(event) - waiting) // timedelta(milliseconds=1))
            waiting = None
        elif kind == "teammate.replied":
            human, waiting = True, None
    kinds = {e["type"] for e in everything}
    says_yes = any(e["type"] == "conversation.resolved" and e["data"].get("confirmed") for e in everything)
    ratings = [e["data"]["score"] for e in everything if e["type"] == "rating.given"]
    is_low = bool(ratings) and ratings[-1] <= 2
    gave_up = any(e["type"] == "conversation.abandoned" for e in inside)
    if not episode["end"]:
        outcome = "open"
    elif "handoff.requested" in kinds or (human and responses):
        outcome = "escalated"
    elif human:
        outcome = "not_involved"
    elif says_yes and responses:
        outcome = "resolved"
    elif gave_up or waiting is not None or (is_low and "conversation.resolved" not in kinds):
        outcome = "abandoned"
    else:
        outcome = "resolved" if responses else "not_involved"
    is_resolved = outcome == "resolved"
    return {
        "start": episode["start"],
        "active": episode["active"],
        "outcome": outcome,
        "confirmed": is_resolved and says_yes,
        "disputed": is_resolved and (episode["reopened"] or is_low),
        "counts": bool(requests),
        "responses": responses,
        "rating": ratings[-1] if ratings else None,
        "messages": {e["id"] for e in everything if e["type"] in MESSAGES},
    }


def recount(events, *, now, zone: ZoneInfo, recontact: timedelta, spam=()):
    """→ all conversations, and the counts per local day of those that count. `spam` holds (thread, start) pairs."""
    unique = {(event["id"], at(event).timestamp()): event for event in events}.values()
    threads: dict[str, list] = {}
    for event in unique:
        threads.setdefault(event["conversation_id"], []).append(event)
    found = []
    for thread, its_events in threads.items():
        idle = IDLE.get(its_events[0]["channel"], timedelta(hours=24))
        found += [{"thread": thread, **judge(episode, idle, now)} for episode in split(its_events, idle)]
    for one in found:
        one["spam"] = (one["thread"], one["start"]) in spam
        one["counts"] = one["counts"] and not one["spam"]
    customer = {}
    for event in unique:
        if event["type"] == "conversation.started":
            customer[event["conversation_id"]] = event["data"]["customer_id"]
    for one in found:
        later = [
            other["start"]
            for other in found
            if other["counts"]
            and other["start"] > one["start"]
            and customer.get(other["thread"])
            and customer[other["thread"]] == customer.get(one["thread"])
        ]
        until = min(one["active"] + recontact, one["start"] + timedelta(days=90))
        one["recontacted"] = bool(later) and min(later) <= until and one["counts"]
    days: dict = {}
    for one in found:
        day = days.setdefault(one["start"].astimezone(zone).date(), Counter())
        if not one["counts"]:
            day["n_spam" if one["spam"] else "n_no_request"] += 1
            continue
        is_resolved = one["outcome"] == "resolved"
        day.update({"n_conversations": 1, f"n_{one['outcome']}": 1, "n_confirmed": int(one["confirmed"])})
        day.update({"n_disputed": int(one["disputed"]), "n_recontacted": int(is_resolved and one["recontacted"])})
        day.update({"responses": len(one["responses"]), "response_ms": sum(one["responses"])})
        day.update({"n_ratings": int(one["rating"] is not None), "rating_sum": one["rating"] or 0})
    return found, days
