#!/usr/bin/env python
"""Django's command line; the local stack's addresses are picked up from its run directory."""

import os
import sys

from portal.local_stack.addresses import export_addresses


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    export_addresses()
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        if "DATABASE_URL" in os.environ:
            raise
        sys.exit(f"No database: start the stack with `make run`, or set DATABASE_URL. ({str(error).splitlines()[0]})")


if __name__ == "__main__":
    main()
