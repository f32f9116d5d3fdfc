/*
 * What the service VM and the hypervisor say to each other on the ports `signet.control` and `signet.block`
 * (docs/control.md). Little-endian, fixed layouts, length first. Root mode trusts nothing in it: every length and
 * number is checked before it is used.
 */
#ifndef SIGNET_LIB_CONTROL_WIRE_H
#define SIGNET_LIB_CONTROL_WIRE_H

#include "lib/types.h"

#include <assert.h>

enum {
	CONTROL_VERSION = 1,
	CONTROL_REQUEST_MAX = 32768, /* bytes of a frame to the hypervisor, header included */
	CONTROL_REPLY_MAX = 4096, /* and from it: one buffer of the port */
	CONTROL_REPLY = 0x8000, /* in kind: the answer to a request */
	CONTROL_NAME_SIZE = 32, /* zero-padded, at least one zero */
	CONTROL_DISKS_MAX = 4,
	CONTROL_NETS_MAX = 2,
	CONTROL_EXITS_MAX = 32,
	CONTROL_CHALLENGE_SIZE = 32,
	CONTROL_TICKET_SIZE = 1304, /* attest/ticket.h */
	CONTROL_VERDICT_SIZE = 480, /* attest/verdict.h */
	CONTROL_WORDS_MAX = 64,
};

struct control_header {
	u32 length; /* of the whole frame */
	u16 version; /* CONTROL_VERSION or the one before */
	u16 kind; /* enum control_kind */
	u32 tag; /* the requester's; comes back in the reply; 0 in events */
	u32 status; /* 0 in requests; enum err in replies, whose body is empty unless it is OK */
};
static_assert(sizeof(struct control_header) == 16, "wire");

enum control_kind {
	CONTROL_HELLO = 1, /* -> control_hello */
	CONTROL_STATUS = 2, /* -> control_status */
	CONTROL_LOG = 3, /* control_read -> control_bytes: the measured event log (TCG) */
	CONTROL_MESSAGES = 4, /* control_read -> control_bytes: what the hypervisor said, as text */
	CONTROL_GUESTS = 5, /* control_guest_id: the first id wanted -> control_guest of that or the next one;
	                       ERR_RANGE: no more */
	CONTROL_EXITS = 6, /* control_guest_id -> control_exits */
	CONTROL_CREATE = 16, /* control_create -> control_guest_id */
	CONTROL_LOAD = 17, /* control_load */
	CONTROL_START = 18, /* control_guest_id; answered when it runs, or will not */
	CONTROL_STOP = 19, /* control_stop */
	CONTROL_DESTROY = 20, /* control_guest_id */
	CONTROL_CONSOLE_READ = 21, /* control_console_read -> control_bytes */
	CONTROL_CONSOLE_WRITE = 22, /* control_guest_id, then bytes */
	CONTROL_SLOTS = 32, /* -> control_slots */
	CONTROL_STAGE = 33, /* control_stage */
	CONTROL_HEALTHY = 34, /* the running trial is well, by the service VM's word: TRYING becomes UNCONFIRMED */
	CONTROL_PROVISION = 35, /* control_provision */
	CONTROL_POWER = 36, /* control_power */
	CONTROL_CHALLENGE = 48, /* -> CONTROL_CHALLENGE_SIZE bytes: for quote and ticket; the one before is void */
	CONTROL_TICKET = 49, /* CONTROL_TICKET_SIZE bytes; answered when it is in force, or refused */
	CONTROL_VERDICT = 50, /* CONTROL_VERDICT_SIZE bytes; answered when the TPM has it, or it is refused */
	CONTROL_WAITS = 51, /* at most CONTROL_WORDS_MAX bytes of text: what the agent waits for, for the screen */
	CONTROL_FLEET = 52, /* control_read -> control_bytes: the fleet configuration, as it was measured */
	CONTROL_ADDRESS = 53, /* the same: the address that the service VM has */
	CONTROL_CHANGED = 64, /* event: control_changed */
};

struct control_hello {
	u32 lowest, highest; /* versions understood */
};

enum control_flag {
	CONTROL_UNGATED = BIT(0), /* a development configuration lets guests start without a ticket */
	CONTROL_DEVELOPMENT = BIT(1), /* the image says so */
	CONTROL_PROVISIONED = BIT(2), /* NV state is there */
	CONTROL_NV_WRITABLE = BIT(3),
	CONTROL_DMA_PROTECTED = BIT(4), /* VT-d is in force */
	CONTROL_MEASURED_FIRMWARE = BIT(5),
	CONTROL_SECURE_BOOT = BIT(6),
	CONTROL_TICKETED = BIT(7), /* a ticket is in force */
	CONTROL_LEASE_OVER = BIT(8), /* one was: its lease is over */
	CONTROL_CHALLENGED = BIT(9), /* a challenge is open */
};

