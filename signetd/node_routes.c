/* What nodes ask. Trust: none needed. */
#include "signetd/node_handlers.h"
#include "signetd/routes.h"

#define NODES LISTENER_NODES
#define NONE ROLE_NONE

const struct route node_routes[NODE_ROUTES] = {
	{ METHOD_POST, NODES, "/node/v1/enroll", NONE, BODY_JSON, BOUND_JSON, false, NULL, node_enroll },
	{ METHOD_POST, NODES, "/node/v1/activate", NONE, BODY_JSON, BOUND_JSON, false, NULL, node_activate },
	{ METHOD_POST, NODES, "/node/v1/nonce", NONE, BODY_JSON, BOUND_JSON, false, NULL, node_nonce },
	{ METHOD_POST, NODES, "/node/v1/evidence", NONE, BODY_BYTES, BOUND_EVIDENCE, false, NULL, node_evidence },
	{ METHOD_POST, NODES, "/node/v1/poll", NONE, BODY_JSON, BOUND_JSON, false, NULL, node_poll },
	{ METHOD_POST, NODES, "/node/v1/report", NONE, BODY_JSON, BOUND_JSON, false, NULL, node_report },
	{ METHOD_GET, NODES, "/node/v1/blobs/{digest}", NONE, BODY_NONE, BOUND_JSON, false, NULL, node_blob },
};
