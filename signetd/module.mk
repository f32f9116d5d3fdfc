# The fleet server.
-include signetd/domain.mk
