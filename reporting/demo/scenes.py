"""The ways in which a conversation can go. Each scene plays on a transcript; `play` chooses it by the plan's story."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from random import Random

from reporting.demo.phrasing import Phrasing
from reporting.demo.topics import Kind, Question, Section, Texts, Topic
from reporting.demo.transcript import Event, Plan, Transcript, pick_weighted

SURE, UNSURE, LOST = (0.72, 0.97), (0.42, 0.66), (0.15, 0.44)


class Story(StrEnum):
    ANSWERED = "answered"
    ESCALATED = "escalated"
    UNKNOWN = "unknown"  # the knowledge base has nothing: handed off with that reason
    GUESSED = "guessed"  # the knowledge base has nothing, and the agent answered all the same
    ABANDONED = "abandoned"
    REOPENED = "reopened"
    OUTAGE = "outage"  # the order system does not answer, so the agent cannot either
    ROUTED = "routed"  # the customer wanted a person from the start
    GREETING = "greeting"
    TEST = "test"
    SPAM = "spam"


class Scene:
    """What the scenes share: who talks, about what, and in which article the answer stands."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self.plan, self.rng = plan, rng
        topic = plan.topic
        self.texts = topic.texts[plan.language] if topic else Texts(questions=())
        self.question = rng.choice(self.texts.questions) if topic else Question("")
        self.article_id = topic.article_id(plan.language) if topic and self.texts.sections else ""
        self.say = Phrasing(rng, plan.language, plan.channel, self.texts, plan.customer)
        self.log = Transcript(plan, rng)
        self.explained: list[Section] = []

    def happens(self, chance: float) -> bool:
        return self.rng.random() < chance

    def ask(self) -> None:
        self.log.start()
        self.log.customer(self.say.first_message(self.question.pattern, again=self.plan.is_again))

    def answer(self, section: Section | None = None) -> None:
        section = section or self.texts.sections[self.question.section]
        self.explained.append(section)
        self.log.agent(self.say.answer(section.text), confidence=SURE, article_id=self.article_id)
        if self.plan.channel in ("widget", "email") and self.happens(0.13):
            self.log.click_source(self.article_id)

    def follow_up(self) -> None:
        """A further question that another section answers."""
        others = [part for part in self.texts.sections if part.asks and part not in self.explained]
        if not others:
            return
        section = self.rng.choice(others)
        self.log.pause()
        self.log.customer(self.say.ask(section.asks))
        self.answer(section)

    def fail(self) -> None:
        """An answer that helps nobody; the bad release does this often."""
        self.log.agent(self.say.say("broken"), confidence=UNSURE, searches=self.happens(0.5))

    def by_teammate(self, texts: tuple[str, ...]) -> None:
        for position, text in enumerate(texts):
            reply = self.log.teammate_soon if position else self.log.teammate
            reply(self.say.fill(text))
            if position < len(texts) - 1 and self.texts.asks:
                self.log.pause()
                self.log.customer(self.say.ask(self.texts.asks))
        if self.happens(0.5):
            self.log.pause()
            self.log.customer(self.say.chat("after_teammate"))

    def teammate_text(self) -> str:
        """What stands in the texts of the topic, or that the matter was put right."""
        if self.texts.teammate:
            return self.texts.teammate[self.question.teammate[0]]
        return self.rng.choice(self.say.talk.phrases["teammate"])

    def rate(self, chance: float, shares: tuple[float, ...]) -> None:
        """`shares`: of the scores 1 to 5."""
        if self.happens(chance):
            score = self.rng.choices((1, 2, 3, 4, 5), shares)[0]
            comment = self.say.say("bad" if score <= 2 else "fine" if score == 3 else "good")
            self.log.rate(score, comment)


def play_answered(scene: Scene) -> None:
    scene.ask()
    scene.answer()
    for chance in (0.34, 0.15):
        if scene.happens(chance):
            scene.follow_up()
    if scene.happens(0.47):
        scene.log.pause()
        scene.log.customer(scene.say.chat("thanks"))
        scene.log.resolve(confirmed=True)
        scene.rate(0.34, (0.01, 0.02, 0.07, 0.32, 0.58))
    else:
        if scene.happens(0.35):
            scene.log.resolve(confirmed=False)
        scene.rate(0.08, (0.03, 0.05, 0.17, 0.38, 0.37))


def play_escalated(scene: Scene) -> None:
    """The answer was there, but a person was needed: to change an order, to decide, or because the tool failed."""
    is_bad = scene.plan.release.is_bad
    scene.ask()
    if scene.happens(0.8):
        if is_bad and scene.happens(0.7):
            scene.fail()
        else:
            scene.answer()
        scene.log.pause()
        scene.log.customer(scene.say.chat("still"))
    scene.log.agent(scene.say.say("handing_over"), confidence=UNSURE, searches=False)
    topic_reason = scene.plan.topic.handoff if scene.plan.topic else "customer_request"
    usual = (("customer_request", 0.4), (topic_reason, 0.6))
    broken = (("tool_failure", 0.55), ("needs_clarification", 0.3), ("customer_request", 0.15))
    scene.log.hand_off(pick_weighted(scene.rng, broken if is_bad else usual))
    scene.by_teammate((scene.teammate_text(),))
    scene.log.end("closed")
    scene.rate(0.24, (0.18, 0.14, 0.2, 0.26, 0.22) if is_bad else (0.05, 0.07, 0.16, 0.34, 0.38))


