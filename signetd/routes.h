/*
 * The tables of requests by topic; each says its own length, which its file holds it to.
 * Trust: none needed.
 */
#ifndef SIGNET_SIGNETD_ROUTES_H
#define SIGNET_SIGNETD_ROUTES_H

#include "signetd/route.h"

/* Status, audit log, metrics, health: platform_routes.c. */
enum { PLATFORM_ROUTES = 4 };
extern const struct route platform_routes[PLATFORM_ROUTES];

/* Who may use the operators' listener: operator_routes.c. */
enum { OPERATOR_ROUTES = 3 };
extern const struct route operator_routes[OPERATOR_ROUTES];

/* Nodes: node_routes.c. */
enum { NODE_ROUTES = 7 };
extern const struct route node_routes[NODE_ROUTES];

/* The fleet, for operators: fleet_routes.c. */
enum { FLEET_ROUTES = 34 };
extern const struct route fleet_routes[FLEET_ROUTES];

#endif
