/* The slot size in GRUB's configuration. Trust: see the header. */
#include "image/boot/config.h"

#include "image/flash/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTING "\nset slot_sectors="

/* The number behind the one setting; NULL when there is none or a second. */
static char *find_number(char *text)
{
	char *line = strstr(text, SETTING);

	if (!line || strstr(line + 1, SETTING))
		return NULL;
	return line + strlen(SETTING);
}

enum err grub_config_slot_size(const struct grub_config *c, u64 *bytes)
{
	static struct grub_config copy;
	char *end;

	copy = *c;
	const char *number = find_number(copy.text);
	if (!number || *number < '1' || *number > '9')
		return ERR_ARGUMENT;
	u64 sectors = strtoull(number, &end, 10);
	if (*end != '\n' || sectors > SLOT_SIZE_MAX / SECTOR)
		return ERR_ARGUMENT;
	*bytes = sectors * SECTOR;
	return OK;
}

enum err grub_config_set_slot_size(struct grub_config *c, u64 bytes)
{
	static struct grub_config changed;
	char *number = find_number(c->text);
	u64 before;
	enum err e = grub_config_slot_size(c, &before);

	if (e || !number)
		return e ? e : ERR_ARGUMENT;
	int n = snprintf(changed.text, sizeof(changed.text), "%.*s%llu%s", (int)(number - c->text), c->text,
	        (unsigned long long)(bytes / SECTOR), strchr(number, '\n'));
	if (n >= GRUB_CONFIG_MAX)
		return ERR_RANGE;
	*c = changed;
	return OK;
}
