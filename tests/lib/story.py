"""
A story: steps on one set of machines and servers, each relying on those before it, each a scenario of its own. It is told once, by
whoever asks first; the first step that fails ends it, and all that come after it fail with it.
"""
import subprocess
import threading
from functools import partial

from tap import Failed


class Story:
    """STEPS: (name, method). prepare() makes what it is told with; close() ends it, however far the making came."""
    STEPS = ()

    def __init__(self):
        self.lock, self.told, self.reached, self.results = threading.Lock(), False, "what it is made of", {}

    def tell(self):
        """Runs all steps; what each came to stands in results, None for well."""
        try:
            self.prepare()
            for name, step in self.STEPS:
                self.reached = name
                step(self)
                self.results[name] = None
        except (Failed, KeyError, subprocess.TimeoutExpired) as e:
            self.results[self.reached] = e if isinstance(e, Failed) else Failed(repr(e))
        finally:
            self.close()

    def seen(self, name):
        with self.lock:
            if not self.told:
                self.told = True
                self.tell()
        if name not in self.results:
            failure = self.results.get(self.reached)
            if self.reached in dict(self.STEPS):
                raise Failed(f"not reached: before it failed '{self.reached}'")
            # No scenario of its own tells of this one.
            raise Failed(f"not reached: before it failed '{self.reached}'", f"{failure}\n{failure.detail}" if failure else "")
        if self.results[name]:
            raise self.results[name]

    def scenarios(self):
        return [(name, partial(self.seen, name)) for name, _ in self.STEPS]
