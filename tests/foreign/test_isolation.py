"""Whatever foreign code does in isolation, the process is restored afterwards."""

from __future__ import annotations

import contextlib
import locale
import os
import random
import resource
import signal
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from signbench.errors import InputError
from signbench.foreign.isolation import ForeignError, guarded, isolated, reset


@pytest.fixture(autouse=True)
def _forgotten():
    reset()
    yield
    reset()


class Odd(BaseException):
    """No ordinary error."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SystemExit(0), r"tried to end the program: sys.exit\(0\)"),
        (SystemExit(), r"sys.exit\(\)"),
        (SystemExit("bye"), r"sys.exit\('bye'\)"),
        (KeyboardInterrupt(), "it raised KeyboardInterrupt"),
        (GeneratorExit(), "it raised GeneratorExit"),
        (Odd("two\nlines"), "it raised Odd: two lines"),
    ],
)
def test_what_would_end_the_program_is_an_ordinary_error(error, said):
    with pytest.raises(ForeignError, match=said) as raised, isolated():
        raise error
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("error", [ValueError("x"), StopIteration("x"), InputError("x"), MemoryError("x")])
def test_ordinary_errors_stay_what_they_are(error):
    with pytest.raises(type(error), match="x"), isolated():
        raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SystemExit(0), "generator x cannot be created: it tried to end the program"),
        (ValueError("no\nsuch."), "generator x cannot be created: ValueError: no such."),
        (ValueError(), "generator x cannot be created: ValueError."),
        (ModuleNotFoundError("No module named 'y'"), "generator x cannot be created: No module named 'y'."),
        (InputError("no weights."), "no weights."),
    ],
)
def test_what_is_raised_while_something_is_made_is_bad_input(error, said):
    def make():
        raise error

    with pytest.raises(InputError, match=said):
        guarded(make, "generator x cannot be created")


def change_everything(folder):
    os.chdir(folder)
    os.environ["SIGNBENCH_CHANGED"] = "yes"
    os.environ.pop("HOME", None)
    os.umask(0o077)
    sys.path.insert(0, str(folder))
    sys.argv.append("more")
    sys.setrecursionlimit(5000)
    sys.excepthook = None
    warnings.simplefilter("error")
    locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")
    random.seed(1)
    np.random.mtrand.seed(1)
    np.seterr(all="raise")
    torch.manual_seed(1)
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.allow_tf32 = False
    cv2.setNumThreads(cv2.getNumThreads() + 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def everything():
    umask = os.umask(0)
    os.umask(umask)
    return {
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "umask": umask,
        "path": list(sys.path),
        "arguments": list(sys.argv),
        "recursion": sys.getrecursionlimit(),
        "hook": sys.excepthook,
        "warnings": list(warnings.filters),
        "locale": locale.setlocale(locale.LC_ALL),
        "random": random.getstate(),
        "numpy": str(np.random.mtrand.get_state()),
        "errors": np.geterr(),
        "torch": torch.get_rng_state().tolist(),
        "threads": (torch.get_num_threads(), cv2.getNumThreads()),
        "dtype": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "tf32": torch.backends.cudnn.allow_tf32,
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGALRM)],
        "blocked": signal.pthread_sigmask(signal.SIG_BLOCK, []),
        "limits": resource.getrlimit(resource.RLIMIT_NOFILE),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "timer": signal.getitimer(signal.ITIMER_REAL),
    }


@pytest.mark.parametrize("raising", [False, True])
@pytest.mark.parametrize("keep", [False, True])
def test_the_state_of_the_process_is_put_back(keep, raising, tmp_path):
    before = everything()
    try:
        with isolated(keep=keep, seconds=100):
            change_everything(tmp_path)
            changed = everything()
            if raising:
                raise ValueError
    except ValueError:
        pass
    after = everything()
    assert [name for name in before if before[name] != after[name]] == []
    assert [name for name in before if before[name] == changed[name]] == []


def test_what_is_set_up_once_is_there_at_each_later_call_and_nothing_else(tmp_path):
    here = str(Path.cwd())
    (tmp_path / "deeper").mkdir()
    with isolated(keep=True):
        os.chdir(tmp_path)
        os.environ["SIGNBENCH_OF_A_MODEL"] = "1"
    for _ in range(2):
        assert "SIGNBENCH_OF_A_MODEL" not in os.environ
        with isolated():
            assert str(Path.cwd()) == str(tmp_path)
            assert os.environ["SIGNBENCH_OF_A_MODEL"] == "1"
            os.chdir("deeper")
            os.environ["SIGNBENCH_OF_A_MODEL"] = "2"
        assert str(Path.cwd()) == here


def test_random_numbers_of_foreign_code_continue_and_ours_are_untouched():
    ours = random.getstate()
    drawn = []
    for _ in range(3):
        with isolated():
            drawn.append(random.random())
    assert len(set(drawn)) == 3
    assert random.getstate() == ours


def test_what_is_printed_goes_to_standard_error_also_from_children_and_compiled_code(capfd):
    print("before")
    with isolated():
        print("printed")
        sys.__stdout__.write("buffered")
        os.system("echo child")
        os.write(1, b"raw")
        import ctypes

        ctypes.CDLL(None).printf(b"compiled")
        os.close(1)
    print("after")
    said = capfd.readouterr()
    assert said.out == "before\nafter\n"
    for word in ("printed", "child", "raw", "compiled"):
        assert word in said.err


def without_end():
    while True:
        with contextlib.suppress(Exception):
            while True:
                pass


def interrupting_and_catching():
    with contextlib.suppress(BaseException):
        os.kill(os.getpid(), signal.SIGINT)


def behind(call, **options):
    with isolated(**options):
        call()


def test_what_finds_no_end_is_stopped_even_where_it_catches_errors():
    with pytest.raises(ForeignError, match=r"it did not finish within 0.2 seconds"):
        behind(without_end, seconds=0.2)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("call", [lambda: os.kill(os.getpid(), signal.SIGINT), interrupting_and_catching])
def test_ctrl_c_of_the_user_goes_through_and_is_not_lost_where_the_code_catches_it(call):
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            behind(call)
        behind(lambda: None)
    finally:
        signal.signal(signal.SIGINT, handler)
