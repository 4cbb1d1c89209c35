"""What a process has in its memory, how much of it, and what must not be there."""

import base64


def kilobytes(pid, field, file="smaps_rollup"):
    with open(f"/proc/{pid}/{file}", encoding="ascii") as f:
        for line in f:
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    raise LookupError(field)


def written(pid):
    """What a process has written to, in its own memory."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            span, rights, *_ = line.split()
            begin, end = (int(x, 16) for x in span.split("-"))
            if rights.startswith("rw"):
                try:
                    mem.seek(begin)
                    yield mem.read(end - begin)
                except OSError:
                    continue


def forms(user, token):
    """The token as it is, as the router sends it, and parts that give it away."""
    pair = f"{user}:{token}".encode()
    return [token.encode(), token[8:24].encode(), base64.b64encode(pair),
            base64.b64encode(pair)[16:40]]