struct control_status {
	u8 session[32]; /* boot-session id */
	u8 node[32]; /* node id, zero while not provisioned */
	u8 manifest[48];
	u32 slot, reason; /* as in the hand-off */
	u32 svn, flags; /* flags: enum control_flag */
	u64 uptime; /* ns since the hypervisor started */
	u64 trial_left; /* s until an unconfirmed trial is reset; 0: none is running */
	u64 memory, memory_free; /* bytes for guests */
	u32 processors, guests;
	u32 restarts; /* of the service VM */
	u32 epoch; /* lowest of a leaf that this boot takes */
	u64 ticket_sequence; /* of the last ticket taken; 0: none in this boot */
	u64 lease_left; /* s that it is in force; 0: it is not */
	u64 challenge_age; /* s, of an open challenge */
	u32 rule; /* of the last ticket, at its lease's end: enum ticket_rule in attest/ticket.h */
	u32 dropped; /* writes of VMs to ports and device memory that came to nothing */
	char product[64], release[64], reason_text[64];
};
static_assert(sizeof(struct control_status) == 400, "wire");

struct control_read {
	u64 offset;
};
/* Then `length` bytes. offset: where they begin, which is later than asked for when older ones are gone. */
struct control_bytes {
	u64 offset, end; /* end: of what there is so far */
	u32 length, pad;
};

struct control_guest_id {
	u32 id; /* 1 and up; never used twice in a boot */
	u32 pad;
};

enum control_guest_state {
	CONTROL_GUEST_NEW, /* made, being loaded */
	CONTROL_GUEST_STARTING, /* being measured */
	CONTROL_GUEST_RUNNING,
	CONTROL_GUEST_OFF, /* ended by itself or by order; reason says how */
	CONTROL_GUEST_PAUSED,
};

struct control_guest {
	u32 id, state; /* enum control_guest_state */
	u32 vcpus, disks, nets, pad;
	u64 memory;
	u64 cpu_time; /* ns its vCPUs have had */
	u64 exits;
	u64 console_end; /* bytes it has written to its console */
	u8 digest[48]; /* launch measurement; zero before it was started */
	char name[CONTROL_NAME_SIZE];
	char reason[64]; /* why it is off */
};
static_assert(sizeof(struct control_guest) == 200, "wire");

struct control_exits {
	u32 count, pad;
	u64 exits[CONTROL_EXITS_MAX]; /* by enum exit_kind */
};

struct control_disk {
	u64 sectors; /* of 512 bytes */
	u32 read_only, pad;
};
struct control_net {
	u8 mac[6];
	u16 pad;
};
struct control_create {
	char name[CONTROL_NAME_SIZE];
	u64 memory; /* bytes, a multiple of 2 MiB */
	u32 vcpus, disks, nets, pad;
	u64 kernel, initramfs, command_line; /* bytes that will be loaded of each; the command line without a NUL */
	struct control_disk disk[CONTROL_DISKS_MAX];
	struct control_net net[CONTROL_NETS_MAX];
};
static_assert(sizeof(struct control_create) == 160, "wire");

enum control_part { CONTROL_KERNEL, CONTROL_INITRAMFS, CONTROL_COMMAND_LINE, CONTROL_PARTS };
/* Then bytes to the frame's end. Each part is loaded from its start to its end, without gaps. */
struct control_load {
	u32 id, part; /* enum control_part */
	u64 offset;
};

enum control_stop_how { CONTROL_STOP_BUTTON, CONTROL_STOP_NOW };
struct control_stop {
	u32 id, how; /* enum control_stop_how */
};

struct control_console_read {
	u32 id, pad;
	u64 offset;
};

struct control_slot {
	u8 digest[48]; /* of the manifest */
	u32 state, tries; /* update/state.h */
	u32 svn, cause; /* cause: why it is bad */
};
struct control_slots {
	u32 running, floors_known; /* 1: the floors below are in force */
	u64 image_floor, key_floor;
	struct control_slot slot[2];
};
struct control_stage {
	u32 slot, svn;
	u8 digest[48];
};
/* Fields as update/provision.h takes them. */
struct control_provision {
	u8 owner_auth[32], lockout_auth[32]; /* escrowed by the fleet before they are sent */
	u8 node[32];
	u32 image_floor, key_floor;
	u8 policy_key[64]; /* X || Y, P-256 */
};

enum control_power_how { CONTROL_REBOOT, CONTROL_POWER_OFF };
struct control_power {
	u32 how, pad;
};

enum control_change { CONTROL_CONSOLE_OUTPUT, CONTROL_STATE };
struct control_changed {
	u32 id, what; /* enum control_change */
};

/* --- signet.block: guests' disks, served by the service VM --- */

enum { BLOCK_TRANSFER_MAX = 245760, BLK_SECTOR = 512 };

/* Virtio's own numbers (1.2, section 5.2.6): the hypervisor hands on what a guest asked. */
enum blk_type { BLK_READ = 0, BLK_WRITE = 1, BLK_FLUSH = 4 };
enum blk_status { BLK_OK = 0, BLK_IO_ERROR = 1, BLK_UNSUPPORTED = 2 };

/* To the service VM; a write's data follows. */
struct block_request {
	u32 length; /* of the whole frame */
	u32 guest;
	u32 disk, tag;
	u32 type; /* enum blk_type */
	u32 bytes; /* to be read or written */
	u64 sector;
};
static_assert(sizeof(struct block_request) == 32, "wire");

/* From the service VM; a read's data follows when status is 0. */
struct block_answer {
	u32 length;
	u32 guest;
	u32 disk, tag;
	u32 status, pad; /* enum blk_status */
};
static_assert(sizeof(struct block_answer) == 24, "wire");

#endif
