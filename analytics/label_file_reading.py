"""A CSV file of labels as what it says, or as what is wrong with it: line, column and how to put it right."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from analytics.export_formats import text_of_cell
from analytics.label_files import ADJUDICATION, AFTER_MARKS, BEFORE_MARKS, KINDS, LABEL, mark_columns
from analytics.label_importing import Imported, ImportRefusedError, ImportResult, import_labels
from analytics.models import Conversation, Stratum
from portal.csv_rows import CsvError, read_names, read_rows
from portal.models import Merchant, User

MAX_BYTES = 5_000_000
MAX_LABELS = 10_000
NEEDED = ("conversation_id", "reviewer")
LENGTHS = {"reviewer": 160, "comment": 500}
EARLIEST = 1970

Episodes = Mapping[str, Mapping[int, int]]  # of each thread: number → id


@dataclass(frozen=True, slots=True)
class Fault:
    """`column` is empty where the line as a whole is wrong."""

    line: int
    column: str
    text: str


class LabelFileError(Exception):
    """Nothing was saved."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.line)
        super().__init__(str(self.faults))


class _CellError(ValueError):
    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column, self.text = column, text


@dataclass(frozen=True, slots=True)
class TakenIn:
    result: ImportResult
    n_skipped: int  # rows that tell why somebody gave no label


def import_label_file(merchant: Merchant, content: bytes, *, name: str, by: User, now: datetime) -> TakenIn:
    """All of it or nothing. Safe to send again. Raises LabelFileError."""
    columns = mark_columns(merchant)
    rows = _read_cells(content, columns)
    labels: dict[int, Imported] = {}
    faults: list[Fault] = []
    wanted = {line: cells for line, cells in rows.items() if not cells.get("skip_reason")}
    episodes = _find_episodes(merchant, {cells["conversation_id"] for cells in wanted.values()})
    for line, cells in wanted.items():
        try:
            labels[line] = _read_label(merchant, cells, columns, episodes, now=now)
        except _CellError as error:
            faults.append(Fault(line, error.column, error.text))
    if faults:
        raise LabelFileError(faults)
    try:
        result = import_labels(merchant, list(labels.values()), by=by, now=now, file_name=name)
    except ImportRefusedError as error:
        lines = list(labels)
        raise LabelFileError(
            Fault(lines[position], ", ".join(columns) if field == "marks" else field, text)
            for position, fields in error.errors.items()
            for field, text in fields.items()
        ) from error
    return TakenIn(result, len(rows) - len(labels))


def _read_cells(content: bytes, marks: Iterable[str]) -> dict[int, dict[str, str]]:
    """By line, the cells by column. Raises LabelFileError."""
    names: list[str] = []
    rows: dict[int, dict[str, str]] = {}
    faults = []
    try:
        for line, row in read_rows(_decode(content)):
            if not names:
                names = read_names(row)
                _check_names(names, (*BEFORE_MARKS, *marks, *AFTER_MARKS), set(marks), line=line)
            elif len(row) != len(names):
                told = _("%(n)s cells, but the first line names %(all)s columns. Put texts with separators in quotes.")
                faults.append(Fault(line, "", told % {"n": len(row), "all": len(names)}))
            else:
                rows[line] = {name: text_of_cell(cell.strip()) for name, cell in zip(names, row, strict=True)}
            if len(rows) > MAX_LABELS:
                told = _("A file has at most %(n)s labels. Split it.") % {"n": MAX_LABELS}
                raise LabelFileError([Fault(line, "", told)])
    except CsvError as error:
        column = names[error.column] if error.column is not None and error.column < len(names) else ""
        faults.append(Fault(error.line, column, _("This is no CSV: %(error)s.") % {"error": error}))
    if faults:
        raise LabelFileError(faults)
    if not rows:
        raise LabelFileError(
            [Fault(1, "", _("There is no label in it. Name the columns, then write a line for each."))]
        )
    return rows


def _decode(content: bytes) -> str:
    at = content.find(b"\0")
    if at < 0:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            at = error.start
    told = _("This is no text in UTF-8. Save the file as “CSV UTF-8”.")
    raise LabelFileError([Fault(content[:at].count(b"\n") + 1, "", told)])


