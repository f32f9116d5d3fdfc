/* Every table of requests. A topic adds its file, and its table here. Trust: none needed. */
#include "signetd/routes.h"

const struct route_table route_tables[] = {
	{ platform_routes, PLATFORM_ROUTES },
	{ operator_routes, OPERATOR_ROUTES },
	{ node_routes, NODE_ROUTES },
	{ fleet_routes, FLEET_ROUTES },
};

const size_t route_table_count = ARRAY_SIZE(route_tables);
