/*
 * What we use of Bochs 3.0's interface for device plugins, as the Itanium C++ ABI lays it out, since Debian ships no
 * Bochs headers: exported C++ symbols by their mangled names, C symbols, and one class with virtual functions.
 * Test bed only. Valid for Bochs 3.0 built for x86-64 (Debian 13); another version may lay its classes out differently.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_BOCHS_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_BOCHS_H

#include "lib/types.h"

#include <assert.h>

/* Third argument of a plugin's entry function. Bochs looks for libNAME_plugin_entry in libbx_NAME.so. */
enum { PLUGIN_FINI = 0, PLUGIN_INIT = 1, PLUGIN_PROBE = 2, PLUGIN_FLAGS = 3 };

/* What an entry function answers to PROBE: loaded only when `plugin_ctrl: NAME=1` asks for it. */
enum { PLUGIN_TYPE_OPTIONAL = 4 };

/* Argument of reset. A software reset (port 64h, triple fault) never reaches devices. */
enum { BOCHS_RESET_HARDWARE = 11 };

struct bochs_device;

/* The virtual functions of class bx_devmodel_c, in order of declaration; the destructor takes two places. */
struct bochs_vtable {
	u64 offset_to_top;
	const void *type_info;
	void (*destroy)(struct bochs_device *device);
	void (*destroy_and_delete)(struct bochs_device *device);
	void (*init)(struct bochs_device *device);
	void (*reset)(struct bochs_device *device, unsigned type);
	void (*register_state)(struct bochs_device *device);
	void (*after_restore_state)(struct bochs_device *device);
	void (*debug_dump)(struct bochs_device *device, int argc, char **argv);
};

/* Class bx_devmodel_c: its base class logfunctions, and nothing of its own. */
struct bochs_device {
	const void *vtable; /* at a vtable's first function */
	char *name;
	char *prefix;
	int actions[4];
	void *output;
};
static_assert(sizeof(struct bochs_device) == 48, "as logfunctions' constructor fills it");

/* Nonzero: the access was served. An access never crosses a page, and is at most 64 bytes long. */
typedef bool bochs_memory_handler(u64 address, unsigned length, void *data, void *context);

typedef u32 bochs_port_read(void *context, u32 port, unsigned length);
typedef void bochs_port_write(void *context, u32 port, u32 value, unsigned length);

/* logfunctions::logfunctions() and its destructor: Bochs keeps a list of all log sources. */
void bochs_log_construct(struct bochs_device *device) __asm__("_ZN12logfunctionsC2Ev");
void bochs_log_destroy(struct bochs_device *device) __asm__("_ZN12logfunctionsD2Ev");

/*
 * BX_MEM_C::registerMemoryHandlers, static in Bochs' default build. begin and end are both served. direct may be NULL:
 * there is no memory behind the addresses that a processor could use without the handlers.
 */
bool bochs_register_memory(void *context, bochs_memory_handler *read, bochs_memory_handler *write, void *direct,
        u64 begin, u64 end) __asm__("_ZN8BX_MEM_C22registerMemoryHandlersEPvPFbmjS0_S0_ES2_PFPhmjS0_Emm");

/* BX_MEM_C::dmaReadPhysicalPage and its counterpart, static too. A transfer must not cross a page. */
void bochs_dma_read(u64 address, unsigned length, u8 *data) __asm__("_ZN8BX_MEM_C19dmaReadPhysicalPageEmjPh");
void bochs_dma_write(u64 address, unsigned length, u8 *data) __asm__("_ZN8BX_MEM_C20dmaWritePhysicalPageEmjPh");

/* The object bx_devices, and its bx_devices_c::outp: an access to a port as a processor's. */
extern char bx_devices[];
void bochs_out(void *devices, u16 port, u32 value, unsigned length) __asm__("_ZN12bx_devices_c4outpEtjj");

/* extern "C" in Bochs; the handlers' are variables. widths: which accesses are served, one bit each. */
enum { BOCHS_ANY_WIDTH = 7 };
extern int (*pluginRegisterIOReadHandler)(
        void *context, bochs_port_read *read, unsigned port, const char *name, u8 widths);
extern int (*pluginRegisterIOWriteHandler)(
        void *context, bochs_port_write *write, unsigned port, const char *name, u8 widths);
void pluginRegisterDeviceDevmodel(void *plugin, u16 type, struct bochs_device *device, const char *name);

/* Makes a plugin's one bx_devmodel_c in place and tells Bochs of it; device and name must stay. */
void bochs_device_register(struct bochs_device *device, void (*init)(struct bochs_device *),
        void (*reset)(struct bochs_device *, unsigned type), void *plugin, u16 type, const char *name);

#endif
