# Lies in a sandbox as sitecustomize.py: the interpreter imports it once it is up, and before it opens its main file. There
# it waits for the hand-over. What runs afterwards is the interpreter itself, as if it had been started just now: nothing
# of this is on its stack or among its modules. In other interpreters that the program starts it does nothing.
import os

if os.environ.pop("SALLYPORT_STUB", None):
    import sys, posix, time, _thread, _weakref

    def wait():
        posix.environ.pop(b"SALLYPORT_STUB", None)
        os.write(4, b".")
        os.close(4)
        parts = []
        while part := os.read(3, 65536):
            parts.append(part)
        os.close(3)
        data = b"".join(parts)
        if not data:  # the runner has gone
            os._exit(1)
        at = 0

        def number():
            nonlocal at
            at += 4
            return int.from_bytes(data[at - 4:at], "little")

        def text():
            nonlocal at
            n = number()
            at += n
            return data[at - n:at]

        argv = [os.fsdecode(text()) for _ in range(number())]
        for _ in range(number()):
            name, value = text(), text()
            os.environb[name] = posix.environ[name] = value
            if name == b"TZ":
                time.tzset()
        sys.argv += argv
        sys.orig_argv += argv
        sys.path.insert(0, "/code")

    # How it ends. To take an interpreter apart takes as long as to run a small program; so one that came to the end of its
    # main file, and holds nothing whose end could be seen, is ended at once. Wherever there is a doubt, nothing is done
    # here, and the interpreter ends as it always does.

    # Modules that leave nothing to be done at the end. A program that loaded any other is left alone.
    PLAIN = frozenset(
        "argparse array ast base64 binascii bisect blake2 calendar cmath codecs collections contextlib copy copyreg csv"
        " dataclasses datetime decimal difflib dis encodings enum errno fnmatch fractions functools gettext hashlib heapq"
        " hmac html importlib inspect io ipaddress itertools json keyword linecache locale math md5 ntpath numbers opcode"
        " operator pathlib platform pprint random re reprlib sha1 sha2 sha256 sha3 sha512 shlex sre statistics string struct"
        " textwrap token tokenize traceback types typing unicodedata urllib uuid warnings weakref weakrefset zlib".split())
    # Names by which a program's objects get a say in their end, or hold what is still to be written.
    TELLING = frozenset(
        "__del__ finalize weakref _weakref ref proxy exec eval compile simplefilter open fdopen detach FileIO BufferedWriter"
        " BufferedRandom BufferedRWPair TextIOWrapper".split())
    METHODS = frozenset("__del__ close flush".split())
    GENERATOR = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR

    main = sys.modules["__main__"].__dict__
    known = dict(sys.modules)
    streams = sys.stdout, sys.stderr
    began_with = finished = None

    def tells(code):
        if code.co_flags & GENERATOR and code.co_name != "<genexpr>" or code.co_name in METHODS:
            return True
        if not TELLING.isdisjoint(code.co_names):
            return True
        return any(tells(c) if type(c) is type(code) else c == "__del__" for c in code.co_consts)

    def began(frame, event, _):
        global began_with
        if frame.f_back is None and frame.f_globals is main:
            sys.setprofile(None)
            began_with = False if tells(frame.f_code) else _weakref.ref(frame.f_code, returned)

    def returned(_):
        # The main code has gone, while the name of its file is there, which the interpreter takes away once the code has
        # returned: after sys.exit() it stays, and after an error the traceback holds the code.
        global finished
        finished = "__file__" in main

    def silent():
        if not finished or "__file__" in main or "__cached__" in main or _thread._count():
            return False
        if (sys.stdout, sys.stderr) != streams or None in streams:
            return False
        for name, module in list(sys.modules.items()):
            if known.get(name) is module:
                continue
            if name.partition(".")[0].lstrip("_") not in PLAIN or "/code/" in (getattr(module, "__file__", None) or ""):
                return False
        return len(set(os.listdir("/proc/self/fd")) - {"0", "1", "2"}) == 1  # that of listing

    def end():
        if began_with is None:
            sys.setprofile(None)
        try:
            if not silent():
                return
            for stream in streams:
                stream.flush()
        except BaseException:
            return
        os._exit(0)

    wait()
    import atexit

    atexit.register(end)  # the first to be registered is the last to be called
    del sys.modules["atexit"]
    sys.setprofile(began)

raise ImportError(name="sitecustomize")
