/* What operators ask about the fleet. Trust: none needed. */
#include "signetd/admin.h"
#include "signetd/routes.h"

#define GET METHOD_GET, LISTENER_OPERATORS
#define POST METHOD_POST, LISTENER_OPERATORS
#define PUT METHOD_PUT, LISTENER_OPERATORS
#define DELETE METHOD_DELETE, LISTENER_OPERATORS
/* Reading; orders and decisions are audited. */
#define READ BODY_NONE, BOUND_JSON, false, NULL
#define ORDER BODY_NONE, BOUND_JSON, true, NULL
#define JSON BODY_JSON, BOUND_JSON, true, NULL

const struct route fleet_routes[FLEET_ROUTES] = {
	{ GET, "/v1/nodes", ROLE_VIEWER, READ, admin_list_nodes },
	{ GET, "/v1/nodes/{node}", ROLE_VIEWER, READ, admin_show_node },
	{ DELETE, "/v1/nodes/{node}", ROLE_APPROVER, ORDER, admin_remove },
	{ POST, "/v1/nodes/{node}/enroll", ROLE_APPROVER, JSON, admin_enroll },
	{ POST, "/v1/nodes/{node}/authority", ROLE_APPROVER, JSON, admin_authority },
	{ POST, "/v1/nodes/{node}/attest", ROLE_OPERATOR, ORDER, admin_attest },
	{ POST, "/v1/nodes/{node}/clear", ROLE_APPROVER, ORDER, admin_clear },
	{ GET, "/v1/nodes/{node}/history", ROLE_VIEWER, READ, admin_history },
	{ GET, "/v1/nodes/{node}/appraisals/{number}", ROLE_VIEWER, READ, admin_appraisal },
	{ GET, "/v1/nodes/{node}/appraisals/{number}/evidence", ROLE_VIEWER, READ, admin_evidence },
	{ GET, "/v1/nodes/{node}/result", ROLE_VIEWER, READ, admin_result },
	{ POST, "/v1/nodes/{node}/reboot", ROLE_OPERATOR, JSON, admin_reboot },
	{ GET, "/v1/nodes/{node}/logs", ROLE_VIEWER, READ, admin_logs },
	{ GET, "/v1/nodes/{node}/guests", ROLE_VIEWER, READ, admin_list_guests },
	{ POST, "/v1/nodes/{node}/guests", ROLE_OPERATOR, JSON, admin_run_guest },
	{ DELETE, "/v1/nodes/{node}/guests/{guest}", ROLE_OPERATOR, ORDER, admin_remove_guest },
	{ POST, "/v1/nodes/{node}/guests/{guest}/stop", ROLE_OPERATOR, JSON, admin_stop_guest },
	{ POST, "/v1/nodes/{node}/guests/{guest}/console", ROLE_OPERATOR, JSON, admin_console },
	{ GET, "/v1/baselines", ROLE_VIEWER, READ, admin_list_baselines },
	{ GET, "/v1/baselines/{class}", ROLE_VIEWER, READ, admin_show_baselines },
	{ POST, "/v1/baselines/{class}", ROLE_APPROVER, JSON, admin_approve_baseline },
	{ DELETE, "/v1/baselines/{class}", ROLE_APPROVER, ORDER, admin_revoke_baselines },
	/* Before the numbers, which it would be taken for. */
	{ GET, "/v1/baselines/{class}/diff", ROLE_VIEWER, READ, admin_diff_baseline },
	{ GET, "/v1/baselines/{class}/{number}", ROLE_VIEWER, READ, admin_show_baseline },
	{ DELETE, "/v1/baselines/{class}/{number}", ROLE_APPROVER, ORDER, admin_revoke_baseline },
	{ GET, "/v1/images", ROLE_VIEWER, READ, admin_list_images },
	{ PUT, "/v1/images", ROLE_OPERATOR, BODY_FILE, BOUND_IMAGE, true, NULL, admin_put_image },
	{ GET, "/v1/blobs/{digest}", ROLE_VIEWER, READ, admin_show_blob },
	{ PUT, "/v1/blobs/{digest}", ROLE_OPERATOR, BODY_FILE, BOUND_BLOB, true, NULL, admin_put_blob },
	{ GET, "/v1/updates", ROLE_VIEWER, READ, admin_list_updates },
	{ POST, "/v1/updates", ROLE_OPERATOR, JSON, admin_push_update },
	{ DELETE, "/v1/updates/{update}", ROLE_OPERATOR, ORDER, admin_cancel_update },
	{ GET, "/v1/jwks", ROLE_VIEWER, READ, admin_jwks },
	{ GET, "/.well-known/jwks.json", ROLE_VIEWER, READ, admin_jwks },
};