def play_unknown(scene: Scene) -> None:
    scene.ask()
    if scene.happens(0.15):
        scene.log.agent(scene.say.answer(scene.rng.choice(scene.texts.guess)), confidence=UNSURE)
        scene.log.pause()
        scene.log.customer(scene.say.chat("still"))
    scene.log.agent(scene.say.say("not_known"), confidence=LOST)
    reasons = (("missing_knowledge", 0.9), ("customer_request", 0.06), ("policy_restriction", 0.04))
    scene.log.hand_off(pick_weighted(scene.rng, reasons))
    answers = [scene.texts.teammate[position] for position in scene.question.teammate]
    if scene.happens(0.3):
        # The customer asks on, and the teammate says something else about it.
        answers.append(scene.rng.choice([text for text in scene.texts.teammate if text not in answers]))
    scene.by_teammate(tuple(answers))
    scene.log.end("closed")
    scene.rate(0.26, (0.06, 0.08, 0.2, 0.36, 0.3))


def play_guessed(scene: Scene) -> None:
    scene.ask()
    scene.log.agent(scene.say.answer(scene.rng.choice(scene.texts.guess)), confidence=UNSURE)
    scene.rate(0.15, (0.45, 0.3, 0.15, 0.1, 0.0))


def play_abandoned(scene: Scene) -> None:
    scene.ask()
    if scene.happens(0.25):
        # The agent never answered; the customer asked once more and left.
        scene.log.pause()
        scene.log.customer(scene.say.chat("nudge"))
    else:
        if scene.texts.guess and not (scene.article_id and scene.happens(0.5)):
            scene.log.agent(scene.say.answer(scene.rng.choice(scene.texts.guess)), confidence=UNSURE)
        elif scene.plan.release.is_bad or not scene.article_id:
            scene.fail()
        else:
            scene.answer()
        scene.log.pause()
        scene.log.customer(scene.say.chat("annoyed"))
        scene.rate(0.22, (0.5, 0.35, 0.15, 0.0, 0.0))
    if scene.happens(0.6):
        scene.log.end("abandoned")


def play_reopened(scene: Scene) -> None:
    scene.ask()
    scene.answer()
    if scene.happens(0.5):
        scene.log.pause()
        scene.log.customer(scene.say.chat("thanks"))
        scene.log.resolve(confirmed=True)
    else:
        scene.log.resolve(confirmed=False)
    scene.log.reopen()
    scene.log.customer(scene.say.ask((f"{scene.say.say('reopening')} {scene.question.pattern}",)))
    scene.log.agent(scene.say.say("handing_over"), confidence=UNSURE, searches=False)
    scene.log.hand_off("customer_request")
    scene.by_teammate((scene.teammate_text(),))
    scene.log.end("closed")


def play_routed(scene: Scene) -> None:
    """Straight to a person: the agent gave no answer of its own."""
    scene.log.start()
    scene.log.customer(scene.say.ask((f"{scene.say.say('routed')} {scene.question.pattern}",)))
    scene.by_teammate((scene.teammate_text(),))
    scene.log.end("closed")


def play_outage(scene: Scene) -> None:
    scene.ask()
    scene.log.agent(scene.say.say("offline"), confidence=LOST, searches=False)
    scene.log.hand_off("tool_failure")
    scene.by_teammate((scene.teammate_text(),))
    scene.log.end("closed")
    scene.rate(0.2, (0.3, 0.3, 0.25, 0.1, 0.05))


def play_greeting(scene: Scene) -> None:
    scene.log.start()
    scene.log.customer(scene.say.say("greeting_only"))
    scene.log.agent(scene.say.say("greeting_answer"), confidence=SURE, searches=False)


def play_test(scene: Scene) -> None:
    scene.log.start(is_test=True)
    scene.log.customer(scene.say.say("test_text"))
    scene.log.agent(scene.say.say("broken"), confidence=UNSURE, searches=False)


def play_spam(scene: Scene) -> None:
    scene.log.start()
    scene.log.customer(scene.say.say("spam"))
    scene.log.end("closed")


SCENES: dict[str, Callable[[Scene], None]] = {
    Story.ANSWERED: play_answered,
    Story.ESCALATED: play_escalated,
    Story.UNKNOWN: play_unknown,
    Story.GUESSED: play_guessed,
    Story.ABANDONED: play_abandoned,
    Story.REOPENED: play_reopened,
    Story.OUTAGE: play_outage,
    Story.ROUTED: play_routed,
    Story.GREETING: play_greeting,
    Story.TEST: play_test,
    Story.SPAM: play_spam,
}

_RARE = ((Story.ROUTED, 0.012), (Story.GREETING, 0.012), (Story.TEST, 0.012), (Story.SPAM, 0.001))
_GOOD_WEEK = ((Story.ANSWERED, 0.85), (Story.ESCALATED, 0.085), (Story.ABANDONED, 0.045), (Story.REOPENED, 0.02))
_BAD_WEEK = ((Story.ANSWERED, 0.52), (Story.ESCALATED, 0.29), (Story.ABANDONED, 0.16), (Story.REOPENED, 0.03))
_UNKNOWN = ((Story.UNKNOWN, 0.81), (Story.GUESSED, 0.08), (Story.ABANDONED, 0.11))


def pick_rare_story(rng: Random) -> Story | None:
    """A story without a topic, for the few conversations that have none."""
    found = pick_weighted(rng, (*_RARE, ("", 1 - sum(share for _, share in _RARE))))
    return Story(found) if found else None


def pick_story(rng: Random, topic: Topic | None, *, is_answerable: bool, is_bad: bool) -> Story:
    if topic is not None and topic.kind != Kind.COVERED and not is_answerable:
        return Story(pick_weighted(rng, _UNKNOWN))
    return Story(pick_weighted(rng, _BAD_WEEK if is_bad else _GOOD_WEEK))


def play(plan: Plan, rng: Random) -> tuple[list[Event], timedelta]:
    """The events of the conversation, and how long it lasted."""
    scene = Scene(plan, rng)
    SCENES[plan.story](scene)
    return scene.log.events, scene.log.now - plan.started_at
