/*
 * Simulated TPM NV.
 * Trust: test code.
 */
#include "tests/sim/fake_nv.h"

#include <string.h>

size_t fake_nv_size(enum nv_index index)
{
	return index <= NV_STATE_1 ? STATE_RECORD_SIZE : FLOOR_RECORD_SIZE;
}

static enum err nv_read(void *context, enum nv_index index, u8 *out, size_t size)
{
	struct fake_nv *nv = context;

	if (power_fails(nv->power, OP_NV_READ))
		power_off(nv->power);
	if (nv->fault[index])
		return nv->fault[index];
	if (!nv->written[index])
		return ERR_NV_ABSENT;
	if (size != fake_nv_size(index))
		return ERR_NV_FOREIGN;
	memcpy(out, nv->bytes[index], size);
	return OK;
}

static enum err nv_write(void *context, enum nv_index index, const u8 *bytes, size_t size)
{
	struct fake_nv *nv = context;
	bool cut;

	if (!nv->writable) {
		nv->refused++;
		return ERR_NV_POLICY;
	}
	if (nv->refuses)
		return ERR_NV_POLICY;
	if (size != fake_nv_size(index))
		return ERR_NV_FOREIGN;
	cut = power_fails(nv->power, OP_NV_WRITE);
	if (cut && nv->power->tear == TEAR_BEFORE)
		power_off(nv->power);
	nv->writes++;
	/* An index never written holds ones, of which a torn first write leaves some. */
	if (!nv->written[index])
		memset(nv->bytes[index], 0xff, sizeof(nv->bytes[index]));
	nv->written[index] = true;
	if (cut && nv->power->tear != TEAR_AFTER)
		tear_bytes(nv->power, nv->bytes[index], bytes, size);
	else
		memcpy(nv->bytes[index], bytes, size);
	if (cut)
		power_off(nv->power);
	return OK;
}

struct nv_store fake_nv_store(struct fake_nv *nv)
{
	return (struct nv_store){ .read = nv_read, .write = nv_write, .context = nv, .writable = nv->writable };
}
