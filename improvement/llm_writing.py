"""An article written by a language model from numbered sources; what cites no source is thrown away."""

from collections import Counter
from dataclasses import dataclass

from pydantic import BaseModel

from improvement.assembling import CitationList, Written, build_question_section
from improvement.errors import NotEnoughMaterialError
from improvement.material import Material
from improvement.personal_data import find_personal
from portal import llm
from portal.models import LlmCall, Merchant
from portal.prompts import load_prompt

MAX_SOURCES = 30
MAX_QUESTIONS = 20
MAX_ARTICLE_CHARACTERS = 3000


class CitedSentence(BaseModel):
    text: str
    sources: list[int]


class Section(BaseModel):
    heading: str
    sentences: list[CitedSentence]


class WrittenArticle(BaseModel):
    """The model's answer."""

    is_enough: bool
    missing: str
    title: str
    summary: list[CitedSentence]
    sections: list[Section]
    contradictions: list[str]


@dataclass(frozen=True, slots=True)
class Source:
    kind: str
    ref: int
    conversation_id: int | None
    text: str


def list_sources(material: Material) -> list[Source]:
    """Distinct answers, the most often given first and the newest of each; then the related articles."""
    counts = Counter(answer.text for answer in material.answers)
    newest = {answer.text: answer for answer in sorted(material.answers, key=lambda answer: answer.at)}
    sources = [
        Source("teammate", newest[text].message_id, newest[text].conversation_id, text)
        for text, _count in counts.most_common(MAX_SOURCES)
    ]
    return sources + [
        Source("article", article.article_id, None, f"{article.title}\n{article.body}"[:MAX_ARTICLE_CHARACTERS])
        for article in material.articles
    ]


def write_with_llm(merchant: Merchant, material: Material) -> tuple[Written, LlmCall]:
    """Raises LlmError, and NotEnoughMaterialError where the model finds no answer in the sources."""
    sources = list_sources(material)
    n_answers = sum(source.kind == "teammate" for source in sources)
    numbered = [f"[{number}] {source.text}" for number, source in enumerate(sources, 1)]
    completion = llm.complete(
        merchant,
        load_prompt("draft_article"),
        schema=WrittenArticle,
        purpose="draft_article",
        variables={
            "language": material.language,
            "topic": material.name,
            "questions": "\n".join(f"- {asked.text}" for asked in material.questions[:MAX_QUESTIONS]),
            "sources": "\n\n".join(numbered[:n_answers]),
            "related_articles": "\n\n".join(numbered[n_answers:]),
        },
    )
    answer = completion.value
    if not answer.is_enough:
        raise NotEnoughMaterialError(answer.missing[:280])
    return build_written(answer, sources, material), completion.call


def build_written(answer: WrittenArticle, sources: list[Source], material: Material) -> Written:
    """Raises NotEnoughMaterialError where no sentence is left."""
    citations = CitationList()
    dropped: list[str] = []

    def print_cited(sentences: list[CitedSentence]) -> list[str]:
        printed = []
        for sentence in sentences:
            cited = [sources[number - 1] for number in dict.fromkeys(sentence.sources) if 0 < number <= len(sources)]
            if not cited or find_personal(sentence.text):
                dropped.append(sentence.text)
                continue
            marks = "".join(citations.cite(one.kind, one.ref, one.conversation_id, one.text) for one in cited)
            printed.append(f"{' '.join(sentence.text.split())} {marks}")
        return printed

    parts = [" ".join(print_cited(answer.summary))]
    for section in answer.sections:
        if items := print_cited(section.sentences):
            heading = " ".join(section.heading.split())
            parts.append(f"## {heading}\n\n" + "\n".join(f"- {item}" for item in items))
    parts = [part for part in parts if part]
    if not parts:
        raise NotEnoughMaterialError("The model wrote no sentence that cites a source.")
    parts.append(build_question_section(material, citations))
    remarks = [{"kind": "disagreement", "text": text, "other": "", "ref": ""} for text in answer.contradictions]
    if dropped:
        remarks.append({"kind": "dropped", "text": str(len(dropped))})
    body = "\n\n".join(part for part in parts if part) + "\n"
    return Written(answer.title[:200], body, material.language, citations.rows, remarks)
