/* What a token's roles let somebody do: names, and what one includes of others. Pure; any thread.
 *
 * Every plane asks roles_of() of the claims it verified itself. Names that are none of ours say nothing.
 */
#ifndef BASE_ROLES_H
#define BASE_ROLES_H

#include <stddef.h>

struct jws_claims;

enum role {
	ROLE_VIEWER = 1,    /* sees calls, masked */
	ROLE_OPERATOR = 2,  /* makes and ends calls; viewer */
	ROLE_APPROVER = 4,  /* decides what an agent asks for; viewer */
	ROLE_AUTHOR = 8,    /* changes rule-books; viewer */
	ROLE_REVEAL = 16,   /* may see what was truly said; viewer; nobody has it by being something else */
	ROLE_ADMIN = 32,    /* settings, secrets, people of a tenant; all above but reveal */
	ROLE_HOUSE = 64,    /* tenants and routes of the whole house; no tenant's data */
	ROLE_SERVICE = 128  /* one of our own planes */
};

struct role_info {
	const char *name; /* "operator"; NULL ends the list */
	enum role role;
	unsigned int includes; /* itself too */
	const char *help;
};

extern const struct role_info role_list[];

const struct role_info *role_find(const char *name); /* or NULL */

/* All that these claims may do, as a set of enum role. */
unsigned int roles_of(const struct jws_claims *c);

#endif