def _check_names(names: list[str], known: tuple[str, ...], marks: set[str], *, line: int) -> None:
    faults = [Fault(line, name, _("This column is missing. Add it.")) for name in NEEDED if name not in names]
    if not marks.intersection(names):
        told = _("No column has marks. Add at least one of %(columns)s.") % {"columns": ", ".join(sorted(marks))}
        faults.append(Fault(line, "", told))
    for name in dict.fromkeys(names):
        if name not in known:
            told = _("There is no such column. Take it out, or name one of %(columns)s.")
            faults.append(Fault(line, name, told % {"columns": ", ".join(known)}))
        elif names.count(name) > 1:
            faults.append(Fault(line, name, _("This column is there twice. Take one out.")))
    if faults:
        raise LabelFileError(faults)


def _find_episodes(merchant: Merchant, threads: set[str]) -> Episodes:
    found: dict[str, dict[int, int]] = {}
    conversations = Conversation.objects.for_merchant(merchant).filter(thread__in=threads)
    for thread, episode, pk in conversations.values_list("thread", "episode", "pk"):
        found.setdefault(thread, {})[episode] = pk
    return found


def _read_label(
    merchant: Merchant, cells: Mapping[str, str], columns: Mapping[str, str], episodes: Episodes, *, now: datetime
) -> Imported:
    """Raises _CellError."""
    for column, length in LENGTHS.items():
        if len(cells.get(column, "")) > length:
            raise _CellError(column, _("This is longer than %(n)s characters. Shorten it.") % {"n": length})
    if not cells["reviewer"]:
        raise _CellError("reviewer", _("Nobody is named. Say who labelled."))
    marks = {key: _read_mark(column, cells[column]) for column, key in columns.items() if cells.get(column)}
    return Imported(
        conversation_id=_find_conversation(cells, episodes),
        reviewer=cells["reviewer"],
        marks=marks,
        stratum=Stratum(_choose(cells, "stratum", Stratum.values, Stratum.TARGETED)),
        labelled_at=_read_moment(merchant, cells["labelled_at"]) if cells.get("labelled_at") else now,
        comment=cells.get("comment", ""),
        rubric_version=cells.get("rubric_version", ""),
        is_adjudication=_choose(cells, "kind", KINDS, LABEL) == ADJUDICATION,
    )


def _find_conversation(cells: Mapping[str, str], episodes: Episodes) -> int:
    found = episodes.get(cells["conversation_id"])
    if found is None:
        told = _("There is no such conversation. Write its id as the agent sent it.")
        raise _CellError("conversation_id", told)
    number = cells.get("episode", "")
    if not number and len(found) == 1:
        return next(iter(found.values()))
    if not number.isdecimal() or int(number) not in found:
        numbers = ", ".join(map(str, sorted(found)))
        raise _CellError(
            "episode", _("This conversation has no such episode; write %(numbers)s.") % {"numbers": numbers}
        )
    return found[int(number)]


def _choose(cells: Mapping[str, str], column: str, known: Iterable[str], default: str) -> str:
    value = cells.get(column) or default
    if value not in known:
        raise _CellError(column, _("This is unknown; write %(known)s.") % {"known": " / ".join(known)})
    return value


def _read_mark(column: str, cell: str) -> float:
    try:
        mark = float(cell.replace(",", "."))
    except ValueError:
        mark = -1.0
    if not 0 <= mark <= 1:
        told = _("“%(cell)s” is no number from 0 to 1. Write one, or nothing where it does not apply.")
        raise _CellError(column, told % {"cell": cell[:40]})
    return mark


def _read_moment(merchant: Merchant, cell: str) -> datetime:
    moment = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(cell)
    if moment is None or not EARLIEST <= moment.year < 9999:
        told = _("“%(cell)s” is no moment. Write it as 2026-11-23T14:05, or nothing for now.")
        raise _CellError("labelled_at", told % {"cell": cell[:40]})
    return moment if moment.tzinfo else moment.replace(tzinfo=merchant.zone)
