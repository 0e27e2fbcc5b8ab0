"""A real SMTP server on loopback that answers as each test wants."""

import socket
from contextlib import contextmanager
from email import message_from_bytes, policy

import environ
from aiosmtpd.controller import Controller
from django.test import override_settings


class Postbox:
    """`answers[recipient]` is what RCPT TO is answered with; `after_content` is the answer to DATA."""

    def __init__(self):
        self.messages = []
        self.answers = {}
        self.after_content = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.after_content.startswith("250"):
            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.after_content


@contextmanager
def mail_server():
    postbox = Postbox()
    controller = Controller(postbox, hostname="127.0.0.1", port=closed_port())
    controller.start()
    try:
        with mail_goes_to(controller.port):
            yield postbox
    finally:
        controller.stop()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def mail_goes_to(port: int):
    """The settings that EMAIL_URL=smtp://127.0.0.1:port leads to."""
    config = environ.Env.email_url_config(f"smtp://127.0.0.1:{port}")
    return override_settings(
        EMAIL_BACKEND=config["EMAIL_BACKEND"],
        EMAIL_HOST=config["EMAIL_HOST"],
        EMAIL_PORT=config["EMAIL_PORT"],
        EMAIL_HOST_USER="",
        EMAIL_HOST_PASSWORD="",
    )
