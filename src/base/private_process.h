/* A process that holds keys, and what callers say, keeps its memory to itself. Any thread, at its beginning.
 *
 * From then on it leaves no core dump, whatever the system does with them, and nobody but root may look into it (/proc/PID/mem, a
 * debugger), not even its own user. Children begin anew, but for the limit on core dumps. Source: prctl(2), PR_SET_DUMPABLE; core(5).
 */
#ifndef BASE_PRIVATE_PROCESS_H
#define BASE_PRIVATE_PROCESS_H

void private_process_begin(void);

#endif
