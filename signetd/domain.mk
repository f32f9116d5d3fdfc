# What the fleet server decides, apart from how it is asked: enrolment, appraisal, tickets, baselines, guests.
HOST_SRCS += $(addprefix signetd/,ek_template.c credential.c ek.c ear.c nonces.c decide.c baselines.c guest_definition.c \
	challenges.c orders.c updates.c update_judge.c update_track.c update_admin.c fleet.c fleet_live.c enrolment.c pending.c appraisal_numbers.c records.c \
	node_enroll.c node_attest.c node_poll.c node_routes.c node_admin.c appraisal_admin.c guest_admin.c baseline_admin.c baseline_diff.c image_admin.c upload_admin.c fleet_routes.c)
HOST_SRCS += $(addprefix signetd/storage_sqlite/,nodes.c appraisals.c baselines.c images.c guests.c updates.c)
