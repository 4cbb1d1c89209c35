"""The few words of PowerShell that a page of examples/routers has.

Debian has no PowerShell.  This reads a script of assignments, of calls of curl,
and of its exit, carries it out with the machine's own curl, and refuses every
line of which it does not know what PowerShell would do.
"""

import re
import shlex

ASSIGNED = re.compile(r"\$(\w+) = (.+)")
QUOTED = re.compile(r"'([^'$]*)'|\"([^\"]*)\"")
LAST_WORD = re.compile(r'"\$\((curl\.exe [^()"]*)\)"\.Split\(\' \'\)\[-1\]')

# What the help of Microsoft says of those that a page may call.
PARAMETERS = {
    "New-ScheduledTaskAction": {"-Execute", "-Argument", "-WorkingDirectory", "-Id"},
    "New-ScheduledTaskTrigger": {"-Once", "-At", "-RepetitionInterval",
                                 "-RepetitionDuration", "-RandomDelay"},
    "New-TimeSpan": {"-Days", "-Hours", "-Minutes", "-Seconds"},
    "Get-Date": set(),
    "Register-ScheduledTask": {"-TaskName", "-User", "-Action", "-Trigger",
                               "-Settings", "-Description", "-RunLevel"},
    "Start-ScheduledTask": set(),
    "Get-ScheduledTaskInfo": set(),
}


class Script:
    """Runs text on a machine; files are those that the script names, by their
    Windows names, and where they really are."""

    def __init__(self, machine, files):
        self.machine = machine
        self.files = files
        self.values = {}
        self.status = None              # of the last call: $LASTEXITCODE

    def expand(self, text):
        return re.sub(r"\$(\w+)", lambda m: self.values[m[1]], text)

    def curl(self, line):
        """The words of a call, quoted ones whole; and what it printed."""
        words = [self.expand(word) for word in shlex.split(line.replace("\\", "\\\\"))]
        done = self.machine.run(["curl", *(self.files.get(w, w) for w in words[1:])])
        self.status = done.returncode
        return done.stdout

    def value(self, text):
        if call := LAST_WORD.fullmatch(text):
            # Lines are joined by blanks; of no line there is one word, "".
            return " ".join(self.curl(call[1]).splitlines()).split(" ")[-1]
        literal, expandable = QUOTED.fullmatch(text).groups()
        return literal if literal is not None else self.expand(expandable)

    def run(self, text):
        """The exit status of the whole."""
        for line in text.splitlines():
            if line == "exit $LASTEXITCODE":
                return self.status
            if assigned := ASSIGNED.fullmatch(line):
                self.values[assigned[1]] = self.value(assigned[2])
            elif line.startswith("curl.exe "):
                self.curl(line)
            else:
                raise ValueError(f"no PowerShell that is known here: {line}")
        raise ValueError("the script has no exit, so that the task is always a success")


def unknown(text):
    """The commands and parameters of a page that are in no help."""
    without = re.sub(r"'[^']*'", "''", text)
    found = []
    for call in re.finditer(r"\b([A-Z]\w+-[A-Z]\w+)((?: +(?!\|)[^()\n]+)?)", without):
        known = PARAMETERS.get(call[1])
        found += [call[1]] if known is None else [
            f"{call[1]} {p}" for p in re.findall(r"(?<= )-[A-Z]\w+", call[2])
            if p not in known and not re.search(rf"\({call[1]}", p)]
    return found
