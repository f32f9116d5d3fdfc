/*
 * A Bochs device made in C.
 * Test bed only.
 */
#include "tools/bochs-plugins/bochs.h"

static void nothing(struct bochs_device *device)
{
	(void)device;
}

static void no_dump(struct bochs_device *device, int argc, char **argv)
{
	(void)device;
	(void)argc;
	(void)argv;
}

/* The device is static: there is nothing to give back. */
static struct bochs_vtable vtable = {
	.destroy = bochs_log_destroy,
	.destroy_and_delete = bochs_log_destroy,
	.register_state = nothing,
	.after_restore_state = nothing,
	.debug_dump = no_dump,
};

void bochs_device_register(struct bochs_device *device, void (*init)(struct bochs_device *),
        void (*reset)(struct bochs_device *, unsigned type), void *plugin, u16 type, const char *name)
{
	vtable.init = init;
	vtable.reset = reset;
	bochs_log_construct(device);
	/* The base class' constructor has left its own table there, as constructors do; ours derives from it. */
	device->vtable = &vtable.destroy;
	pluginRegisterDeviceDevmodel(plugin, type, device, name);
}
