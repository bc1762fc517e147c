"""The page of errors as the README has it, made of `CODES`.

Belongs here: the table's text. Does not: the codes. To mend the README: `python -m precog_assets.domain.errors_page`.
"""

from __future__ import annotations

import sys

from precog_assets.domain.errors import CODES, ErrorClass

BEGIN, END = "<!-- errors: made of domain/errors.py -->", "<!-- /errors -->"
FINE = frozenset({ErrorClass.OK, ErrorClass.NOT_MODIFIED})


def errors_page() -> str:
    """A Markdown table of every code with its class, meaning and action, between two marks that tools find."""
    rows = [f"| `{one.code}` | {one.error_class} | {one.meaning} | {one.action} |" for one in CODES.values()]
    return "\n".join([BEGIN, "| code | class | what it means | what to do |", "| --- | --- | --- | --- |", *rows, END])


if __name__ == "__main__":
    sys.stdout.write(errors_page() + "\n")
