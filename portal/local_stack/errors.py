class StackError(Exception):
    """Why the stack cannot run, as one line that names the fix. Printed without a traceback."""
