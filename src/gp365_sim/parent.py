"""Tells whether the process that started the simulators still lives, on Windows too."""

import os
import sys
from collections.abc import Callable

_SYNCHRONIZE, _STILL_RUNNING = 0x00100000, 0x00000102


def watched(pid: int) -> Callable[[], bool]:
    """Return a function that says whether process `pid` lives.

    Where it is our own parent, its end shows in our getppid even while it is an unreaped zombie. On Windows a handle
    taken at the start keeps the number from being given to another process.
    """
    if sys.platform == "win32":
        return _watched_on_windows(pid)
    own = os.getppid() == pid
    return lambda: os.getppid() == pid if own else _exists(pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _watched_on_windows(pid: int) -> Callable[[], bool]:
    if sys.platform != "win32":
        raise OSError("for Windows only")
    import ctypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, pid)
    return lambda: bool(handle) and kernel.WaitForSingleObject(handle, 0) == _STILL_RUNNING
