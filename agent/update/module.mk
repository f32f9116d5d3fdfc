# Updates, for agent and signetctl alike.
HOST_SRCS += $(addprefix agent/update/,device.c site.c source_fleet.c source_file.c update.c)
