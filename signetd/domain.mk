# What the fleet server decides, apart from how it is asked: enrolment, appraisal, tickets, baselines, guests.
HOST_SRCS += $(addprefix signetd/,ek_template.c credential.c ek.c ear.c nonces.c decide.c guest_definition.c \
	challenges.c orders.c fleet.c fleet_live.c)
HOST_SRCS += $(addprefix signetd/storage_sqlite/,nodes.c appraisals.c baselines.c images.c guests.c)
