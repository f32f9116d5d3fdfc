# Device models: what a guest can touch, and nothing of the machine's.
HV_PURE_SRCS += $(addprefix hv/dev/,bus.c clock.c pic.c pit.c pit_counter.c rtc.c rtc_date.c acpi_pm.c uart.c \
	lapic.c lapic_ipi.c lapic_timer.c lapic_access.c ioapic.c isa_irq.c \
	virtqueue.c virtio.c virtio_rng.c virtio_console.c net_switch.c virtio_net.c virtio_blk.c)
