"""What a killed stack left behind. On Linux the kernel ends its children, elsewhere this does; both are waited for."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from signal import Signals

import psutil

SECONDS_TO_STOP = 15
SAME_START_SECONDS = 2  # a start time is computed from the boot time, which may be adjusted


def record_children(record: Path, children: Iterable[tuple[int, Signals]]) -> None:
    """Process ids are reused, so each is kept with its start time."""
    entries = []
    for pid, stop in children:
        with suppress(psutil.NoSuchProcess):
            entries.append({"pid": pid, "started": psutil.Process(pid).create_time(), "stop": int(stop)})
    record.write_text(json.dumps(entries))


def end_leftovers(record: Path) -> None:
    """Called under the stack's lock: whatever still runs from the record belongs to no living stack."""
    try:
        entries = json.loads(record.read_text())
    except (FileNotFoundError, json.JSONDecodeError):  # none yet, or killed while it was written
        return
    processes = []
    for entry in entries:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(entry["pid"])
            if abs(process.create_time() - entry["started"]) < SAME_START_SECONDS:
                processes += [process, *process.children(recursive=True)]
                process.send_signal(entry["stop"])
    _, alive = psutil.wait_procs(processes, SECONDS_TO_STOP)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, SECONDS_TO_STOP)
    record.unlink()
