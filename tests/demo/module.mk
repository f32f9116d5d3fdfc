# The demo: scenes on the machines of check-uefi and check-vmx, told to a person.
DEMO_NEEDS := $(addprefix $(B)/,signet signetd stage.elf hv.bin service/vmlinuz service/initramfs tests/nvtool) \
	$(addprefix $(B)/bochs-plugins/,libbx_tpm.so libbx_fwcfg.so loopback.so exceptions.so)
.PHONY: demo check-demo
demo: $(DEMO_NEEDS)
	@V='$(V)' KEEP='$(KEEP)' tools/demo
check-demo: $(DEMO_NEEDS) $(addprefix $(B)/,signet-agent tests/node-rig)
	@ONLY='$(ONLY)' tests/tap demo 'python3 -B tests/demo/check.py'
