"""Asks for a run of reconciler, and ends as it does. `python -I -S client.py SOCKET ARGUMENTS`."""

import json
import os
import signal
import socket
import sys

if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(sys.argv[1])
        socket.send_fds(asked, [b"c"], [0, 1, 2])
        with asked.makefile("rw") as file:
            file.write(json.dumps([sys.argv[2:], dict(os.environ), os.getcwd(), False]) + "\n")
            file.flush()
            for number in (0, 1, 2):
                os.close(number)
            code = int(file.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
