"""The web server's side of FastCGI, byte by byte, for what nginx never sends."""

import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
RESPONDER = 1


def record(kind, content=b"", request=1):
    return struct.pack(">BBHHBx", 1, kind, request, len(content), 0) + content


def stream(kind, content):
    """content in as many records as it takes, and the empty one at the end."""
    parts = [content[i:i + 65535] for i in range(0, len(content), 65535)]
    return b"".join(record(kind, part) for part in [*parts, b""])


def length(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)


def pairs(parameters):
    """parameters: a dict, or rows where a name comes twice."""
    rows = parameters.items() if isinstance(parameters, dict) else parameters
    return b"".join(
        length(len(name)) + length(len(value)) + name + value
        for name, value in ((n.encode(), v.encode()) for n, v in rows))


def begin(keep=False):
    return record(BEGIN, struct.pack(">HB5x", RESPONDER, keep))


def request(parameters, keep=False):
    return begin(keep) + stream(PARAMS, pairs(parameters)) + stream(STDIN, b"")


def connect(path, timeout=15.0):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(timeout)
    client.connect(path)
    return client


def receive(client):
    """All bytes until the other side closes, or resets."""
    answer = b""
    try:
        while part := client.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def output(answer):
    """What the records of an answer carry as STDOUT; b"" when none came."""
    out = b""
    while len(answer) >= 8:
        _, kind, _, size, padding = struct.unpack(">BBHHBx", answer[:8])
        if kind == STDOUT:
            out += answer[8:8 + size]
        answer = answer[8 + size + padding:]
    return out


def call(path, parameters, timeout=15.0):
    """One whole request; its answer as (status, headers and body)."""
    with connect(path, timeout) as client:
        client.sendall(request(parameters))
        text = output(receive(client)).decode()
    if not text:
        return 0, ""
    first, _, _ = text.partition("\r\n")
    return (int(first.split()[1]) if first.startswith("Status:") else 200), text
