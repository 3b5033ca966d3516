/* Which names `callfunnel secret set` takes: those that this program asks for, and whatever a rule-book's tools name (secret:NAME).
 *
 * A tool's secret may have any name that secret_name_ok takes but one of a vendor's: what begins as a vendor's names do ("twilio.") is one
 * of the known ones or a slip, and so is what is hardly written otherwise than one of them. Pure; any thread.
 */
#ifndef CLI_SECRET_NAMES_H
#define CLI_SECRET_NAMES_H

#include "base/err.h"

/* ERR_USAGE: nobody would ever ask for it; `detail` says so and what there is. */
enum err secret_name_judge(const char *name, struct err_detail *detail) MUST_USE;

#endif
