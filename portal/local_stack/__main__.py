"""python -m portal.local_stack run [--port 8000] | exec -- command …"""

import argparse
import os
import signal
import sys

from portal.local_stack.addresses import export_addresses
from portal.local_stack.children import die_with_parent
from portal.local_stack.errors import StackError
from portal.local_stack.run import run, run_command


def main() -> int:
    arguments = parse_arguments()
    if "MAKELEVEL" in os.environ:  # a killed make takes the stack with it
        die_with_parent(signal.SIGTERM, parent=os.getppid())
    try:
        export_addresses()
        if arguments.action == "run":
            run(arguments.host, arguments.port, demo=not arguments.no_demo)
        else:
            run_command(arguments.command)
    except KeyboardInterrupt:
        print("\nStopped.")
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def port_number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port number")
    return int(text)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m portal.local_stack", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    whole = actions.add_parser("run", help="everything, until Ctrl-C")
    whole.add_argument("--host", default="127.0.0.1")
    whole.add_argument("--port", type=port_number, default=8000)
    whole.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
    single = actions.add_parser("exec", help="one command with the servers up")
    single.add_argument("command", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
