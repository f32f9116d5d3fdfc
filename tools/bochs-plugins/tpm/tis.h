/*
 * A TPM's FIFO registers, seen from the device's side (TCG PC Client Platform TPM Profile 1.05, "FIFO Interface";
 * TIS 1.3): five localities, arbitration, command and response FIFO, and the hash registers of a dynamic launch.
 * Polled: no interrupts. Test bed only; pure, with the TPM itself behind struct tis_backend.
 */
#ifndef SIGNET_TOOLS_BOCHS_PLUGINS_TPM_TIS_H
#define SIGNET_TOOLS_BOCHS_PLUGINS_TPM_TIS_H

#include "lib/types.h"

enum {
	TIS_BASE = 0xFED40000,
	TIS_LOCALITIES = 5,
	TIS_PAGE = 0x1000,
	TIS_SIZE = TIS_LOCALITIES * TIS_PAGE,
	TIS_BUFFER = 4096,
	/* Bytes at a time; drivers must honour it. */
	TIS_BURST = 64,
	TIS_NO_LOCALITY = 0xFF,
};

/* Each call returns false when the TPM is gone; from then on every register reads as all ones, as if none was there. */
struct tis_backend {
	/* Carries out the command in buffer, TIS_BUFFER bytes large, and leaves the response there. *n: the length of
	 * either. */
	bool (*execute)(void *context, u8 locality, u8 *buffer, size_t *n);
	/* TPM_HASH_START, _DATA, _END. */
	bool (*hash_start)(void *context);
	bool (*hash_data)(void *context, u8 byte);
	bool (*hash_end)(void *context);
	/* Whether a dynamic launch has been seen since it was last denied. */
	bool (*established)(void *context, bool *established);
	bool (*reset_established)(void *context, u8 locality);
	void *context;
};

enum tis_state { TIS_IDLE, TIS_READY, TIS_RECEPTION, TIS_COMPLETION };

struct tis {
	struct tis_backend backend;
	bool gone;
	bool hashing;
	bool established;
	u8 active; /* locality, or TIS_NO_LOCALITY */
	u8 requests; /* one bit a locality that waits */
	u8 seized; /* one bit a locality that lost its turn to a higher one */
	enum tis_state state;
	u8 buffer[TIS_BUFFER]; /* command, then response */
	size_t filled;
	size_t taken; /* of the response */
};

/* Power-on and hardware reset. */
void tis_reset(struct tis *t, struct tis_backend backend);

/* Registers are bytes here; a wider access is its bytes in ascending order. offset < TIS_SIZE. */
u8 tis_read(struct tis *t, u32 offset);
void tis_write(struct tis *t, u32 offset, u8 value);

#endif
