# Device models: what a guest can touch, and nothing of the machine's.
HV_PURE_SRCS += $(addprefix hv/dev/,bus.c guest_memory.c rtc.c power.c uart.c lapic.c lapic_timer.c ioapic.c \
	virtqueue.c virtio.c virtio_rng.c virtio_console.c net_switch.c virtio_net.c virtio_blk.c)
