/* A conversation with the TPM. Trust: see the header. */
#include "agent/tpm/tss.h"

#include "lib/print.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

enum { BUSY_MAX = 50, PAUSE_MS = 100, FORMAT_ONE_CODE = 0x0BF, FORMAT_ZERO_CODE = 0x97F };

bool tss_says(TSS2_RC rc, TSS2_RC code)
{
	/* A layer between us and the TPM puts its number above; format one has the handle's or parameter's in between.
	 */
	if ((rc & TSS2_RC_LAYER_MASK) != TSS2_TPM_RC_LAYER)
		return false;
	return (rc & (rc & TPM2_RC_FMT1 ? FORMAT_ONE_CODE : FORMAT_ZERO_CODE)) == code;
}

bool tss_again(TSS2_RC rc, u32 *tries)
{
	static const TSS2_RC busy[] = { TPM2_RC_RETRY, TPM2_RC_YIELDED, TPM2_RC_TESTING, TPM2_RC_NV_RATE,
		TPM2_RC_NV_UNAVAILABLE };

	for (size_t i = 0; i < ARRAY_SIZE(busy) && *tries < BUSY_MAX; i++) {
		if (!tss_says(rc, busy[i]))
			continue;
		(*tries)++;
		(void)nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000L }, NULL);
		return true;
	}
	return false;
}

enum err tss_result(struct tss *t, TSS2_RC rc, const char *what)
{
	if (rc == TSS2_RC_SUCCESS)
		return OK;
	(void)format(t->why, sizeof(t->why), "%s: %s (0x%x)", what, Tss2_RC_Decode(rc), (unsigned)rc);
	return ERR_TPM_REFUSED;
}

/* Errors are ours to tell; the library's own lines would double them. The caller's setting stands. */
enum err tss_open(struct tss *t, const char *tcti)
{
	*t = (struct tss){ .tcti = NULL };
	(void)setenv("TSS2_LOG", "all+none", 0);
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &t->tcti);
	if (!rc)
		rc = Esys_Initialize(&t->esys, t->tcti, NULL);
	if (!rc)
		return OK;
	(void)format(t->why, sizeof(t->why), "TPM port %s: %s", tcti, Tss2_RC_Decode(rc));
	tss_close(t);
	return ERR_TPM_ABSENT;
}

void tss_close(struct tss *t)
{
	if (t->esys)
		Esys_Finalize(&t->esys);
	if (t->tcti)
		Tss2_TctiLdr_Finalize(&t->tcti);
}

void tss_flush(struct tss *t, ESYS_TR *handle)
{
	u32 tries = 0;
	TSS2_RC rc = TSS2_RC_SUCCESS;

	/* What stays loaded is flushed by the hypervisor when the port closes. */
	while (*handle != ESYS_TR_NONE && tss_again(rc = Esys_FlushContext(t->esys, *handle), &tries))
		;
	(void)rc;
	*handle = ESYS_TR_NONE;
}

enum err tss_find(struct tss *t, u32 handle, ESYS_TR *out)
{
	u32 tries = 0;
	TSS2_RC rc;

	*out = ESYS_TR_NONE;
	do
		rc = Esys_TR_FromTPMPublic(t->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
	while (tss_again(rc, &tries));
	if (tss_says(rc, TPM2_RC_HANDLE))
		return ERR_NV_ABSENT;
	return tss_result(t, rc, "looking for a key or an NV index");
}
