"""A service manager in small: opens sockets, starts a gateway with them, prints what it is told.

    service_manager.py NAMES PROGRAM ARGUMENT…

SIGUSR1 restarts the gateway as a service manager does: it is told to stop, waited for, started again.
Everything printed is a line; the gateway's own output goes to the file `gateway.log`.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import threading

# Processes whose parent has ended are its children from then on, as they are the service manager's.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

names, command = sys.argv[1].split(":"), sys.argv[2:]
sockets = []
for name in names:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    sockets.append(listening)
print(json.dumps([f"127.0.0.1:{listening.getsockname()[1]}" for listening in sockets]), flush=True)

notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind("notify.sock")
main = {"pid": 0}


def hear():
    while True:
        for line in notify.recv(4096).decode().splitlines():
            if line.startswith("MAINPID="):
                main["pid"] = int(line.removeprefix("MAINPID="))
            print("told", line, flush=True)


threading.Thread(target=hear, daemon=True).start()


def start():
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1, signal.SIGTERM})
        log = os.open("gateway.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        # Out of the way first: one of them may be where another is to go.
        away = [os.dup2(listening.fileno(), 100 + index) for index, listening in enumerate(sockets)]
        for index, descriptor in enumerate(away):
            os.dup2(descriptor, 3 + index, inheritable=True)
        environment = {
            "LISTEN_PID": str(os.getpid()),
            "LISTEN_FDS": str(len(sockets)),
            "LISTEN_FDNAMES": ":".join(names),
            "NOTIFY_SOCKET": os.path.abspath("notify.sock"),
            "WATCHDOG_USEC": "300000",
            "WATCHDOG_PID": str(os.getpid()),
        }
        os.execve(command[0], command, {**os.environ, **environment})
    main["pid"] = pid


def children_end():
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            return
        print("ended", pid, os.waitstatus_to_exitcode(status), flush=True)
        if pid == main["pid"]:
            # Others may be finishing what is under way.
            return


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
start()
while True:
    asked = signal.sigwait({signal.SIGUSR1, signal.SIGTERM})
    os.kill(main["pid"], signal.SIGTERM)
    children_end()
    if asked == signal.SIGTERM:
        break
    start()
