/* Child processes. Trust: the program is found in the operator's PATH and runs as the operator. */
#include "keys/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static enum err wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return ERR_TOOL;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? OK : ERR_TOOL;
}

enum err tool_run(const char *const argv[])
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ERR_NO_MEMORY;
	status = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	/* posix_spawn's argv lacks const for history's sake only. */
	if (status == 0)
		status = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return status == 0 ? wait_for(child) : ERR_TOOL;
}
