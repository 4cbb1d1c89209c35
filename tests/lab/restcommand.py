"""What Home Assistant does with a rest_command: its URL is a template of Jinja,
the request one of aiohttp, with the login as that writes it.

Run as a program on a host of the lab, `restcommand.py URL USER PASSWORD`, it
prints the answer as JSON, as response_variable gets it.
"""

import asyncio
import json
import sys

import aiohttp


async def call(url, user, password):
    auth = aiohttp.BasicAuth(user, password=password)
    timeout = aiohttp.ClientTimeout(total=10)       # its default
    async with aiohttp.ClientSession(trust_env=True) as session, \
            session.get(url, data=None, auth=auth, headers=None,
                        timeout=timeout) as response:
        return {"status": response.status, "content": await response.text()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(call(*sys.argv[1:]))))
