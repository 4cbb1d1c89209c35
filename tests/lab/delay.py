"""A delay line: frames of one TAP device leave the other a fixed time later.

Run as `python3 -m lab.delay NEAR FAR MILLISECONDS`; it prints "ready" when both
devices exist, and they vanish with it.  (Not every kernel has netem.)
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
PR_SET_TIMERSLACK = 29
FRAME = 65536


def tap(name):
    """A TAP device in the namespace of this process."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, TUNSETIFF,
                struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def punctual():
    """Wake up when told, not when it suits: best effort."""
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))
    except OSError:
        pass


def carry(near, far, delay):
    other = {near: far, far: near}
    queue = collections.deque()         # (when it leaves, device, frame), in order
    while True:
        wait = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        ready, _, _ = select.select([near, far], [], [], wait)
        for device in ready:
            try:
                frame = os.read(device, FRAME)
            except OSError:             # the device is down, or already empty
                continue
            queue.append((time.monotonic() + delay, other[device], frame))
        while queue and queue[0][0] <= time.monotonic():
            _, device, frame = queue.popleft()
            try:
                os.write(device, frame)
            except OSError:             # nobody has set it up: lost, as on a wire
                pass


def main():
    near, far, milliseconds = sys.argv[1:]
    devices = tap(near), tap(far)
    punctual()
    print("ready", flush=True)
    carry(*devices, float(milliseconds) / 1000)


if __name__ == "__main__":
    main()
