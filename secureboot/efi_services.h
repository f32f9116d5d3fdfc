/*
 * The firmware's tables as the UEFI files of the stage share them, and small wrappers around its services.
 * Trust: calls firmware.
 */
#ifndef SIGNET_SECUREBOOT_EFI_SERVICES_H
#define SIGNET_SECUREBOOT_EFI_SERVICES_H

#include "lib/err.h"
#include "secureboot/efi.h"
#include "secureboot/memory.h"

struct efi_services {
	const struct efi_system_table *system;
	struct efi_boot_services *boot;
	efi_handle image;
};
extern struct efi_services efi;

/* A configuration table; NULL when there is none. */
void *efi_find_table(const struct efi_guid *guid);
/* The first protocol of that kind; NULL when there is none. */
void *efi_find_protocol(const struct efi_guid *guid);
/* Secure Boot is in force: on, and with an owner's key. */
bool efi_secure_boot(void);

/* efi_pages.c: platform.allocate and release, keeping a list of what is ours. */
enum err efi_allocate(u64 address, u64 length, u64 align, u8 **out) MUST_CHECK;
void efi_release(u8 *memory, u64 length);
/* Marks everything allocated and not released as stage memory. */
enum err efi_mark_allocations(struct memory_map *map) MUST_CHECK;

/* efi_exit.c */
/* Reads the map as it is now, to plan with. */
enum err efi_read_map(struct memory_map *out) MUST_CHECK;
/* Ends boot services and reads the map as it then is. efi_read_map must have been called before. */
enum err efi_exit(struct memory_map *out) MUST_CHECK;

/* efi_screen.c: text goes to screens only, unless there is neither screen nor serial line. */
void efi_screen_start(void);
struct framebuffer efi_framebuffer(void);

/* efi_tcg2.c */
enum err efi_tcg2_init(struct tpm *tpm) MUST_CHECK;
enum err efi_measure(u32 pcr, const struct event *event) MUST_CHECK;
/* The last use of the firmware's TPM driver: takes the log, and notes what the Final Events Table holds already. */
enum err efi_log_take(void) MUST_CHECK;
/* After efi_exit: appends what firmware measured since. */
enum err efi_log_finish(struct blob *out) MUST_CHECK;

#endif
