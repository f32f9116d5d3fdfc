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

#endif
