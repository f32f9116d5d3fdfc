/*
 * Names of the format's numbers.
 * Trust: in the TCB; pure.
 */
#include "image/format.h"

static const char *const component_names[COMPONENT_KIND_END] = {
	[COMPONENT_HYPERVISOR] = "hypervisor",
	[COMPONENT_SERVICE_KERNEL] = "service-kernel",
	[COMPONENT_SERVICE_INITRAMFS] = "service-initramfs",
	[COMPONENT_FLEET_CONFIG] = "fleet-config",
	[COMPONENT_MICROCODE] = "microcode",
	[COMPONENT_STAGE] = "stage",
};

const char *component_name(u32 kind)
{
	return kind < COMPONENT_KIND_END ? component_names[kind] : NULL;
}

u64 component_alignment(u32 kind)
{
	return kind == COMPONENT_HYPERVISOR ? MIB(2) : IMAGE_ALIGN;
}
