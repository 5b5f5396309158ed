"""Python's output and log records, handed to Rust line by line.

Each thread's unfinished line is kept apart under the thread's number: lines of several threads do not mix, and no lock
is needed, which a finaliser that prints could meet twice.
"""

import codecs
import io
import logging
import sys
import threading

# A line that never ends is handed over in pieces of this many characters.
LONGEST = 1 << 16


class Lines(io.TextIOBase):
    """A text stream that calls `emit` with each line."""

    encoding = "utf-8"
    errors = "backslashreplace"
    newlines = None
    line_buffering = True

    def __init__(self, emit, original):
        self._emit = emit
        self._original = original
        self._unfinished = {}
        self.buffer = Bytes(self)

    @property
    def name(self):
        return getattr(self._original, "name", None)

    @property
    def mode(self):
        return "w"

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        me = threading.get_ident()
        lines = (self._unfinished.pop(me, "") + text).split("\n")
        unfinished = lines.pop()
        if len(unfinished) > LONGEST:
            lines.append(unfinished)
            unfinished = ""
        if unfinished:
            self._unfinished[me] = unfinished
        for line in lines:
            self._hand_over(line)
        return len(text)

    def flush(self):
        """Does nothing: an event is a whole line. `drain` hands over what is unfinished."""

    def drain(self):
        for thread in list(self._unfinished):
            line = self._unfinished.pop(thread, None)
            if line:
                self._hand_over(line)

    def _hand_over(self, line):
        # What a terminal would show of a progress bar: the text after the last return to the line's begin.
        self._emit(line.rstrip("\r").rpartition("\r")[2])

    def close(self):
        if not self.closed:
            self.drain()
        super().close()

    def fileno(self):
        if self._original is None:
            raise io.UnsupportedOperation("fileno")
        return self._original.fileno()

    def isatty(self):
        return False

    def writable(self):
        return True

    def reconfigure(self, **_ignored):
        """For callers that set an encoding or a buffering, which events have not."""


class Bytes(io.BufferedIOBase):
    """The bytes under `Lines`, for those who write to `sys.stdout.buffer`."""

    def __init__(self, lines):
        self._lines = lines
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, data):
        data = bytes(data)
        self._lines.write(self._decoder.decode(data))
        return len(data)

    def fileno(self):
        return self._lines.fileno()

    def writable(self):
        return True


class Records(logging.Handler):
    """A handler without a lock: what it calls is safe in any thread."""

    def __init__(self, emit):
        super().__init__()
        self._emit = emit
        self._plain = logging.Formatter()

    def createLock(self):
        self.lock = None

    def handle(self, record):
        accepted = self.filter(record)
        if isinstance(accepted, logging.LogRecord):
            record = accepted
        if accepted:
            self.emit(record)
        return accepted

    def emit(self, record):
        try:
            exception = record.exc_text
            if not exception and record.exc_info:
                exception = self._plain.formatException(record.exc_info)
            if record.stack_info:
                exception = "\n".join(filter(None, (exception, record.stack_info)))
            self._emit(
                record.levelno, record.name, record.getMessage(), record.pathname, record.lineno, exception or None
            )
        except Exception:
            self.handleError(record)


class Router:
    """What is replaced, and what was there before."""

    def __init__(self, on_stdout, on_stderr, on_record):
        self._emitters = {"stdout": on_stdout, "stderr": on_stderr}
        self._records = Records(on_record)
        self._replaced = {}

    def route(self):
        for name, emit in self._emitters.items():
            original = getattr(sys, name)
            if isinstance(original, Lines):
                continue
            if original is not None and not original.closed:
                original.flush()
            lines = Lines(emit, original)
            self._replaced[name] = (original, lines)
            setattr(sys, name, lines)
        root = logging.getLogger()
        if self._records not in root.handlers:
            root.addHandler(self._records)

    def restore(self):
        for name, (original, lines) in list(self._replaced.items()):
            lines.drain()
            # Somebody else's replacement stays.
            if getattr(sys, name) is lines:
                setattr(sys, name, original)
            del self._replaced[name]
        logging.getLogger().removeHandler(self._records)
