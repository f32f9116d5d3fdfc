# `make image`: a bootable flash image with development keys, made on the spot and kept in build/dev.
DEV := $(B)/dev
SIGNET := $(B)/signet
SERVICE := $(B)/service

.PHONY: image payload-image
image: $(B)/flash.img
	@echo 'build/flash.img: tools/run-bochs build/flash.img --cpus 2'
# The boot chain with a payload that reports what it was handed: runs where there is no VMX.
payload-image: $(B)/payload.img
	@echo 'build/payload.img: tools/run-qemu build/payload.img --keys build/dev/firmware'

$(DEV)/keys/manifest-1.bin: | $(SIGNET)
	@mkdir -p $(DEV)
	$(Q)$(SIGNET) keys init $(DEV)/keys --development

$(DEV)/firmware/db.cer: $(DEV)/keys/manifest-1.bin | $(SIGNET)
	$(Q)$(SIGNET) keys export $(DEV)/keys --out $(DEV)/firmware

$(DEV)/boot/BOOTX64.EFI: $(B)/stage.elf $(DEV)/keys/manifest-1.bin $(B)/grub.cfg $(B)/grub.modules | $(SIGNET)
	$(Q)$(SIGNET) boot build --keys $(DEV)/keys --out $(DEV)/boot --serial 0x3f8,115200 --allow-development

# Guests start without a ticket, which only a development image may allow.
$(DEV)/fleet.bin: $(DEV)/keys/manifest-1.bin mk/image.mk | $(SIGNET)
	$(Q)$(SIGNET) fleet make --out $@ --name development --ungated --service-arguments 'signet.development quiet'

COMPONENTS_release := hypervisor=$(B)/hv.bin service-kernel=$(SERVICE)/vmlinuz \
	service-initramfs=$(SERVICE)/initramfs fleet-config=$(DEV)/fleet.bin
COMPONENTS_payload := hypervisor=$(B)/payload.bin
$(DEV)/release-1.img: $(B)/hv.bin $(SERVICE)/vmlinuz $(SERVICE)/initramfs $(DEV)/fleet.bin
$(DEV)/payload-1.img: $(B)/payload.bin
$(DEV)/%-1.img: $(DEV)/keys/manifest-1.bin | $(SIGNET)
	$(Q)$(SIGNET) image build --keys $(DEV)/keys --release 0.1-development --svn 1 \
		$(addprefix --component ,$(COMPONENTS_$*)) --output $@.unsigned
	$(Q)$(SIGNET) image sign $@.unsigned --keys $(DEV)/keys --output $@
	@rm $@.unsigned

$(B)/flash.img: $(DEV)/release-1.img
$(B)/payload.img: $(DEV)/payload-1.img
$(B)/flash.img $(B)/payload.img: $(DEV)/boot/BOOTX64.EFI $(DEV)/firmware/db.cer
	$(Q)$(SIGNET) flash make $@ --boot $(DEV)/boot --slot-a $(filter %-1.img,$^) --slot-b $(filter %-1.img,$^)
