"""The hypervisor where there is no VMX: it says so, and what it shows until then can be seen on an emulated screen."""
from functools import partial
from pathlib import Path

from screen import Screen
from tap import expect

# Of this frame buffer, dots are doubled (hv/boot/screen.c).
CELL = (12, 20)
SHOWN = "release   signet status, SVN 3"
NOT_SHOWN = "release   signet states, SVN 3"


def status_screen(world):
    image = world.signed_image("status", svn=3, hypervisor=Path("build/hv.bin"))
    m = world.machine("status-screen", world.flash_image("status", image, image))
    picture, shown = m.folder / "screen.ppm", []

    def look(monitor):
        monitor.ask("screendump", filename=str(picture))
        shown.extend(Screen(picture).shows_line(text, CELL) for text in (SHOWN, NOT_SHOWN))

    log = m.boot(until=r"^signet: stop \d+:", at_end=look)
    expect(shown == [True, False], f"on the screen: '{SHOWN}' {shown[0]}, '{NOT_SHOWN}' {shown[1]}", log.tail())


def scenarios(world):
    cases = {"the hypervisor's status screen shows its release": status_screen}
    return [(name, partial(function, world)) for name, function in cases.items()]
