/*
 * Remembers answers of the two slow pure functions, P-384 verification and SHA-384 of long content (by --wrap): the
 * same few questions come a hundred thousand times. Only the very same bytes get the same answer. Trust: test code.
 */
#include "lib/crypto/crypto.h"

#include <string.h>

enum { ANSWERS = 64, CONTENTS = 8, CONTENT_MIN = 4096, CONTENT_MAX = 128 << 10 };

struct question {
	u8 key[P384_KEY_SIZE];
	u8 digest[SHA384_SIZE];
	u8 signature[P384_SIGNATURE_SIZE];
};

static struct {
	bool used;
	struct question question;
	enum err answer;
} memo[ANSWERS];

/* The linker's names. */
enum err __real_ecdsa_p384_verify(
        const u8 key[P384_KEY_SIZE], const u8 digest[SHA384_SIZE], const u8 signature[P384_SIGNATURE_SIZE]) MUST_CHECK;
enum err __wrap_ecdsa_p384_verify(
        const u8 key[P384_KEY_SIZE], const u8 digest[SHA384_SIZE], const u8 signature[P384_SIGNATURE_SIZE]) MUST_CHECK;

enum err __wrap_ecdsa_p384_verify(
        const u8 key[P384_KEY_SIZE], const u8 digest[SHA384_SIZE], const u8 signature[P384_SIGNATURE_SIZE])
{
	static u32 next;
	struct question q;
	u32 at = 0;

	memcpy(q.key, key, sizeof(q.key));
	memcpy(q.digest, digest, sizeof(q.digest));
	memcpy(q.signature, signature, sizeof(q.signature));
	while (at < ANSWERS && (!memo[at].used || memcmp(&memo[at].question, &q, sizeof(q)) != 0))
		at++;
	if (at == ANSWERS) {
		at = next++ % ANSWERS;
		memo[at].answer = __real_ecdsa_p384_verify(key, digest, signature);
		memo[at].question = q;
		memo[at].used = true;
	}
	return memo[at].answer;
}

static struct {
	size_t length; /* 0: free */
	u8 bytes[CONTENT_MAX];
	u8 digest[SHA384_SIZE];
} contents[CONTENTS];

void __real_sha384_of(const u8 *bytes, size_t n, u8 digest[SHA384_SIZE]);
void __wrap_sha384_of(const u8 *bytes, size_t n, u8 digest[SHA384_SIZE]);

void __wrap_sha384_of(const u8 *bytes, size_t n, u8 digest[SHA384_SIZE])
{
	static u32 next;
	u32 i = 0;

	if (n < CONTENT_MIN || n > CONTENT_MAX) {
		__real_sha384_of(bytes, n, digest);
		return;
	}
	while (i < CONTENTS && (contents[i].length != n || memcmp(contents[i].bytes, bytes, n) != 0))
		i++;
	if (i == CONTENTS) {
		i = next++ % CONTENTS;
		contents[i].length = n;
		memcpy(contents[i].bytes, bytes, n);
		__real_sha384_of(bytes, n, contents[i].digest);
	}
	memcpy(digest, contents[i].digest, SHA384_SIZE);
}
