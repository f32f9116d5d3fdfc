# The programs as their users meet them: exit codes, messages, files; peers judge what `signet` makes, scripted ones what
# the service VM's programs say.
.PHONY: check-cli
check-cli: $(B)/signet $(B)/signet.1 $(B)/payload.bin $(B)/signetctl $(B)/signet-blkd $(B)/signet-portd \
		$(B)/service/vmlinuz $(B)/service/initramfs $(INSTALLED_FROM)
	@tests/tap cli tests/cli/frame.sh tests/cli/keys.sh tests/cli/install.sh "python3 -B tests/cli/api.py" "python3 -B tests/cli/papers.py" "python3 -B tests/cli/fleet_nodes.py" "python3 -B tests/cli/fleet_guests.py" "python3 -B tests/cli/fleet_releases.py" "python3 -B tests/cli/guests.py" "python3 -B tests/cli/service_vm.py"
