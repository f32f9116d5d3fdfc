/* What the files of hv/guest share: one guest. Trust: in the TCB. */
#ifndef SIGNET_HV_GUEST_STATE_H
#define SIGNET_HV_GUEST_STATE_H

#include "attest/ticket.h"
#include "hv/dev/power.h"
#include "hv/dev/rtc.h"
#include "hv/dev/uart.h"
#include "hv/dev/virtio_blk.h"
#include "hv/dev/virtio_net.h"
#include "hv/dev/virtio_rng.h"
#include "hv/guest/guest.h"
#include "hv/guest/linux.h"
#include "hv/sched/worker.h"
#include "hv/vm/vm.h"

enum { GUESTS_MAX = 16, GUEST_CONSOLE_SIZE = 65536 };

struct guest {
	struct job job; /* first: it leads to the rest */
	u32 id;
	u8 state; /* enum control_guest_state */
	bool leaving; /* nobody finds it any more */
	struct guest_changes changes;
	struct control_create shape;
	struct vm *vm;
	u64 taken; /* bytes of its memory that it has; all of it once it was started */
	struct guest_part part[CONTROL_PARTS];
	u8 digest[48];
	const char *reason; /* of CONTROL_GUEST_OFF */
	struct uart uart;
	struct rtc rtc;
	struct power power;
	struct guest_acpi acpi;
	struct virtio_rng rng;
	struct virtio_net net[CONTROL_NETS_MAX];
	struct virtio_blk disk[CONTROL_DISKS_MAX];
	u64 console_end;
	u8 console[GUEST_CONSOLE_SIZE];
};

extern const struct vm_policy guest_policy;
void guest_answer_cpuid(const struct vcpu *v, u32 leaf, u32 subleaf, struct cpuid_result *result);

/* NULL: there is none. */
struct guest *guest_find(u32 id);
/* The one with this id, or the next one. */
struct guest *guest_from(u32 id);

/* g, and all others that run or are paused. Lock held. */
struct ticket_load guest_load_with(const struct guest *g);

/* Devices of a VM that has its memory. */
enum err guest_add_devices(struct guest *g) MUST_CHECK;
void guest_remove_devices(struct guest *g);
void guest_console_put(void *guest, u8 byte);

/* In a worker job, whose turn may end between two pieces. Lock not held. */
void hash_in_pieces(const u8 *at, u64 length, u8 digest[SHA384_SIZE]);
void zero_in_pieces(u8 *at, u64 length);

#endif
