"""What a process has in its memory, how much of it, and what must not be there."""

import base64
import contextlib


PAGE = 4096
MEGABYTE = 1 << 20
SWAPPED = 0x40                      # or present, in the highest byte of pagemap(5)


def kilobytes(pid, field, file="smaps_rollup"):
    with open(f"/proc/{pid}/{file}", encoding="ascii") as f:
        for line in f:
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    raise LookupError(field)


def touched(pages, mem, begin, end):
    """What of a mapping is there at all, a megabyte at a time; of some it is little."""
    part = b""
    for at in range(begin, end, MEGABYTE):
        size = min(MEGABYTE, end - at)
        pages.seek(at // PAGE * 8)
        there = pages.read(size // PAGE * 8)[7::8]
        if there and max(there) >= SWAPPED:
            mem.seek(at)
            part += mem.read(size)
        elif part:
            yield part
            part = b""
    yield part


def written_by(pids):
    """What several processes have written to; what they share, once: (pid, bytes)."""
    seen = set()
    for pid in pids:
        with contextlib.suppress(OSError), \
                open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
                open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pages, \
                open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
            for line in maps:
                span, rights, _, device, inode, *_ = line.split()
                begin, end = (int(x, 16) for x in span.split("-"))
                shared = (device, inode) if rights.endswith("s") else None
                if not rights.startswith("rw") or shared in seen:
                    continue
                if shared:
                    seen.add(shared)
                for part in touched(pages, mem, begin, end):
                    yield pid, part


def written(pid):
    """What a process has written to, in its own memory."""
    return (part for _, part in written_by([pid]))


def traces(token):
    """Parts that give the token away, as it is and in base64 behind any user."""
    coded = [base64.b64encode(b"x" * shift + token.encode()) for shift in range(3)]
    return [token[8:24].encode(), *(text[8:-8] for text in coded)]


def forms(user, token):
    """The token as it is, as the router sends it, and parts that give it away."""
    pair = f"{user}:{token}".encode()
    return [token.encode(), token[8:24].encode(), base64.b64encode(pair),
            base64.b64encode(pair)[16:40]]
