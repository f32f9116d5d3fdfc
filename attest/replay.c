/*
 * PCR values that follow from an event log.
 * Trust: decides for the verifier whether log and quote agree; the log is outside bytes. Pure.
 */
#include "attest/replay.h"

#include <string.h>

enum { PCR_DYNAMIC_FIRST = 17, PCR_DYNAMIC_LAST = 22, SIGNATURE_SIZE = 16 };

/* TCG_EfiStartupLocalityEvent, PFP section 10.4.5.3. */
static const u8 locality_signature[SIGNATURE_SIZE] = "StartupLocality";

static bool is_dynamic(u32 pcr)
{
	return pcr >= PCR_DYNAMIC_FIRST && pcr <= PCR_DYNAMIC_LAST;
}

static void sha384_of_two(const u8 *first, size_t n1, const u8 *second, size_t n2, u8 *digest)
{
	struct sha384 h;
	sha384_init(&h);
	sha384_update(&h, first, n1);
	sha384_update(&h, second, n2);
	sha384_final(&h, digest);
}

static const struct {
	u16 alg;
	u16 size;
	void (*hash)(const u8 *first, size_t n1, const u8 *second, size_t n2, u8 *digest);
} banks[REPLAY_BANKS] = {
	[REPLAY_SHA256] = { TPM_ALG_SHA256, SHA256_SIZE, sha256_of_two },
	[REPLAY_SHA384] = { TPM_ALG_SHA384, SHA384_SIZE, sha384_of_two },
};

void replay_init(struct replay *p, const struct log_format *format)
{
	memset(p, 0, sizeof(*p));
	for (size_t b = 0; b < REPLAY_BANKS; b++) {
		p->bank[b].present = log_has_bank(format, banks[b].alg);
		/* What they read as until a dynamic launch: all ones, so that nobody can replay into them. */
		for (u32 pcr = PCR_DYNAMIC_FIRST; pcr <= PCR_DYNAMIC_LAST; pcr++)
			memset(p->bank[b].pcr[pcr], 0xFF, banks[b].size);
	}
}

static bool is_startup_locality(const struct log_event *e)
{
	return e->type == EV_NO_ACTION && e->length >= SIGNATURE_SIZE &&
	        memcmp(e->data, locality_signature, SIGNATURE_SIZE) == 0;
}

/* PCR0 starts as the locality of TPM2_Startup, or as 4 after a hardware CRTM: TCG PC Client PTP, section 4.6. */
static enum err start_locality(struct replay *p, const struct log_event *e)
{
	if (p->locality_known || e->pcr != 0 || e->length != SIGNATURE_SIZE + 1)
		return ERR_BOOT_LOG;
	p->locality_known = true;
	u8 locality = e->data[SIGNATURE_SIZE];
	if (locality != 0 && locality != 3 && locality != 4)
		return ERR_BOOT_LOG;
	for (size_t b = 0; b < REPLAY_BANKS; b++) {
		struct replay_values *v = &p->bank[b];
		if (v->extended & BIT(0))
			return ERR_BOOT_LOG;
		v->pcr[0][banks[b].size - 1] = locality;
	}
	return OK;
}

static void extend(struct replay_values *v, size_t bank, u32 pcr, const u8 *digest)
{
	u8 *value = v->pcr[pcr];
	banks[bank].hash(value, banks[bank].size, digest, banks[bank].size, value);
	v->extended |= BIT(pcr);
}

enum err replay_event(struct replay *p, const struct log_format *format, const struct log_event *e)
{
	if (is_startup_locality(e))
		return start_locality(p, e);
	if (e->type == EV_NO_ACTION)
		return OK;
	if (e->pcr >= TPM_PCRS || is_dynamic(e->pcr))
		return ERR_BOOT_LOG;
	for (size_t b = 0; b < REPLAY_BANKS; b++) {
		u16 size;
		const u8 *digest = log_digest(format, e, banks[b].alg, &size);
		if (digest)
			extend(&p->bank[b], b, e->pcr, digest);
	}
	return OK;
}

enum err replay_log(struct replay *p, const u8 *log, size_t n)
{
	struct log_reader r;
	struct log_event event;
	enum err e = log_open(&r, log, n);
	replay_init(p, &r.format);
	while (!e && !log_at_end(&r)) {
		e = log_next(&r, &event);
		if (!e)
			e = replay_event(p, &r.format, &event);
	}
	return e;
}
