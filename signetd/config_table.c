/*
 * Every setting of signetd.ini; docs/signetd.md lists the same, held together by a unit test.
 * Trust: none needed.
 */
#include "signetd/config.h"

#include "keys/issue.h"

#include <stddef.h>

#define TO(member) offsetof(struct config, member), sizeof(((struct config *)0)->member)
#define TEXT(section, name, member, initial, help)                                                                     \
	{ section, name, SETTING_TEXT, TO(member), 0, sizeof(((struct config *)0)->member) - 1, initial, NULL, false,  \
		help }
#define FIXED(section, name, member, initial, help)                                                                    \
	{ section, name, SETTING_TEXT, TO(member), 0, sizeof(((struct config *)0)->member) - 1, initial, NULL, true,   \
		help }
#define NAMES(section, name, member, max, initial, help)                                                               \
	{ section, name, SETTING_NAMES, TO(member), 1, max, initial, NULL, false, help }
#define NUMBER(section, name, member, min, max, initial, help)                                                         \
	{ section, name, SETTING_NUMBER, TO(member), min, max, initial, NULL, false, help }
#define BYTES(section, name, member, min, max, initial, help)                                                          \
	{ section, name, SETTING_BYTES, TO(member), min, max, initial, NULL, false, help }
#define CHOICE(section, name, member, choices, initial, help)                                                          \
	{ section, name, SETTING_CHOICE, TO(member), 0, 0, initial, choices, false, help }

/* By journal_level; what nobody asks for has no name. */
static const char *const levels[] = { "", "", "", "error", "warning", "notice", "info", "debug", NULL };

static const char *const rules[] = { "keep", "pause", "stop", NULL };

const struct setting settings[] = {
	TEXT("fleet", "name", name, "fleet", "what people call the fleet"),
	FIXED("listen", "nodes", listen[LISTENER_NODES], "0.0.0.0:7443", "where agents connect"),
	FIXED("listen", "operators", listen[LISTENER_OPERATORS], "0.0.0.0:7444", "where people and schedulers connect"),
	FIXED("listen", "metrics", listen[LISTENER_METRICS], "127.0.0.1:7445", "where figures are read, without TLS"),
	NAMES("tls", "hosts", hosts, ISSUE_NAMES_MAX, "localhost,127.0.0.1",
	        "names and addresses in the server's certificate"),
	NUMBER("tls", "days", tls_days, 1, 3650, "90", "life of the server's certificate"),
	NUMBER("leaves", "days", leaf_days, 1, 3650, "30", "life of the keys for tickets, results and commits"),
	NUMBER("leaves", "operator-days", operator_days, 1, 3650, "365", "life of an operator's certificate"),
	NUMBER("leaves", "warn-days", warn_days, 1, 3650, "30", "how long before an end that nobody renews to warn"),
	NUMBER("limits", "connections", connections, 16, 65536, "4096", "open at once, on each listener"),
	NUMBER("limits", "connections-per-peer", connections_per_peer, 1, 65536, "256", "open at once of one address"),
	NUMBER("limits", "requests-per-second", requests_per_second, 1, 100000, "50", "of one address, on the average"),
	NUMBER("limits", "request-burst", request_burst, 1, 100000, "200", "of one address, at once"),
	NUMBER("limits", "handshakes-per-second", handshakes_per_second, 1, 100000, "20",
	        "of one address, on the average"),
	NUMBER("limits", "handshake-burst", handshake_burst, 1, 100000, "200", "of one address, at once"),
	NUMBER("limits", "handshakes-per-second-in-all", handshakes_per_second_in_all, 1, 100000, "200",
	        "on each listener, on the average"),
	NUMBER("limits", "handshake-burst-in-all", handshake_burst_in_all, 1, 100000, "2000",
	        "on each listener, at once"),
	BYTES("limits", "json", bound[BOUND_JSON], 1 << 12, 1 << 20, "64K", "a JSON body"),
	BYTES("limits", "evidence", bound[BOUND_EVIDENCE], 1 << 18, 1 << 22, "1331K", "evidence"),
	BYTES("limits", "image", bound[BOUND_IMAGE], 1 << 20, 1ull << 36, "4G", "an image"),
	BYTES("limits", "blob", bound[BOUND_BLOB], 1 << 20, 1ull << 36, "4G", "a guest's kernel or initramfs"),
	NUMBER("limits", "head-seconds", head_seconds, 1, 600, "10", "for a handshake, and for a request's head"),
	NUMBER("limits", "body-seconds", body_seconds, 1, 600, "60", "of silence within a body"),
	NUMBER("limits", "answer-seconds", answer_seconds, 1, 600, "60", "in which a peer takes nothing of an answer"),
	NUMBER("limits", "idle-seconds", idle_seconds, 1, 600, "120", "between two requests of a connection"),
	FIXED("tpm", "ek-authorities", ek_authorities, "",
	        "folder with the certificates of TPM makers that are trusted"),
	NUMBER("tpm", "pending", pending, 1, 100000, "256", "nodes with a certified EK that may wait at once"),
	NUMBER("tpm", "pending-uncertified", pending_uncertified, 0, 100000, "256",
	        "nodes without, that may wait at once"),
	NUMBER("tpm", "pending-per-address", pending_per_address, 1, 100000, "64", "of those, of one address"),
	FIXED("images", "anchor", anchor, "", "anchor.bin of the boot chain that the nodes run"),
	TEXT("policy", "allow-development-image", allow[ALLOW_DEVELOPMENT], "",
	        "classes that may run development images"),
	TEXT("policy", "allow-debug-image", allow[ALLOW_DEBUG], "", "classes that may run debug images"),
	TEXT("policy", "allow-bios", allow[ALLOW_BIOS], "", "classes whose firmware may measure nothing"),
	TEXT("policy", "allow-secure-boot-off", allow[ALLOW_SECURE_BOOT_OFF], "",
	        "classes that may boot without Secure Boot"),
	TEXT("policy", "allow-no-dma-protection", allow[ALLOW_NO_DMA_PROTECTION], "",
	        "classes that may run without VT-d"),
	TEXT("policy", "allow-ungated", allow[ALLOW_UNGATED], "", "classes whose guests may start without a ticket"),
	TEXT("policy", "allow-no-baseline", allow[ALLOW_NO_BASELINE], "", "classes that may have any firmware"),
	NUMBER("policy", "history", history, 2, 10000, "100", "appraisals kept of a node, with their evidence"),
	NUMBER("tickets", "lease-seconds", lease_seconds, 60, 604800, "86400", "how long a ticket lasts"),
	CHOICE("tickets", "lease-end", lease_rule, rules, "keep", "what becomes of running guests when it ends"),
	NUMBER("tickets", "guests", guests, 1, 16, "16", "that may run on a node at once"),
	NUMBER("tickets", "vcpus", vcpus, 1, 4096, "256", "of all guests of a node together"),
	BYTES("tickets", "memory", memory, 1 << 20, 1ull << 50, "4096G", "of all guests of a node together"),
	CHOICE("log", "level", log_level, levels, "info", "least important line that is logged"),
};

const size_t setting_count = ARRAY_SIZE(settings);
