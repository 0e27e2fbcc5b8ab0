"""Prompts are versioned files. What a customer wrote goes in as delimited text, never as an instruction.

A file has a `[system]` part without placeholders and a `[user]` part with `{name}` placeholders. Each placeholder
becomes a `<name>…</name>` block whose text has `&`, `<` and `>` escaped, so that no text can close its own block.
"""

import hashlib
import html
import re
from dataclasses import dataclass
from functools import cache

from django.conf import settings

PARTS = re.compile(r"\A\[system\]\n(?P<system>.+?)\n\[user\]\n(?P<user>.+)\Z", re.DOTALL)
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
# Tabs and line breaks stay; the other control characters have no meaning in a conversation and hide text from readers,
# as do the signs that only machines see (Unicode's tags and most variation selectors).
CONTROL_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    r"\U000e0000-\U000e01ef]"
)


class PromptError(ValueError):
    """The prompt file or the variables given to it are wrong: a fault of ours, never of the model."""


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    system: str
    user: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.system}\0{self.user}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Prompt:
    name: str
    version: int
    system: str
    user: str

    @property
    def label(self) -> str:
        """Name, version and the first bytes of the text's hash: an edited file is never taken for the old one."""
        return f"{self.name}.v{self.version}-{RenderedPrompt(self.system, self.user).sha256[:8]}"

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(PLACEHOLDER.findall(self.user))

    def render(self, variables: dict[str, str]) -> RenderedPrompt:
        """Raises PromptError unless `variables` are exactly the placeholders of the user part."""
        if missing := self.variables - variables.keys():
            raise PromptError(f"Prompt {self.label} needs {', '.join(sorted(missing))}.")
        if extra := variables.keys() - self.variables:
            raise PromptError(f"Prompt {self.label} has no place for {', '.join(sorted(extra))}.")
        return RenderedPrompt(
            system=self.system, user=PLACEHOLDER.sub(lambda match: delimit(match[1], variables[match[1]]), self.user)
        )


def delimit(name: str, text: str) -> str:
    return f"<{name}>\n{html.escape(CONTROL_CHARACTERS.sub('', text), quote=False)}\n</{name}>"


@cache
def load_prompt(name: str, version: int = 1) -> Prompt:
    path = settings.BASE_DIR / "templates" / "prompts" / f"{name}.v{version}.txt"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PromptError(f"There is no prompt {name} in version {version}.") from error
    parts = PARTS.match(text)
    if parts is None:
        raise PromptError(f"{path.name} must have a [system] part and a [user] part.")
    if PLACEHOLDER.search(parts["system"]):
        raise PromptError(f"{path.name} has a placeholder in its [system] part; texts belong in the [user] part.")
    return Prompt(name, version, parts["system"].strip(), parts["user"].strip())
