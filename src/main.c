#include <fcntl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/main.h"

/* A closed 0, 1 or 2 would be the number of the next file or socket, and the event loop and every fprintf would meet there. What
 * stands in their place is empty to read and cannot be written, so that lost output stays a failure (cli/main.c). */
static void standard_files_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	standard_files_fill();
	return cli_main(argc, argv);
}
