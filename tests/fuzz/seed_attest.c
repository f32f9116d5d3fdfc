/*
 * usage: seed_attest DIRECTORY
 * Writes evidence of a good boot, what a TPM attests, a ticket and a commit verdict, as they are accepted.
 */
#include "tests/adversarial/scene.h"
#include "tests/fuzz/seed.h"
#include "tests/unit/fleet_signer.h"

static struct scene scene;

static void seed_evidence(void)
{
	scene_init(&scene);
	seed("fuzz_evidence", "good", scene.evidence, scene.length);
	seed("fuzz_evidence", "quote", scene.quote.bytes, scene.quote.n);
	seed("fuzz_evidence", "certification", scene.nv[NV_IMAGE_FLOOR].bytes, scene.nv[NV_IMAGE_FLOOR].n);
}

static void seed_ticket(void)
{
	static const struct ticket t = { .rule = TICKET_KEEP,
		.node = { 1 },
		.sequence = 1,
		.lease = 86400,
		.guests = 4,
		.vcpus = 8,
		.memory = 1 << 30,
		.allowed_count = 2,
		.allowed = { { 1 }, { 2 } } };
	static const struct commit_verdict v = { .slot = 1, .image_floor = 3 };
	u8 leaf[LEAF_RECORD_SIZE];
	u8 ticket[TICKET_SIZE];
	u8 verdict[COMMIT_VERDICT_SIZE];

	make_leaf(FLEET_TICKET_LEAF, LEAF_TICKET, 1, leaf);
	ticket_encode(&t, leaf, ticket);
	sign_ticket(FLEET_TICKET_LEAF, ticket);
	seed("fuzz_ticket", "ticket", ticket, sizeof(ticket));
	make_leaf(FLEET_COMMIT_LEAF, LEAF_COMMIT, 1, leaf);
	verdict_encode(&v, leaf, verdict);
	sign_verdict(FLEET_COMMIT_LEAF, verdict);
	seed("fuzz_ticket", "commit", verdict, sizeof(verdict));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	directory = argv[1];
	seed_evidence();
	seed_ticket();
	return 0;
}
