#include "base/roles.h"

#include <string.h>

#include "base/jws.h"

const struct role_info role_list[] = {
	{ "viewer", ROLE_VIEWER, ROLE_VIEWER, "Sees calls, masked." },
	{ "operator", ROLE_OPERATOR, ROLE_OPERATOR | ROLE_VIEWER, "Makes and ends calls." },
	{ "approver", ROLE_APPROVER, ROLE_APPROVER | ROLE_VIEWER, "Decides what an agent asks a person for." },
	{ "author", ROLE_AUTHOR, ROLE_AUTHOR | ROLE_VIEWER, "Changes rule-books." },
	{ "reveal", ROLE_REVEAL, ROLE_REVEAL | ROLE_VIEWER, "May see what was truly said." },
	{ "admin", ROLE_ADMIN, ROLE_ADMIN | ROLE_AUTHOR | ROLE_APPROVER | ROLE_OPERATOR | ROLE_VIEWER, "All of a tenant's, but not reveal." },
	{ "house", ROLE_HOUSE, ROLE_HOUSE, "Tenants and routes; no tenant's data." },
	{ "service", ROLE_SERVICE, ROLE_SERVICE, "One of the program's own planes." },
	{ NULL, 0, 0, NULL },
};

const struct role_info *role_find(const char *name)
{
	for (const struct role_info *r = role_list; r->name; r++)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}

unsigned int roles_of(const struct jws_claims *c)
{
	unsigned int all = 0;

	for (size_t i = 0; i < c->role_count; i++) {
		const struct role_info *r = role_find(c->roles[i]);

		all |= r ? r->includes : 0;
	}
	return all;
}
