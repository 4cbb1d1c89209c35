"""A mail server: aiosmtpd of Debian, which keeps what it takes."""

import asyncio
import email
import email.policy
import threading

from aiosmtpd.smtp import SMTP


class MailServer:
    """Listens at address:port of host; `mails` is what came, in order.

    refuse: in place of "250 OK", the answer to a recipient.
    """

    def __init__(self, host, address="127.0.0.1", port=25):
        self.mails = []                 # (sender, recipients, message)
        self.refuse = None
        self.loop = asyncio.new_event_loop()
        socket = host.listen(address, port)
        self.server = self.loop.run_until_complete(self.loop.create_server(
            lambda: SMTP(self, hostname="mail.example", loop=self.loop), sock=socket))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    # Called by aiosmtpd.

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 OK"

    def stop(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
