# Making, signing and showing images, and the flash disk: what needs an operating system. PCR12's events are the stage's too.
PURE_SRCS += image/events.c
