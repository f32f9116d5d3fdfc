# What the service VM boots: Debian's kernel as it is, and our initramfs.
KERNELS := /usr/src/signet/kernels
SERVICE_PROGRAMS ?=

$(B)/service/vmlinuz: $(KERNELS)/generic/vmlinuz
	@mkdir -p $(@D)
	$(Q)cp $< $@

.SECONDEXPANSION:
$(B)/service/initramfs: agent/initramfs/make agent/initramfs/modules $(shell find agent/initramfs/root -type f) \
	/bin/busybox $(KERNELS)/generic/vmlinuz $$(SERVICE_PROGRAMS)
	@mkdir -p $(@D)
	$(call echo_step,INIT,$@)
	$(Q)agent/initramfs/make $(KERNELS)/generic $@ $(SERVICE_PROGRAMS)
ALL += $(B)/service/vmlinuz $(B)/service/initramfs

# What goes into a slot by default: most of it is the kernel.
IMAGE_SIZE_MAX := 33554432
.PHONY: check-image-size
check-size: check-image-size
check-image-size: $(B)/hv.bin $(B)/service/vmlinuz $(B)/service/initramfs
	@size=$$(cat $^ | wc -c); echo "image: $$size of $(IMAGE_SIZE_MAX) bytes"; \
	[ $$size -le $(IMAGE_SIZE_MAX) ] || { echo 'image: over its budget' >&2; exit 1; }
