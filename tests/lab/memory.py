"""What a process has in its memory, and how much of it."""


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
