#include "base/metrics.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *const types[] = { [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram" };

void metric_begin(struct buf *b, const char *name, enum metric_type type, const char *help)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

static void put_number(struct buf *b, double number)
{
	if (fabs(number) < 1e15 && number == (double)(long long)number)
		buf_printf(b, " %lld\n", (long long)number);
	else
		buf_printf(b, " %.9g\n", number);
}

static void put_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_text(b, "\\n");
		else if (*text == '"' || *text == '\\')
			buf_printf(b, "\\%c", *text);
		else
			buf_byte(b, (uint8_t)*text);
	}
}

void metric_put(struct buf *b, const char *name, const char *label, const char *value, double number)
{
	buf_text(b, name);
	if (label && value) {
		buf_printf(b, "{%s=\"", label);
		put_escaped(b, value);
		buf_text(b, "\"}");
	}
	put_number(b, number);
}

void metric_one(struct buf *b, const char *name, enum metric_type type, const char *help, double number)
{
	metric_begin(b, name, type, help);
	metric_put(b, name, NULL, NULL, number);
}

/* ---- histograms ---- */

static size_t bounds_count(const struct histogram *h)
{
	size_t n = 0;

	while (n < HISTOGRAM_BOUNDS_MAX && h->bounds_ms[n])
		n++;
	return n;
}

void histogram_init(struct histogram *h, const uint32_t *bounds_ms)
{
	*h = (struct histogram){ .bounds_ms = bounds_ms };
}

void histogram_observe(struct histogram *h, uint64_t value_us)
{
	size_t n = 0, count = bounds_count(h);

	while (n < count && value_us > (uint64_t)h->bounds_ms[n] * 1000)
		n++;
	h->counts[n]++;
	h->sum_us += value_us;
}

void histogram_put(struct buf *b, const char *name, const char *help, const struct histogram *h)
{
	size_t count = bounds_count(h);
	uint64_t below = 0;

	metric_begin(b, name, METRIC_HISTOGRAM, help);
	for (size_t n = 0; n <= count; n++) {
		below += h->counts[n];
		if (n < count)
			buf_printf(b, "%s_bucket{le=\"%g\"}", name, h->bounds_ms[n] / 1000.0);
		else
			buf_printf(b, "%s_bucket{le=\"+Inf\"}", name);
		put_number(b, (double)below);
	}
	buf_printf(b, "%s_sum", name);
	put_number(b, (double)h->sum_us / 1e6);
	buf_printf(b, "%s_count", name);
	put_number(b, (double)below);
}

/* ---- the process ---- */

/* A line "Name:   123 kB" of a file of /proc; 0: it is not there. */
static double kilobytes_of(const char *path, const char *name)
{
	FILE *f = fopen(path, "re");
	char line[200];
	double found = 0;
	size_t len = strlen(name);

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			found = strtod(line + len + 1, NULL);
	if (f)
		fclose(f);
	return found;
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count > 3 ? count - 3 : 0; /* ".", ".." and this folder */
}

/* Seconds since 1970 at which the process began: what the clock says, less how long it runs. */
static double began_s(void)
{
	FILE *f = fopen("/proc/self/stat", "re");
	struct timespec wall, up;
	char line[1024] = "", *at;
	double ticks = 0;

	if (f && fgets(line, sizeof(line), f) && (at = strrchr(line, ')'))) {
		for (int field = 2; field < 22 && at; field++)
			at = strchr(at + 1, ' ');
		ticks = at ? strtod(at, NULL) : 0;
	}
	if (f)
		fclose(f);
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return floor((double)(wall.tv_sec - up.tv_sec) + (double)(wall.tv_nsec - up.tv_nsec) / 1e9 + ticks / (double)sysconf(_SC_CLK_TCK));
}

void metrics_process(struct buf *b)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	metric_one(b, "process_cpu_seconds_total", METRIC_COUNTER, "Processor time, user and system.",
		(double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
	metric_one(b, "process_resident_memory_bytes", METRIC_GAUGE, "Memory in use, what is shared with others included.",
		kilobytes_of("/proc/self/status", "VmRSS") * 1024);
	metric_one(b, "process_proportional_memory_bytes", METRIC_GAUGE, "Memory in use, each shared page divided by those who share it.",
		kilobytes_of("/proc/self/smaps_rollup", "Pss") * 1024);
	metric_one(b, "process_open_fds", METRIC_GAUGE, "Open file descriptors.", open_files());
	metric_one(b, "process_start_time_seconds", METRIC_GAUGE, "When the process began, in seconds since 1970.", began_s());
}
