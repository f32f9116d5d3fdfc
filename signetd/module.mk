# The fleet server. Its main.c stays out of the library, so that test programs link the rest.
HOST_SRCS += $(addprefix signetd/,blobs.c body.c call.c clock.c clock_system.c journal.c route.c text.c)
HOST_SRCS += $(addprefix signetd/storage_sqlite/,sqlite.c statement.c meta.c audit.c operators.c leaves.c)
HOST_SRCS += $(addprefix signetd/,config.c certificate_time.c leaves.c operator_routes.c operators.c platform_routes.c routes.c audit.c audit_chain.c metrics.c config_table.c)
HOST_SRCS += signetd/http/range.c signetd/http/request.c signetd/http/response.c signetd/net/admission.c
-include signetd/domain.mk
