/*
 * swtpm's control channel (swtpm_ioctls(3)): a big-endian command number and its arguments in one write, answered by a
 * big-endian result, zero for success. Commands and responses of the TPM go through the data channel as they are.
 * Test bed only.
 */
#include "tools/bochs-plugins/tpm/swtpm_link.h"

#include "lib/bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	CMD_INIT = 2,
	CMD_GET_ESTABLISHED = 4,
	CMD_SET_LOCALITY = 5,
	CMD_HASH_START = 6,
	CMD_HASH_DATA = 7,
	CMD_HASH_END = 8,
	CMD_RESET_ESTABLISHED = 11,
	CMD_SET_DATA_FD = 16,
};

enum { RESULT_SIZE = 4, MAX_ARGUMENTS = 8, HEADER_SIZE = 10, NO_LOCALITY = 0xFF };

static bool read_all(int fd, u8 *to, size_t n)
{
	while (n) {
		ssize_t got = read(fd, to, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

/* swtpm takes a message by one read, so it has to be one write. */
static bool write_all(int fd, const u8 *from, size_t n)
{
	return send(fd, from, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool succeeded(int control)
{
	u8 result[RESULT_SIZE];
	return read_all(control, result, sizeof(result)) && load_be32(result) == 0;
}

static bool control(const struct swtpm_link *link, u32 command, const u8 *arguments, size_t n)
{
	u8 message[4 + MAX_ARGUMENTS];
	if (n > MAX_ARGUMENTS)
		return false;
	store_be32(message, command);
	if (n)
		memcpy(message + 4, arguments, n);
	return write_all(link->control, message, 4 + n) && succeeded(link->control);
}

/* One end of a new socket pair becomes swtpm's data channel. */
static bool send_data_channel(const struct swtpm_link *link, int end)
{
	u8 message[4];
	store_be32(message, CMD_SET_DATA_FD);
	struct iovec part = { .iov_base = message, .iov_len = sizeof(message) };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} ancillary = { .bytes = { 0 } };
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(end));
	memcpy(CMSG_DATA(c), &end, sizeof(end));
	return sendmsg(link->control, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(message) && succeeded(link->control);
}

static bool open_data_channel(struct swtpm_link *link)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	bool ok = send_data_channel(link, ends[1]);
	close(ends[1]);
	link->data = ends[0];
	return ok;
}

bool swtpm_link_open(struct swtpm_link *link, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	*link = (struct swtpm_link){ .control = -1, .data = -1, .locality = NO_LOCALITY };
	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	link->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->control >= 0 && connect(link->control, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	        open_data_channel(link))
		return true;
	swtpm_link_close(link);
	return false;
}

void swtpm_link_close(struct swtpm_link *link)
{
	if (link->data >= 0)
		close(link->data);
	if (link->control >= 0)
		close(link->control);
	link->data = -1;
	link->control = -1;
}

bool swtpm_link_reset(struct swtpm_link *link)
{
	static const u8 no_flags[4];
	link->locality = NO_LOCALITY;
	return control(link, CMD_INIT, no_flags, sizeof(no_flags));
}

static bool set_locality(struct swtpm_link *link, u8 locality)
{
	if (link->locality == locality)
		return true;
	if (!control(link, CMD_SET_LOCALITY, &locality, 1))
		return false;
	link->locality = locality;
	return true;
}

static bool execute(void *context, u8 locality, u8 *buffer, size_t *n)
{
	struct swtpm_link *link = context;
	if (!set_locality(link, locality) || !write_all(link->data, buffer, *n) ||
	        !read_all(link->data, buffer, HEADER_SIZE))
		return false;
	*n = load_be32(buffer + 2);
	return *n >= HEADER_SIZE && *n <= TIS_BUFFER && read_all(link->data, buffer + HEADER_SIZE, *n - HEADER_SIZE);
}

static bool hash_start(void *context)
{
	return control(context, CMD_HASH_START, NULL, 0);
}

static bool hash_data(void *context, u8 byte)
{
	u8 arguments[5];
	store_be32(arguments, 1);
	arguments[4] = byte;
	return control(context, CMD_HASH_DATA, arguments, sizeof(arguments));
}

static bool hash_end(void *context)
{
	return control(context, CMD_HASH_END, NULL, 0);
}

static bool established(void *context, bool *established)
{
	struct swtpm_link *link = context;
	/* A byte, padded as a C compiler pads the structure that swtpm sends. */
	u8 bit[4];
	if (!control(link, CMD_GET_ESTABLISHED, NULL, 0) || !read_all(link->control, bit, sizeof(bit)))
		return false;
	*established = bit[0];
	return true;
}

static bool reset_established(void *context, u8 locality)
{
	struct swtpm_link *link = context;
	/* swtpm takes the locality from this very message, and keeps it. */
	link->locality = NO_LOCALITY;
	return control(link, CMD_RESET_ESTABLISHED, &locality, 1);
}

struct tis_backend swtpm_link_backend(struct swtpm_link *link)
{
	return (struct tis_backend){
		.execute = execute,
		.hash_start = hash_start,
		.hash_data = hash_data,
		.hash_end = hash_end,
		.established = established,
		.reset_established = reset_established,
		.context = link,
	};
}
