/*
 * A Bochs device made in C.
 * Test bed only.
 */
#include "tools/bochs-plugins/bochs.h"

void bochs_device_register(
        struct bochs_device *device, const struct bochs_vtable *vtable, void *plugin, u16 type, const char *name)
{
	bochs_log_construct(device);
	/* The base class' constructor has left its own table there, as constructors do; ours derives from it. */
	device->vtable = &vtable->destroy;
	pluginRegisterDeviceDevmodel(plugin, type, device, name);
}

void bochs_nothing(struct bochs_device *device)
{
	(void)device;
}

void bochs_no_dump(struct bochs_device *device, int argc, char **argv)
{
	(void)device;
	(void)argc;
	(void)argv;
}
