"""An agent in a process of its own, for tests that fork or kill it. It prints the id of every event that it recorded.

agent.py URL KEY N [--spool FOLDER] [--forks N] [--forever]
"""

import argparse
import os
import sys
import time

from aftercare_client import Aftercare, Limits

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("key")
parser.add_argument("n", type=int)
parser.add_argument("--spool")
parser.add_argument("--forks", type=int, default=0)
parser.add_argument("--forever", action="store_true")
asked = parser.parse_args()

limits = Limits(linger_seconds=0.05, batch_events=50, shortest_pause_seconds=0.02, longest_pause_seconds=0.1)
aftercare = Aftercare(asked.url, asked.key, spool=asked.spool, limits=limits)


def say(n: int) -> None:
    chat = aftercare.conversation(f"c-{os.getpid()}", channel="widget")
    for number in range(n):
        os.write(1, f"{chat.received(f'Where is order {number}?')}\n".encode())  # whole lines, whoever writes


say(asked.n)
children = []
for _ in range(asked.forks):
    if not (child := os.fork()):
        say(asked.n)
        sys.exit()
    children.append(child)
while asked.forever:
    say(1)
    time.sleep(0.001)
for child in children:
    os.waitpid(child, 0)
