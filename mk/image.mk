# `make image`: a bootable flash image with development keys, made on the spot and kept in build/dev.
DEV := $(B)/dev
SIGNET := $(B)/signet

.PHONY: image
image: $(B)/flash.img
	@echo 'build/flash.img: tools/run-qemu build/flash.img --keys build/dev/firmware'

$(DEV)/keys/manifest-1.bin: | $(SIGNET)
	@mkdir -p $(DEV)
	$(Q)$(SIGNET) keys init $(DEV)/keys --development

$(DEV)/firmware/db.cer: $(DEV)/keys/manifest-1.bin | $(SIGNET)
	$(Q)$(SIGNET) keys export $(DEV)/keys --out $(DEV)/firmware

$(DEV)/boot/BOOTX64.EFI: $(B)/stage.elf $(DEV)/keys/manifest-1.bin $(B)/grub.cfg $(B)/grub.modules | $(SIGNET)
	$(Q)$(SIGNET) boot build --keys $(DEV)/keys --out $(DEV)/boot --serial 0x3f8,115200 --allow-development

$(DEV)/release-1.img: $(B)/payload.bin $(DEV)/keys/manifest-1.bin | $(SIGNET)
	$(Q)$(SIGNET) image build --keys $(DEV)/keys --release 0.1-development --svn 1 \
		--component hypervisor=$(B)/payload.bin --output $@.unsigned
	$(Q)$(SIGNET) image sign $@.unsigned --keys $(DEV)/keys --output $@
	@rm $@.unsigned

$(B)/flash.img: $(DEV)/boot/BOOTX64.EFI $(DEV)/release-1.img $(DEV)/firmware/db.cer
	$(Q)$(SIGNET) flash make $@ --boot $(DEV)/boot --slot-a $(DEV)/release-1.img --slot-b $(DEV)/release-1.img

# The same with the hypervisor and its service VM in place of the payload.
.PHONY: node-image
node-image: $(B)/node.img
	@echo 'build/node.img: tools/run-bochs build/node.img --cpus 2'

SERVICE := $(B)/service
# Guests start without a ticket, which only a development image may allow.
$(DEV)/fleet.bin: $(DEV)/keys/manifest-1.bin | $(SIGNET)
	$(Q)$(SIGNET) fleet make --out $@ --name development --ungated --service-arguments 'signet.development quiet'

$(DEV)/node-1.img: $(B)/hv.bin $(SERVICE)/vmlinuz $(SERVICE)/initramfs $(DEV)/fleet.bin | $(SIGNET)
	$(Q)$(SIGNET) image build --keys $(DEV)/keys --release 0.1-development --svn 1 --component hypervisor=$(B)/hv.bin \
		--component service-kernel=$(SERVICE)/vmlinuz --component service-initramfs=$(SERVICE)/initramfs \
		--component fleet-config=$(DEV)/fleet.bin \
		--output $@.unsigned
	$(Q)$(SIGNET) image sign $@.unsigned --keys $(DEV)/keys --output $@
	@rm $@.unsigned

$(B)/node.img: $(DEV)/boot/BOOTX64.EFI $(DEV)/node-1.img $(DEV)/firmware/db.cer
	$(Q)$(SIGNET) flash make $@ --boot $(DEV)/boot --slot-a $(DEV)/node-1.img --slot-b $(DEV)/node-1.img

.PHONY: demo
demo: all
	@tools/demo
