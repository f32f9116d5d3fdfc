# What the fleet server decides, apart from how it is asked: enrolment, appraisal, tickets, baselines, guests.
HOST_SRCS += $(addprefix signetd/,ek_template.c credential.c ek.c ear.c)
