/* Running helper programs. Trust: arguments as a vector, no shell. */
#include "image/boot/tool.h"

#include <errno.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int spawn(const char *const argv[], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed)
		return failed;
	/* sbsign chats on its standard output, which is ours for results. */
	failed = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(size_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

enum err tool_run(const char *const argv[])
{
	pid_t pid;
	int status;
	int failed = spawn(argv, &pid);

	errno = failed;
	if (failed)
		return ERR_TOOL;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return ERR_TOOL;
	}
	errno = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? OK : ERR_TOOL;
}
