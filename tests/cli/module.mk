# The program as its users meet it: exit codes, messages, files; peers judge what it makes.
.PHONY: check-cli
check-cli: $(B)/signet $(B)/signet.1
	@tests/tap cli tests/cli/frame.sh tests/cli/keys.sh tests/cli/fleet.sh
