#include "base/err.h"

#include <errno.h>

static const char *const names[ERR_COUNT] = {
	[ERR_NONE] = "fine",
	[ERR_NOMEM] = "no memory",
	[ERR_USAGE] = "wrong usage",
	[ERR_FORMAT] = "bad format",
	[ERR_TRUNCATED] = "cut short",
	[ERR_CORRUPT] = "corrupt",
	[ERR_VERSION] = "unknown version",
	[ERR_LIMIT] = "over a limit",
	[ERR_NOTFOUND] = "not found",
	[ERR_EXISTS] = "exists already",
	[ERR_IO] = "input/output failed",
	[ERR_FULL] = "disk full",
	[ERR_DENIED] = "not permitted",
	[ERR_CLOSED] = "closed",
	[ERR_TIMEOUT] = "timed out",
	[ERR_BUSY] = "busy",
	[ERR_UNAVAILABLE] = "unavailable",
};

const char *err_name(enum err err)
{
	unsigned int i = (unsigned int)err;

	return i < ERR_COUNT && names[i] ? names[i] : "unknown error";
}

enum err err_from_errno(int errnum)
{
	switch (errnum) {
	case 0: return ERR_NONE;
	case ENOMEM: return ERR_NOMEM;
	case ENOENT: return ERR_NOTFOUND;
	case EEXIST: return ERR_EXISTS;
	case ENOSPC:
	case EDQUOT: return ERR_FULL;
	case EACCES:
	case EPERM:
	case EROFS: return ERR_DENIED;
	case EAGAIN:
	case EBUSY: return ERR_BUSY;
	case ETIMEDOUT: return ERR_TIMEOUT;
	case EPIPE:
	case ECONNRESET: return ERR_CLOSED;
	default: return ERR_IO;
	}
}
