#include "base/private_process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* The limit alone would not do: a program that the system gives its dumps to is not held by it. */
void private_process_begin(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	(void)!setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
