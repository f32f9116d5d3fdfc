"""What the fleet server is before it knows any node: init, TLS, operators, audit log, limits, renewal, life and end."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))

import hostile
import lasting
import platform_basics
from tap import main

if __name__ == "__main__":
    main([*platform_basics.SCENARIOS, *hostile.SCENARIOS, *lasting.SCENARIOS])
